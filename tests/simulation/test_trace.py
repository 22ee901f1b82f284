"""The trace of a world: what it tells, and that telling changes nothing."""

from functools import cache

from recorder.tracing.rows import TraceKind, row_text
from sim.checkers.violation import Violation
from sim.world.incident import Fault, Incident
from sim.world.world import World

BROKEN = Violation("liveness", "never archived", ("r1",))
CRASH = Incident(
    seed=3,
    minutes=2,
    faults=(
        Fault("crash", "alpha", at_s=40, for_s=20),
        Fault("cut", at_s=70, for_s=15),
    ),
)


@cache
def traced_run():
    rows = []
    return World(CRASH, note=rows.append).run(), tuple(rows)


def of(kind, *whats):
    return [row for row in traced_run()[1] if row.kind == kind and (not whats or row.what in whats)]


def test_a_trace_changes_nothing():
    assert traced_run()[0].digest == World(CRASH).run().digest


def test_two_traces_of_one_incident_are_equal_to_the_byte():
    again = []
    World(CRASH, note=again.append).run()
    assert [*map(row_text, again)] == [*map(row_text, traced_run()[1])]


def test_rows_are_numbered_in_order_and_every_cause_comes_before():
    rows = traced_run()[1]
    assert [row.number for row in rows] == [*range(1, len(rows) + 1)]
    assert all(row.cause is None or row.cause < row.number for row in rows)
    assert [row.at_ns for row in rows] == sorted(row.at_ns for row in rows)


def test_lives_and_faults_are_told_from_begin_to_end():
    lives = [(row.lane, row.what) for row in of(TraceKind.LIFE)]
    assert lives[2:] == [("alpha", "crashed"), ("alpha", "started")]
    phases = [(row.what, row.data["phase"], row.data["number"]) for row in of(TraceKind.FAULT)]
    assert phases == [
        ("crash", "begin", 1),
        ("crash", "end", 1),
        ("cut", "begin", 2),
        ("cut", "end", 2),
    ]


def test_every_frame_that_arrives_was_sent_and_none_is_both_lost_and_received():
    sent = {row.data["frame"]: row for row in of(TraceKind.SENT)}
    received = {row.data["frame"]: row for row in of(TraceKind.RECEIVED)}
    lost = {row.data["frame"] for row in of(TraceKind.LOST)}
    assert len(sent) == len(of(TraceKind.SENT))
    assert len(received) > 100
    assert not lost & set(received)
    for name, row in received.items():
        assert (row.what, row.lane, row.cause) == (
            sent[name].what,
            sent[name].to,
            sent[name].number,
        )
    assert lost <= set(sent)
    assert lost


def test_a_takeover_leads_back_to_the_death_of_the_peer():
    rows = {row.number: row for row in traced_run()[1]}
    (took,) = (row for row in of(TraceKind.ROLE, "primary") if row.lane == "beta")
    chain = [took]
    while chain[-1].cause is not None:
        chain.append(rows[chain[-1].cause])
    assert any(row.what == "crash" for row in chain)


def test_an_item_is_followed_from_its_offer_to_its_end():
    ways = {}
    for row in of(TraceKind.ITEM):
        if "key" in row.data:
            ways.setdefault(row.data["key"], []).append(row.what)
    assert len(ways) >= 5
    for way in ways.values():
        wanted = ["offered", "found", "assigned", "buffered", "archived", "done", "finished"]
        assert [what for what in dict.fromkeys(way) if what in wanted] == wanted


def test_calls_requests_and_watermarks_are_told():
    calls, requests = of(TraceKind.CALL), of(TraceKind.REQUEST)
    assert {"commit", "renew", "save_progress", "keep_state"} <= {row.what for row in calls}
    assert {"token", "list", "blob"} <= {row.what for row in requests}
    assert all(row.data["began_ns"] <= row.at_ns for row in (*calls, *requests))
    assert {row.what for row in of(TraceKind.WATERMARK)} == {"kept", "saved", "shared"}


def test_no_secret_is_in_any_row():
    text = "".join(map(row_text, traced_run()[1]))
    for secret in ("secret-of-", "Bearer", "sig=", "?sv="):
        assert secret not in text


def test_what_is_judged_at_the_end_has_no_cause_however_the_last_event_came_about(monkeypatch):
    monkeypatch.setattr("sim.world.world.check_healing", lambda *_, **__: (BROKEN,))
    rows = []
    report = World(Incident(seed=1, minutes=0.2), note=rows.append).run()
    (told,) = [row for row in rows if row.kind is TraceKind.VIOLATION]
    assert [one.violation for one in report.violations] == [BROKEN]
    assert told.cause is None
