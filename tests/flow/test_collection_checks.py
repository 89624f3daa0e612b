"""What an operator should know of accounts, batches and money."""

from decimal import Decimal

import pytest
from rooms import NASA, Room, moment, tweet

from collector.core.errors import LogMissing
from collector.core.money import Budget, Spend
from collector.flow.collection_checks import NAMES, collection_findings, log_finding


def found(room, budget=None):
    told = collection_findings(state=room.state, clock=room.clock, worker=room.worker, budget=budget or Budget())
    return {finding.name: finding for finding in told}


def states(room, **choices):
    return {name: str(finding.state) for name, finding in found(room, **choices).items()}


def test_a_new_state_is_told_the_first_commands():
    told = found(Room())
    assert tuple(told) == NAMES
    assert told["accounts"].command == "collector accounts add nasa"
    assert told["newest batch"].command == "collector collect"
    assert "COLLECTOR_MAX_USD_PER_MONTH" in told["budget"].command


def test_a_collection_that_runs_is_fine():
    room = Room()
    room.follow(NASA, tweet(-5))
    room.collect()
    assert states(room, budget=Budget(1000, Decimal(50))) == dict.fromkeys(NAMES, "ok")
    assert "gaps 0" in found(room)["newest batch"].what


def test_accounts_of_which_none_is_active_are_a_warning():
    room = Room()
    room.follow(NASA, status="protected")
    assert found(room)["accounts"].what == "none is active: 1 protected"


def test_a_batch_that_a_worker_works_on_is_not_left_behind():
    room = Room()
    room.follow(NASA, tweet(-5))
    batch = room.plan()
    assert found(room)["open batches"].what == "1 under way, none left behind"
    room.worker.gone.add(room.worker.name)
    told = found(room)["open batches"]
    assert (told.state, told.command) == ("warning", "collector collect")
    assert batch.batch_id in told.what


def test_a_collection_that_stands_still_is_late():
    room = Room()
    room.follow(NASA, tweet(-5))
    room.collect()
    room.wait(119)
    assert states(room)["newest batch"] == "ok"
    room.wait(3)
    assert states(room)["newest batch"] == "warning"


def test_a_budget_that_is_used_up_says_until_when():
    room = Room()
    with room.state.writing() as tx:
        tx.add_spend(moment(0).date(), Spend(tweets_reserved=1000))
        tx.add_spend(moment(0).date(), Spend(tweets_reserved=-1000, tweets_settled=1000))
    told = found(room, budget=Budget(tweets_per_day=1000))["budget"]
    assert told.state == "warning"
    assert "1,000 spent of 1,000 tweets a day: it is used up" in told.what
    assert "2026-11-23T00:00:00Z" in told.why
    assert found(room, budget=Budget(tweets_per_day=2000))["budget"].state == "ok"


def test_a_state_whose_log_is_not_in_the_output_is_wrong():
    room = Room()
    assert log_finding(state=room.state, objects=room.objects).what == "no batch is sealed yet"
    room.follow(NASA, tweet(-5))
    room.collect()
    told = log_finding(state=room.state, objects=room.objects)
    assert (str(told.state), told.what) == ("ok", "seal 1, the last of this state, stands in fake://objects")
    room.objects.bodies.clear()
    with pytest.raises(LogMissing, match="seal 1, the last that this state knows, is not in fake://objects"):
        log_finding(state=room.state, objects=room.objects)
