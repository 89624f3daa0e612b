"""`collector accounts`: however a person writes them, each is one line, and wrong ones stop nobody else."""

import pytest

from collector.sandbox.faults import Fault
from collector.sandbox.limits import TIMELINE, USERS, USERS_BY


@pytest.fixture
def sandbox(open_sandbox):
    return open_sandbox(accounts=6)


def listed(collector):
    return {int(one["account_id"]): one for one in collector.done("accounts", "list", "--json").document}


def usernames(collector):
    return {one["username"] for one in listed(collector).values()}


def test_an_account_is_a_name_an_at_name_a_url_or_an_id(collector, sandbox):
    first, second, third, fourth, fifth, sixth = sandbox.users.values()
    ended = collector.done(
        "accounts", "add", first.username, f"@{second.username.upper()}", f"https://x.com/{third.username}",
        f"twitter.com/{fourth.username}/?lang=de", str(fifth.account_id), str(sixth.account_id),
    )  # fmt: skip
    assert listed(collector).keys() == sandbox.users.keys()
    assert len(ended.stdout.splitlines()) == 6
    assert ended.stdout.splitlines()[1].startswith(f"{second.username} ({second.account_id}) is followed from ")


def test_wrong_and_unknown_ones_are_a_line_each_and_the_rest_goes_through(collector, sandbox):
    first, second, *_ = sandbox.users.values()
    ended = collector(
        "accounts", "add", first.username, "no spaces please", "name_much_too_long", "nobody_at_all", "999999999",
        f"@{second.username}",
    )  # fmt: skip
    assert ended.code == 1
    assert usernames(collector) == {first.username, second.username}
    assert [line.partition(" cannot")[0].partition(" is no")[0] for line in sorted(ended.complaints)] == [
        "collector: account '999999999'",
        "collector: account 'name_much_too_long'",
        "collector: account 'no spaces please'",
        "collector: account 'nobody_at_all'",
    ]


# F31
def test_adding_twice_pays_once_and_says_so(collector, sandbox):
    name = next(iter(sandbox.users.values())).username
    twice = collector.done("accounts", "add", name, f"@{name.upper()}")
    assert "is in the list twice" in twice.stdout
    again = collector.done("accounts", "add", name)
    assert "is followed already" in again.stdout
    assert len(listed(collector)) == 1
    assert sandbox.bill.users == 1
    assert sandbox.bill.requests[USERS_BY] == 1


def test_a_csv_file_is_followed(collector, sandbox):
    first, second, third, *_ = sandbox.users.values()
    (collector.folder / "whom.csv").write_text(
        f"note,account\n# the pier\nfirst,{first.username}\n\nsecond,@{second.username}\nthird,{third.account_id}\n"
    )
    collector.done("accounts", "import", "whom.csv")
    assert listed(collector).keys() == {first.account_id, second.account_id, third.account_id}


def test_a_csv_file_may_have_no_header_and_hold_duplicates_and_mistakes(collector, sandbox):
    first, second, *_ = sandbox.users.values()
    lines = [first.username, f"https://x.com/{first.username}", "what is this?", str(second.account_id)]
    (collector.folder / "whom.csv").write_text("\ufeff" + "\r\n".join(lines))
    ended = collector("accounts", "import", "whom.csv")
    assert ended.code == 1
    assert "'what is this?'" in ended.complaint
    assert listed(collector).keys() == {first.account_id, second.account_id}


def test_a_paused_account_is_not_asked_and_is_caught_up_after(collector, sandbox):
    first, second, *_ = sandbox.users.values()
    collector.done("accounts", "add", first.username, second.username)
    assert "is paused now" in collector.done("accounts", "pause", f"@{first.username}").stdout
    collector.done("collect")
    assert [one.path for one in sandbox.requests if "tweets" in one.path] == [f"/2/users/{second.account_id}/tweets"]
    assert listed(collector)[first.account_id]["status"] == "paused"
    collector.done("accounts", "resume", str(first.account_id))
    gaps = collector.done("gaps", "--json").document
    assert [gap["username"] for gap in gaps] == [first.username]
    collector.done("collect", "--window-start", "2026-01-01", "--window-end", "2026-01-02")
    collector.done("backfill", "--from", "2020-01-01", "--to", "2100-01-01")
    assert collector.done("gaps", "--json").document == []


def test_who_is_not_followed_can_not_be_paused(collector):
    ended = collector("accounts", "pause", "somebody", "what is this?")
    assert ended.code == 1
    assert [line.split()[2] for line in ended.complaints] == ["'somebody'", "'what"]


# F14
def test_a_rename_is_noticed_by_refresh(collector, sandbox):
    first, second, *_ = sandbox.users.values()
    collector.done("accounts", "add", first.username, second.username)
    sandbox.world.rename(first.account_id, "new_name")
    ended = collector.done("accounts", "refresh")
    assert ended.stdout == f"{first.username} is new_name now ({first.account_id})\n1 renamed\n"
    assert usernames(collector) == {"new_name", second.username}


# F14
def test_a_rename_is_noticed_when_the_account_is_added_again(collector, sandbox):
    first, second, *_ = sandbox.users.values()
    collector.done("accounts", "add", first.username)
    sandbox.world.rename(first.account_id, "new_name")
    sandbox.world.rename(second.account_id, first.username)
    ended = collector.done("accounts", "add", "new_name")
    assert f"is followed already, as {first.username}" in ended.stdout
    assert usernames(collector) == {"new_name"}
    collector.done("accounts", "add", str(second.account_id))
    assert {one: row["username"] for one, row in listed(collector).items()} == {
        first.account_id: "new_name",
        second.account_id: first.username,
    }


# F57
def test_a_usual_batch_reads_no_user(collector, sandbox):
    collector.done("accounts", "add", *(account.username for account in sandbox.users.values()))
    read = sandbox.bill.users
    collector.done("collect")
    assert (sandbox.bill.users, sandbox.bill.tweets) == (read, 360)
    assert dict(sandbox.bill.requests) == {USERS_BY: 1, TIMELINE: 6}


def test_usernames_are_read_again_when_they_are_due(collector, sandbox):
    first = next(iter(sandbox.users.values()))
    collector.done("accounts", "add", first.username)
    sandbox.world.rename(first.account_id, "new_name")
    collector.done("collect", COLLECTOR_USERNAME_CHECK="0s")
    assert usernames(collector) == {first.username}
    collector.done("collect", COLLECTOR_USERNAME_CHECK="1s")
    assert sandbox.bill.requests[USERS] <= 1
    assert usernames(collector) <= {"new_name", first.username}


# F4
def test_nothing_is_added_when_x_does_not_answer(collector, sandbox):
    sandbox.faults.add(Fault("402-credits", times=None))
    ended = collector("accounts", "add", "somebody")
    assert ended.code == 75
    assert "402" in ended.complaint
    assert listed(collector) == {}
