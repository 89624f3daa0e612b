"""When a secret that is kept for some minutes is read again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes.clock import FakeClock

from collector.adapters.kept_secret import KEPT, PATIENCE, PAUSE, KeptSecret
from collector.core.errors import SecretRefused, SecretUnavailable


class Place:
    """Where a secret is kept; `reads` counts, `error` is what a read raises."""

    def __init__(self) -> None:
        self.text, self.reads, self.error = "one", 0, None

    def read(self) -> str:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.text


@pytest.fixture
def place():
    return Place()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def kept(place, clock):
    return KeptSecret(place.read, clock)


def test_nothing_is_read_before_it_is_asked_for(kept, place):
    assert place.reads == 0
    assert kept.current() == "one"


def test_it_is_read_again_after_some_minutes_and_not_before(kept, place, clock):
    kept.current()
    place.text = "two"
    clock.advance(KEPT - PAUSE)
    assert (kept.current(), place.reads) == ("one", 1)
    clock.advance(PAUSE)
    assert (kept.current(), place.reads) == ("two", 2)


def test_a_clock_that_was_set_back_keeps_no_value_for_ever(kept, place, clock):
    kept.current()
    place.text = "two"
    clock.advance(-3 * KEPT)
    assert kept.current() == "two"


def test_a_refused_value_is_read_again_at_once(kept, place):
    kept.current()
    place.text = "two"
    assert kept.renewed("one") == "two"
    assert (kept.current(), place.reads) == ("two", 2)


def test_who_was_refused_with_a_value_that_has_changed_since_gets_the_new_one_unread(kept, place, clock):
    kept.current()
    place.text = "two"
    kept.renewed("one")
    clock.advance(PAUSE)
    assert (kept.renewed("one"), place.reads) == ("two", 2)


def test_of_a_value_that_is_refused_and_stays_the_same_one_read_is_enough_for_a_while(kept, place, clock):
    kept.current()
    assert [kept.renewed("one") for _ in range(3)] == ["one"] * 3
    assert place.reads == 2
    clock.advance(PAUSE)
    kept.renewed("one")
    assert place.reads == 3


def test_threads_that_were_refused_at_once_share_one_read(kept, place):
    kept.current()
    place.text = "two"
    together = threading.Barrier(8)
    with ThreadPoolExecutor(8, initializer=together.wait) as pool:
        assert set(pool.map(kept.renewed, ["one"] * 8)) == {"two"}
    assert place.reads == 2


@pytest.mark.parametrize("error", [SecretUnavailable("away"), SecretRefused("no right")])
def test_an_old_value_that_cannot_be_read_again_is_used_on(kept, place, clock, error):
    kept.current()
    clock.advance(KEPT)
    place.error = error
    assert [kept.current(), kept.current(), place.reads] == ["one", "one", 2]
    clock.advance(PATIENCE)
    place.error, place.text = None, "two"
    assert kept.current() == "two"


def test_without_a_value_or_once_it_is_refused_the_error_is_raised(kept, place):
    place.error = SecretUnavailable("away")
    with pytest.raises(SecretUnavailable):
        kept.current()
    place.error = None
    kept.current()
    place.error = SecretUnavailable("away")
    with pytest.raises(SecretUnavailable):
        kept.renewed("one")
    place.error, place.text = None, "two"
    assert kept.renewed("one") == "two"
