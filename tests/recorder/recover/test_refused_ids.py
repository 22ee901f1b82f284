"""Ids that the source never answers, beside others that it does, and beside a source that is away."""

import pytest

from recorder.errors import AuthRefused, BadAnswer, Throttled, Unreachable
from recorder.records.recoveries import Counts, RecoveryKind, RecoveryStatus
from recorder.recover.troubles import ID_TRIES
from tests.recorder.recover.recovering import Desk


@pytest.fixture
def desk():
    return Desk()


def ask(desk, *ids, recovery="R-1"):
    desk.request(recovery, kind=RecoveryKind.SPECIFIC, window=None, ids=ids)


def reason_of(desk, asked):
    (item,) = [one for one in desk.items() if one.ref.key == asked]
    return item.reason


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AuthRefused("403 for this meeting", hint="Add the scope."), "auth_refused: 403 for this"),
        (Unreachable("answered 502"), "unreachable: answered 502"),
        (ValueError("odd"), "adapter_error: ValueError('odd')"),
    ],
)
def test_an_id_that_never_has_an_answer_fails_and_the_others_go_on(desk, error, told):
    desk.source.add("a")
    desk.source.refused["m-1"] = error
    ask(desk, "m-1", "session-a", *(f"none-{number}" for number in range(30)))
    desk.grant().polls(1000)
    desk.serve()
    row = desk.row()
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts == Counts(detected=32, recovered=1, gone=30, failed=1)
    assert reason_of(desk, "m-1").startswith(told)
    assert desk.source.calls.count("m-1") < 50
    assert desk.source.calls.count("session-a") == 1


def test_the_others_are_looked_for_before_the_one_without_an_answer_is_asked_again(desk):
    desk.source.refused["m-1"] = Unreachable("answered 502")
    ask(desk, "m-1", "none-1", "none-2")
    desk.grant().advance(20)
    assert desk.source.calls[:4] == ["m-1", "none-1", "none-2", "m-1"]


def test_a_single_id_fails_while_the_poller_is_served(desk):
    desk.source.refused["m-1"] = AuthRefused("403")
    ask(desk, "m-1")
    desk.grant().polls(30.0 * (ID_TRIES + 2))
    assert desk.row().status is RecoveryStatus.COMPLETED
    assert desk.stages() == {"m-1": "failed"}


def test_a_file_that_is_refused_from_end_to_end_comes_to_its_end(desk):
    ids = tuple(f"m-{number}" for number in range(45))
    desk.source.refused = dict.fromkeys(ids, AuthRefused("403"))
    ask(desk, *ids)
    desk.grant().polls(6 * 3600)
    assert desk.row().status is RecoveryStatus.COMPLETED
    assert desk.row().counts == Counts(detected=45, failed=45)


@pytest.mark.parametrize("state", ["failing", "waiting", "stopped_by_error"])
def test_no_id_fails_for_a_source_that_is_away(desk, state):
    desk.source.add("a")
    desk.source.refused = dict.fromkeys(("m-1", "session-a"), Unreachable("no answer"))
    ask(desk, "m-1", "session-a")
    desk.grant().polls(1800, state=state)
    assert desk.row().counts.failed == 0
    desk.source.refused = {}
    desk.polls(300)
    desk.serve()
    assert desk.row().counts == Counts(detected=2, recovered=1, gone=1)


def test_a_source_that_is_away_for_an_hour_stops_a_recovery_of_ids(desk):
    desk.source.refused["m-1"] = Unreachable("no answer")
    ask(desk, "m-1")
    desk.grant().polls(5000, state="failing")
    assert desk.row().status is RecoveryStatus.FAILED
    assert desk.source.calls.count("m-1") < 200, "it waits longer from try to try"


def test_patience_that_a_source_asks_for_is_no_failure_of_an_id(desk):
    desk.source.add("a")
    desk.source.find_errors = [Throttled("slow down", retry_after_s=60.0)] * 12
    ask(desk, "session-a")
    desk.grant().polls(1500)
    desk.serve()
    assert desk.row().counts == Counts(detected=1, recovered=1)


def test_answers_that_are_none_are_waited_for_longer_and_longer(desk):
    desk.source.refused["m-1"] = BadAnswer("no JSON")
    ask(desk, "m-1")
    desk.grant().advance(2)
    assert desk.source.calls.count("m-1") < ID_TRIES
    desk.advance(30)
    assert desk.stages() == {"m-1": "failed"}
    assert desk.source.calls.count("m-1") == ID_TRIES
