"""Ceph as a store: it creates an object once, however many try, and a setting that it needs is named."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from roles import a_name, role_with, shipped_rights

from collector.core.errors import ObjectExists, ObjectMissing

pytestmark = pytest.mark.xdist_group("ceph")
KEY = "tweets/dt=2026-11-22/hour=06/live-20261122T061500Z-s00.csv"


@pytest.fixture(scope="module")
def role(ceph):
    bucket = a_name()
    return role_with(ceph, bucket, shipped_rights(bucket))


def test_of_sixteen_racing_creates_one_wins_and_its_bytes_stand(role):  # F38
    stores, start = [role.objects() for _ in range(16)], Barrier(16)

    def create(number):
        body = b"%d" % number * 10_000
        start.wait()
        try:
            stores[number].create(KEY, body)
        except ObjectExists:
            return None
        return body

    with ThreadPoolExecutor(16) as pool:
        winners = [body for body in pool.map(create, range(16)) if body is not None]
    assert winners == [role.objects().read(KEY)]


def test_a_key_that_is_hidden_by_the_shipped_rights_is_missing(role):
    with pytest.raises(ObjectMissing, match=r"seals/0000000007\.json does not exist"):
        role.objects().read("seals/0000000007.json")


# F40
def test_a_gateway_that_reads_no_trailing_checksum_is_told_with_the_setting_that_helps(working, sandbox):
    _, collector = working(shipped_rights)
    collector.environment["AWS_REQUEST_CHECKSUM_CALCULATION"] = "when_supported"
    collector.done("accounts", "add", *(account.username for account in sandbox.users.values()))
    ended = collector("collect")
    assert ended.code == 2
    assert "export AWS_REQUEST_CHECKSUM_CALCULATION=when_required" in ended.complaint
