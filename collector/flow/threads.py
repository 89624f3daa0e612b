"""Threads: the same work on many items, results in order, errors raised where the results are read."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def one(_item: object) -> int:
    """Weigh every item the same."""
    return 1


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    most: int,
    weigh: Callable[[Item], int] = one,
) -> Iterator[Result]:
    """Yield the result of each item; what is begun and not yet yielded weighs `most`, or is a single item.

    One worker needs no thread. The first error ends it: what has begun is finished, nothing more is begun.
    """
    if workers == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="collector") as pool:
        begun: deque[tuple[int, Future[Result]]] = deque()
        weight = 0
        try:
            for item in items:
                added = weigh(item)
                while begun and weight + added > most:
                    done, result = begun.popleft()
                    weight -= done
                    yield result.result()
                begun.append((added, pool.submit(work, item)))
                weight += added
                del item
            while begun:
                yield begun.popleft()[1].result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
