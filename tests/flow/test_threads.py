"""Work on many items: results in order, little begun at a time, the first error ends it."""

from threading import Barrier, Lock

import pytest

from collector.flow.threads import in_order


@pytest.mark.parametrize("workers", [1, 4])
def test_results_come_in_the_order_of_the_items(workers):
    assert list(in_order(lambda item: item * 2, range(50), workers=workers, most=7)) == [2 * item for item in range(50)]


def test_workers_work_at_the_same_time():
    together = Barrier(3, timeout=10)
    assert len(list(in_order(lambda _: together.wait(), range(3), workers=3, most=3))) == 3


@pytest.mark.parametrize(("most", "weight", "expected"), [(6, 2, 3), (6, 5, 1), (6, 9, 1)])
def test_what_is_begun_weighs_so_much_or_is_a_single_item(most, weight, expected):
    lock, begun, taken = Lock(), [0], []

    def items():
        for item in range(20):
            with lock:
                begun[0] += 1
                taken.append(begun[0])
            yield item

    for _ in in_order(lambda item: item, items(), workers=4, most=most, weigh=lambda _: weight):
        with lock:
            begun[0] -= 1
    # The item that waits for its place has been taken, but not begun.
    assert max(taken) == expected + 1


@pytest.mark.parametrize("workers", [1, 4])
def test_the_first_error_ends_it(workers):
    done = []

    def work(item):
        if item == 3:
            message = "three"
            raise ValueError(message)
        done.append(item)
        return item

    results = in_order(work, range(1000), workers=workers, most=5)
    with pytest.raises(ValueError, match="three"):
        list(results)
    assert {0, 1, 2} <= set(done)
    assert len(done) < 20
