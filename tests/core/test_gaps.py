"""Gaps and why they are there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from collector.core.accounts import Account, AccountStatus
from collector.core.batches import Batch, BatchKind, BatchStatus, Failure, Window
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.gaps import NOT_ASKED, Reasons, Wanted, gaps_of
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.ranges import IdRange

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(minutes):
    return TweetId(id_at(NOON + timedelta(minutes=minutes)))


NASA = Account(AccountId(12), "nasa", AccountStatus.ACTIVE, NOON, at(0), 0, NOON)
ESA = replace(NASA, account_id=AccountId(7), username="esa", shard=1)


def batch(kind, start, end, *reasons):
    window = Window(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))
    failures = tuple(Failure(NASA.account_id, "nasa", reason, "") for reason in reasons)
    committed = BatchStatus.COMMITTED
    return Batch("b", BatchKind(kind), window, 0, 1, "p", at(end), NOON, status=committed, failures=failures)


def covered(after, through, evidence="proven"):
    return Covered(IdRange(at(after), at(through)), Evidence(evidence), 0)


def gaps(account, rows, wanted, *batches):
    found = gaps_of(account, Coverage().add(rows), wanted, Reasons(batches))
    return [((gap.ids.after, gap.ids.through), gap.reason) for gap in found]


def test_an_account_never_fetched_is_one_gap():
    assert gaps(NASA, [], Wanted(at(30), [])) == [((at(0), at(30)), NOT_ASKED)]


def test_before_the_first_plan_nothing_is_wanted():
    assert gaps(NASA, [], Wanted(None, [])) == []
    assert gaps(NASA, [], Wanted(at(-5), [])) == []


def test_a_half_done_backfill_below_the_baseline_is_a_gap():
    wanted = Wanted(at(30), [IdRange(at(-60), at(-30))])
    rows = [covered(0, 30), covered(-40, -30)]
    assert gaps(NASA, rows, wanted) == [((at(-60), at(-40)), NOT_ASKED)]
    assert gaps(ESA, [covered(0, 30)], wanted) == [((at(-60), at(-30)), NOT_ASKED)]


def test_overlapping_wishes_are_one_gap():
    assert gaps(NASA, [], Wanted(at(30), [IdRange(at(-10), at(10))])) == [((at(-10), at(30)), NOT_ASKED)]


def test_the_reason_is_the_failure_of_the_newest_batch_that_asked():
    live = [batch("live", 15, 30, "rate_limited"), batch("live", 0, 15, "outage")]
    assert gaps(NASA, [], Wanted(at(30), []), *live) == [((at(0), at(30)), "rate_limited")]
    assert gaps(NASA, [covered(10, 30)], Wanted(at(30), []), *live[1:]) == [((at(0), at(10)), "outage")]


def test_a_backfill_is_no_reason_for_what_it_did_not_ask():
    failed = batch("backfill", 20, 30, "outage")
    rows = [covered(10, 30)]
    assert gaps(NASA, rows, Wanted(at(30), []), failed) == [((at(0), at(10)), NOT_ASKED)]
    assert gaps(NASA, [], Wanted(at(30), []), failed) == [((at(0), at(30)), "outage")]


def test_the_failure_of_another_account_is_no_reason():
    assert gaps(ESA, [], Wanted(at(30), []), batch("live", 0, 30, "outage")) == [((at(0), at(30)), NOT_ASKED)]


def test_an_unproven_range_stays_a_gap_and_says_so():  # F3
    rows = [covered(0, 10, "unproven"), covered(10, 30)]
    failed = batch("live", 0, 30, "outage")
    assert gaps(NASA, rows, Wanted(at(30), []), failed) == [((at(0), at(10)), "unproven")]


def test_an_accepted_loss_is_no_gap():
    assert gaps(NASA, [covered(0, 10, "lost"), covered(10, 30)], Wanted(at(30), [])) == []
