"""The output checked by its port alone: rights, and whether a store really refuses to create an object twice."""

import pytest
from fakes.objects import FakeObjects
from rooms import NASA, Room, nothing_written, tweet

from collector.core.errors import CreateOnlyMissing, ObjectExists, RightMissing, StoreUnavailable
from collector.flow.output_checks import NAMES, output_findings
from collector.flow.store import PROBE, PROOF


class Store(FakeObjects):
    """Refuses operations below folders, as (operation, start of a key)."""

    def __init__(self, *forbidden):
        super().__init__()
        self.forbidden = forbidden

    def create(self, key, body):
        self.check("create", key)
        super().create(key, body)

    def read(self, key):
        self.check("read", key)
        return super().read(key)

    def keys(self, prefix):
        self.check("list", prefix)
        return super().keys(prefix)

    def check(self, operation, key):
        if any(operation == other and key.startswith(start) for other, start in self.forbidden):
            raise RightMissing(operation, right=operation, place=key, hint=f"allow {operation}")


class Ignoring(Store):
    """Overwrites what stands; `created` are the keys."""

    def __init__(self):
        super().__init__()
        self.created = set()

    def create(self, key, body):
        self.created.add(key)
        self.bodies[key] = body


class Lying(Store):
    """Says that it refused, and has written."""

    def create(self, key, body):
        stood = key in self.bodies
        self.bodies[key] = body
        if stood:
            raise ObjectExists(key)


class Failing(Store):
    """Creates nothing, and says why."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def create(self, *_):
        raise self.error


def found(store):
    return {finding.name: finding for finding in output_findings(store)}


def states(store):
    return {name: str(finding.state) for name, finding in found(store).items()}


def published(store):
    for key in ("seals/0000000001.json", "tweets/dt=2026-11-22/hour=06/a.csv", "manifests/a.json"):
        store.bodies[key] = key.encode()
    return store


def test_an_empty_output_that_works_is_fine_and_says_what_could_not_be_tried():
    store = Store()
    assert states(store) == dict.fromkeys(NAMES, "ok")
    assert "seals/, tweets/, manifests/" in found(store)["output put"].what
    assert store.bodies == {PROBE: PROOF}


def test_looking_again_writes_nothing():
    store = published(Store())
    assert states(store) == dict.fromkeys(NAMES, "ok")
    before = dict(store.bodies)
    assert states(store) == dict.fromkeys(NAMES, "ok")
    assert store.bodies == before
    assert "raw/, seals/, tweets/, manifests/ can be created in" in found(store)["output put"].what


def test_the_words_say_that_nothing_needs_to_be_deleted():
    assert "no right to delete is needed" in found(Store())["output put"].what


@pytest.mark.parametrize("folder", ["raw/", "seals/", "tweets/", "manifests/"])
@pytest.mark.parametrize(
    ("operation", "name"), [("list", "output list"), ("create", "output put"), ("read", "output get")]
)
def test_each_right_that_is_missing_is_found_alone_with_its_remedy(operation, name, folder):
    store = published(Store((operation, folder)))
    told = found(store)
    is_blind = operation == "create" and folder == "raw/"
    wrong = [finding.name for finding in told.values() if finding.state == "wrong"]
    assert wrong == [name]
    assert f"may not {operation} on {folder}" in told[name].what
    assert told[name].command == f"allow {operation}"
    assert (told["create-only"].state == "not checked") == is_blind


def test_a_store_that_overwrites_is_wrong_and_no_published_object_is_touched():  # F40
    store = published(Ignoring())
    standing = dict(store.bodies)
    for _ in range(3):
        told = found(store)
        assert told["create-only"].state == "wrong"
        assert "ignores If-None-Match" in told["create-only"].what
        assert "If-None-Match" in told["create-only"].command
    assert {key: body for key, body in store.bodies.items() if key != PROBE} == standing
    assert store.created == {PROBE}


def test_a_store_that_refuses_and_writes_all_the_same_is_wrong():  # F40
    assert states(published(Lying()))["create-only"] == "wrong"


def test_a_store_that_overwrote_once_and_is_mended_is_fine():
    store = Ignoring()
    assert states(store)["create-only"] == "wrong"
    mended = Store()
    mended.bodies = store.bodies
    assert states(mended) == dict.fromkeys(NAMES, "ok")


def test_a_store_that_knows_no_conditions_is_wrong_and_its_rights_are_not_known():  # F40
    told = found(published(Failing(CreateOnlyMissing("501", hint="another store"))))
    assert (told["create-only"].state, told["create-only"].command) == ("wrong", "another store")
    assert told["output put"].state == "not checked"


def test_an_outage_while_creating_is_no_verdict_on_the_store():
    told = found(Failing(StoreUnavailable("503", hint="later")))
    assert [told[name].state for name in ("output put", "create-only", "output get")] == [
        "wrong",
        "not checked",
        "not checked",
    ]


def test_the_probe_is_no_damage_and_in_nobodys_way():
    room = Room()
    room.follow(NASA, tweet(-5))
    assert states(room.objects) == dict.fromkeys(NAMES, "ok")
    room.collect()
    with nothing_written(room):
        assert states(room.objects) == dict.fromkeys(NAMES, "ok")
    assert room.damage() == []
    room.lose_state()
    assert room.rebuild().batches == 1
    assert room.damage() == []
