"""A worker that is told who is gone."""

from datetime import timedelta


class FakeWorker:
    """Implements `Worker`; `gone` are the names of workers that are known to work no more."""

    def __init__(self, name: str = "worker", term: timedelta = timedelta(minutes=2)) -> None:
        self.name = name
        self.term = term
        self.gone: set[str] = set()

    def is_gone(self, name: str) -> bool:
        return name in self.gone
