"""The lander stores one part after the other, and takes pages in while it does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Thread

import pytest
from fakes.objects import FakeObjects
from rooms import NASA, moment

from collector.adapters.isal_gzip import IsalGzip
from collector.adapters.system_clock import SystemClock
from collector.core.errors import StoreUnavailable
from collector.core.landing import Landing
from collector.core.pages import LandedPage
from collector.flow.lander import Lander
from collector.flow.policy import Policy
from collector.flow.store import part_keys, read_part

PAGE = LandedPage(NASA, "nasa", moment(0), (), (), 1, b'{"data":[]}')
ONE_PAGE_A_PART = Policy(part_bytes=1)
BATCH = "live-20261122T061500Z-s00"


class SlowObjects(FakeObjects):
    """Holds every create back until it may go on; the first may fail."""

    def __init__(self, error=None):
        super().__init__()
        self.begun, self.may_go_on, self.error, self.at_once = Event(), Event(), error, []

    def create(self, key, body):
        self.at_once.append(key)
        self.begun.set()
        assert self.may_go_on.wait(10)
        error, self.error = self.error, None
        if error:
            raise error
        super().create(key, body)


def lander_on(objects, policy):
    return Lander(BATCH, Landing(), objects=objects, compression=IsalGzip(), clock=SystemClock(), policy=policy)


def page(number):
    return replace(PAGE, tweets=number)


def parts_of(objects):
    return [[page.tweets for page in read_part(key, objects, IsalGzip())] for key in part_keys(BATCH, objects)]


def in_a_thread(lander, number):
    thread = Thread(target=lander.land, args=(page(number),))
    thread.start()
    return thread


def test_pages_are_taken_in_while_a_part_is_stored():
    objects = SlowObjects()
    lander = lander_on(objects, Policy(part_bytes=150))
    first = Thread(target=lambda: [lander.land(page(1)), lander.land(page(2))])
    first.start()
    assert objects.begun.wait(10)
    lander.land(page(3))
    assert (lander.tweets_read, lander.landed.pages) == (6, 0)
    objects.may_go_on.set()
    first.join()
    lander.flush()
    assert parts_of(objects) == [[1, 2], [3]]
    assert lander.landed.tweets == 6


def test_a_full_part_waits_for_the_one_before_it():
    objects = SlowObjects()
    lander = lander_on(objects, ONE_PAGE_A_PART)
    first = in_a_thread(lander, 1)
    assert objects.begun.wait(10)
    second = in_a_thread(lander, 2)
    second.join(0.1)
    assert second.is_alive()
    assert len(objects.at_once) == 1
    objects.may_go_on.set()
    first.join()
    second.join()
    assert parts_of(objects) == [[1], [2]]


def test_a_part_that_could_not_be_stored_comes_before_what_came_later():
    objects = SlowObjects(StoreUnavailable("503"))
    lander = lander_on(objects, Policy(part_bytes=150))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: [lander.land(page(1)), lander.land(page(2))])
        assert objects.begun.wait(10)
        lander.land(page(3))
        objects.may_go_on.set()
        with pytest.raises(StoreUnavailable):
            first.result(10)
    assert lander.landed.pages == 0
    lander.flush()
    assert parts_of(objects) == [[1, 2, 3]]
