"""The shipped policy suffices for the main job under an assumed role, and nothing of it can be taken away."""

import pytest
from documents import lessened
from main_job import collected_ids, failure_of_main_job
from roles import shipped_rights

pytestmark = pytest.mark.xdist_group("ceph")
RIGHTS = [(action, place) for action, place, _ in lessened(shipped_rights("bucket"))]
FOLDERS = ("tweets", "seals", "manifests", "raw")


def without(action, place):
    """Return the shipped rights less one, for any bucket."""
    return lambda bucket: {(one, where): left for one, where, left in lessened(shipped_rights(bucket))}[action, place]


def test_the_shipped_rights_suffice_for_the_main_job(done):
    assert done.failed is None
    assert collected_ids(done.role) == done.tweets


def test_the_main_job_puts_gets_and_lists_and_nothing_else(done):
    created = {f"PUT {folder}" for folder in (*FOLDERS, "summaries")}
    read = {f"GET {folder}" for folder in (*FOLDERS, "summaries")}
    assert done.asked == created | read | {f"LIST {folder}" for folder in FOLDERS}


def test_rights_to_each_action_on_each_folder_are_tried():
    assert len(RIGHTS) == 14
    assert {action for action, _ in RIGHTS} == {"s3:PutObject", "s3:GetObject", "s3:ListBucket"}


@pytest.mark.parametrize(("action", "place"), RIGHTS)
def test_no_right_can_be_taken_away(working, sandbox, action, place):
    role, collector = working(without(action, place))
    failed = failure_of_main_job(role, collector, sandbox)
    assert failed is not None
    assert failed.code in {1, 2}
    assert action in failed.complaint
    assert f"/{place.removesuffix('*')}" in failed.complaint
