"""`collector doctor` under an assumed role: all is well with the shipped rights, and each that is gone it names."""

import pytest
from documents import lessened
from roles import grant, shipped_rights

pytestmark = pytest.mark.xdist_group("ceph")
FINDINGS = {"s3:PutObject": "output put", "s3:GetObject": "output get", "s3:ListBucket": "output list"}
RIGHTS = [(action, place) for action, place, _ in lessened(shipped_rights("bucket")) if "summaries" not in place]
"""The doctor asks nothing of `summaries/`, where an example writes."""


@pytest.fixture
def changing(done):
    """Give the role that has done the main job other rights, until the end of the test."""
    yield lambda rights: grant(done.role, rights)
    grant(done.role, shipped_rights(done.role.bucket))


def findings_of(ended, state):
    return {one["name"]: one for one in ended.document["findings"] if one["state"] == state}


def test_with_the_shipped_rights_nothing_is_wrong(done):
    ended = done.collector("doctor", "--json")
    assert ended.code == 0
    assert findings_of(ended, "wrong") == findings_of(ended, "warning") == {}
    assert {*FINDINGS.values(), "output", "create-only"} <= findings_of(ended, "ok").keys()


@pytest.mark.parametrize(("action", "place"), RIGHTS)
def test_a_right_that_is_gone_is_named_with_its_place(done, changing, action, place):
    left = {(one, where): rights for one, where, rights in lessened(shipped_rights(done.role.bucket))}
    changing(left[action, place])
    ended = done.collector("doctor", "--json")
    assert ended.code == 1
    ((name, finding),) = findings_of(ended, "wrong").items()
    assert name == FINDINGS[action]
    assert f"{action} on s3://{done.role.bucket}/{place.removesuffix('*')}" in finding["what"]
    assert f'"Action": "{action}"' in finding["command"]


def test_without_any_right_each_is_named(done, changing):
    changing(shipped_rights("another-bucket"))
    ended = done.collector("doctor")
    assert ended.code == 1
    assert [action for action in FINDINGS if f"the credentials may not {action}" not in ended.stdout] == []


def test_the_doctor_itself_needs_no_other_right(done):
    done.collector("doctor")
    asked = {request.split()[0] for request in done.role.ceph.asked_by_machine(done.role.bucket)}
    assert asked == {"PUT", "GET", "LIST"}
