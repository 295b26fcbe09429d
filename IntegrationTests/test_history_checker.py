"""The checker of histories notices what it is there for."""

from __future__ import annotations

from dataclasses import replace

from history_checker import Call, Outcome, State, Version, commit_code, problems


def calls_in_a_row(count: int) -> tuple[list[Call], list[Version]]:
    """Calls one after the other, and the history that they make."""
    calls, history, state, parent = [], [], State(), None
    for number in range(1, count + 1):
        id, version = 100 + number, f"v{number}"
        state = state.after(id)
        calls.append(Call(id, Outcome.COMMITTED, number * 10, number * 10 + 5, state, version))
        history.append(Version.of({"version": version, "parent": parent, "code": commit_code(id)}))
        parent = version
    return calls, history


def test_what_can_be_explained():
    calls, history = calls_in_a_row(5)
    seen = calls[1].seen
    calls.append(Call(900, Outcome.READ, 26, 29, seen))
    calls.append(Call(901, Outcome.REFUSED, 0, 99))
    calls.append(Call(902, Outcome.UNKNOWN, 0, 99))
    assert problems(calls, history) == []
    # One that was not answered is in the history all the same.
    calls[2] = replace(calls[2], outcome=Outcome.UNKNOWN, seen=None, version=None)
    assert problems(calls, history) == []


def test_a_lost_run():
    calls, history = calls_in_a_row(5)
    assert problems(calls, history[:4]) != []
    assert problems(calls[:4], history[:4]) == []


def test_a_heap_that_is_not_there():
    calls, _ = calls_in_a_row(2)
    assert len(problems(calls, [])) == 2
    assert problems([replace(call, outcome=Outcome.UNKNOWN) for call in calls], []) == []


def test_a_run_that_is_there_twice():
    calls, history = calls_in_a_row(3)
    history.append(Version("v4", "v3", calls[0].id))
    assert problems(calls, history) != []


def test_a_run_that_was_refused_and_is_there():
    calls, history = calls_in_a_row(3)
    calls[2] = replace(calls[2], outcome=Outcome.REFUSED)
    assert problems(calls, history) != []


def test_a_run_that_nobody_asked_for():
    calls, history = calls_in_a_row(3)
    assert problems(calls[:2], history) != []


def test_a_result_of_an_old_head():
    calls, history = calls_in_a_row(3)
    calls[2] = replace(calls[2], seen=State().after(calls[2].id))
    assert problems(calls, history) != []


def test_a_read_of_what_never_was():
    calls, history = calls_in_a_row(3)
    calls.append(Call(900, Outcome.READ, 90, 91, State(3, 1)))
    assert problems(calls, history) != []


def test_a_read_of_the_past():
    calls, history = calls_in_a_row(3)
    calls.append(Call(900, Outcome.READ, 90, 91, calls[1].seen))
    assert problems(calls, history) != []
    calls[-1] = replace(calls[-1], seen=calls[2].seen)
    assert problems(calls, history) == []


def test_two_reads_that_go_back():
    calls, history = calls_in_a_row(3)
    calls[2] = replace(calls[2], ended=99)
    calls.append(Call(900, Outcome.READ, 40, 41, calls[2].seen))
    calls.append(Call(901, Outcome.READ, 50, 51, calls[1].seen))
    assert problems(calls, history) != []


def test_an_order_that_time_contradicts():
    calls, history = calls_in_a_row(3)
    calls[2] = replace(calls[2], began=1, ended=2)
    assert problems(calls, history) != []


def test_a_broken_chain():
    calls, history = calls_in_a_row(3)
    history[2] = replace(history[2], parent="v1")
    assert problems(calls, history) != []
