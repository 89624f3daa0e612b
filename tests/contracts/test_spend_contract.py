"""Spend: what every state store promises of the ledger: the fake, SQLite and Postgres."""

from datetime import date, timedelta
from threading import Thread

import pytest

from collector.core.errors import StateConflict
from collector.core.money import Spend

DAY = date(2026, 11, 22)
NEXT = DAY + timedelta(days=1)
MANY = 2**40


def spent(state, since=DAY):
    with state.reading() as reader:
        return reader.spend_since(since)


def add(state, day, *counts):
    with state.writing() as writer:
        writer.add_spend(day, Spend(*counts))


def test_a_day_adds_up_and_is_read_from_a_day_on(state):
    assert spent(state) == {}
    add(state, NEXT, 100, 7, 3, 1)
    add(state, DAY, MANY)
    add(state, NEXT, -40, 40, -3, 2)
    assert spent(state) == {DAY: Spend(MANY), NEXT: Spend(60, 47, 0, 3)}
    assert list(spent(state)) == [DAY, NEXT]
    assert spent(state, NEXT) == {NEXT: Spend(60, 47, 0, 3)}
    assert spent(state, NEXT + timedelta(days=1)) == {}


def test_a_transaction_sees_what_it_has_added(state):
    with state.writing() as writer:
        writer.add_spend(DAY, Spend(100))
        writer.add_spend(DAY, Spend(-100, 30))
        assert writer.spend_since(DAY) == {DAY: Spend(0, 30)}


@pytest.mark.parametrize("change", [Spend(-101), Spend(0, -1), Spend(0, 0, -1), Spend(0, 0, 0, -1)])
def test_more_than_was_reserved_is_not_given_back(state, change):
    add(state, DAY, 100)
    for day in (DAY, NEXT):
        with pytest.raises(StateConflict), state.writing() as writer:
            writer.add_spend(day, change)
    assert spent(state) == {DAY: Spend(100)}


def test_an_error_in_the_block_spends_nothing(state):
    def reserve_and_crash(writer):
        writer.add_spend(DAY, Spend(100))
        raise KeyboardInterrupt  # F24

    with pytest.raises(KeyboardInterrupt), state.writing() as writer:
        reserve_and_crash(writer)
    assert spent(state) == {}


def test_racing_workers_who_look_before_they_reserve_never_reserve_too_much(state):  # F55
    def reserve_while_there_is_room():
        for _ in range(10):
            with state.writing() as writer:
                if writer.spend_since(DAY).get(DAY, Spend()).tweets < 17:
                    writer.add_spend(DAY, Spend(1))

    threads = [Thread(target=reserve_while_there_is_room) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spent(state) == {DAY: Spend(17)}
