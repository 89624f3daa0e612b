"""Accounts as people write them, and the shards they fall into."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.accounts import Account, AccountStatus, account_reference, shard_of
from collector.core.errors import ConfigError
from collector.core.ids import AccountId, TweetId

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
NASA = Account(AccountId(12), "nasa", AccountStatus.ACTIVE, MOMENT, TweetId(0), 0, MOMENT)
usernames = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,14}", fullmatch=True)


@laws
@given(usernames, st.sampled_from(["{}", "@{}", "https://x.com/{}", "http://www.twitter.com/{}/", "x.com/{}?s=20"]))
def test_a_username_may_be_written_bare_with_an_at_or_as_a_url(username, form):
    assert account_reference(f" {form.format(username)} ") == username


@laws
@given(st.integers(0, 10**19 - 1))
def test_digits_are_an_id_and_with_an_at_a_username(number):  # F23
    assert account_reference(str(number)) == number
    if len(str(number)) <= 15:
        assert account_reference(f"@{number}") == str(number)


@pytest.mark.parametrize(
    "text", ["", "@", "na sa", "a" * 16, "@@nasa", "https://x.com/", "https://x.org/nasa", "1" * 20, "nasa;", "näsa"]
)
def test_what_is_no_account_is_named(text):
    with pytest.raises(ConfigError, match="is no username") as caught:
        account_reference(text)
    assert repr(text) in str(caught.value)


@laws
@given(st.integers(1, 2**63 - 1), st.integers(1, 64))
def test_an_account_always_falls_into_the_same_shard(account_id, shards):
    assert shard_of(AccountId(account_id), shards) == shard_of(AccountId(account_id), shards) < shards
    assert shard_of(AccountId(account_id), 1) == 0


@pytest.mark.parametrize("step", [1, 1 << 22, 1000])
def test_shards_hold_about_equally_many_accounts_whatever_the_ids_have_in_common(step):
    sizes = Counter(shard_of(AccountId(10**6 + number * step), 8) for number in range(8000))
    assert len(sizes) == 8
    assert all(700 < size < 1300 for size in sizes.values())


@pytest.mark.parametrize("status", AccountStatus)
def test_only_a_paused_account_is_not_asked_for(status):
    assert replace(NASA, status=status).is_wanted is (status is not AccountStatus.PAUSED)
