"""systemd's unit files, read as far as the tests ask."""

from collections.abc import Iterator


def values(text: str, name: str) -> list[str]:
    """Return what a unit says to one of its settings, in order."""
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{name}=")]


def programs(units: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield every line by which a unit starts something, with the unit's name."""
    for unit, text in units.items():
        for line in values(text, "ExecStart") + values(text, "ExecCondition"):
            yield unit, line
