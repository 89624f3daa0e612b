"""The worker of this machine: named by host and pid, and gone when the process is."""

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest

from collector.adapters import system_worker
from collector.adapters.system_worker import TERM, SystemWorker

HOST = socket.gethostname()


def test_a_process_is_named_by_its_host_and_its_pid():
    worker = SystemWorker()
    assert (worker.name, worker.term) == (f"{HOST}:{os.getpid()}", TERM)


def test_a_name_and_a_term_of_ones_own():
    worker = SystemWorker("airflow:run-1", timedelta(minutes=30))
    assert (worker.name, worker.term) == ("airflow:run-1", timedelta(minutes=30))


def test_a_process_of_this_host_is_gone_when_it_has_ended():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{HOST}:{process.pid}"
    assert not SystemWorker().is_gone(name)
    process.communicate()
    assert SystemWorker().is_gone(name)


@pytest.mark.parametrize("name", ["elsewhere:1", "airflow", f"{HOST}", f"{HOST}:", f"{HOST}:-1", f"{HOST}:x", "", "12"])
def test_of_any_other_name_nothing_is_known(name):
    assert not SystemWorker().is_gone(name)


def test_a_number_that_no_process_can_have_is_gone():
    assert SystemWorker().is_gone(f"{HOST}:{10**30}")


def test_a_process_of_another_user_runs(monkeypatch):
    def refuse(_pid, _signal):
        raise PermissionError

    monkeypatch.setattr(system_worker.os, "kill", refuse)
    assert not SystemWorker().is_gone(f"{HOST}:1")
