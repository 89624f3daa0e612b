"""One Ceph for the rights, where there is one; a small X; and the collectors that work under a role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from absent import not_checked
from ceph_server import Ceph, absent_programs, running_ceph
from collector_process import Collector, Ended, WarmStarter, warm_starter
from documents import Document
from evaluator import Evaluator, evaluator_is_absent, running_evaluator
from main_job import failure_of_main_job, tweet_ids
from roles import Role, a_name, role_with, shipped_rights

from collector.sandbox import Sandbox

__all__ = ["warm_starter"]

collect_ignore_glob: list[str] = []

if absent_programs():
    not_checked(
        "that the collector's rights on S3 suffice, that it needs each, and that all else is refused",
        "install Ceph (Debian: apt-get install ceph-mon ceph-osd radosgw ceph-common)",
    )
    collect_ignore_glob.append("*_on_ceph.py")

if evaluator_is_absent():
    not_checked(
        "that the policies allow and deny by IAM's own rules what they should, conditional writes and TLS among it",
        "install Node 20 or newer with npm, then run make evaluator",
    )
    collect_ignore_glob.append("*_by_iam.py")


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Evaluator]:
    with running_evaluator() as running:
        yield running


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    with running_ceph() as server:
        yield server


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Two accounts with a handful of tweets of the last eight hours."""
    with Sandbox(accounts=2, tweets=12, history=timedelta(hours=8)) as opened:
        yield opened


@pytest.fixture(scope="session")
def working(ceph: Ceph, sandbox: Sandbox, warm_starter: WarmStarter, tmp_path_factory) -> Callable[..., Any]:
    """Set up a role with rights, a function of the bucket's name, and a collector that works under it."""

    def set_up(rights: Callable[[str], Document]) -> tuple[Role, Collector]:
        bucket = a_name()
        role = role_with(ceph, bucket, rights(bucket))
        return role, role.collector(tmp_path_factory.mktemp("collector"), warm_starter, sandbox)

    return set_up


@dataclass(frozen=True, slots=True)
class Done:
    """The shipped role after the main job: the command that failed, if any; what S3 was asked; all tweets of X."""

    role: Role
    collector: Collector
    failed: Ended | None
    asked: set[str]
    tweets: list[int]


@pytest.fixture(scope="session")
def done(ceph: Ceph, working: Callable[..., Any], sandbox: Sandbox) -> Done:
    role, collector = working(shipped_rights)
    failed = failure_of_main_job(role, collector, sandbox)
    return Done(role, collector, failed, ceph.asked_by_machine(role.bucket), tweet_ids(sandbox))
