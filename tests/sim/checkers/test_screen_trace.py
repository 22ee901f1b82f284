"""S7 in traces: rows made by hand, each with the promise broken, and the rows of a world, whole and doctored."""

import json
from dataclasses import replace
from functools import cache

import pytest

from recorder.cli.tree import run_command
from recorder.tracing.rows import TraceHeader, TraceKind, TraceRow, header_text, row_text
from sim.checkers.trace import judge_trace
from sim.world.incident import Fault, Incident, Screens, Workload
from sim.world.trace import world_header
from sim.world.world import World

AGENT = "dyn/anna"
US = 1_000_000
PART = {"part": "p1", "stream": "s1", "agents": [AGENT], "error_us": 500}


def legs(*told):
    """Legs: (from, to, verdict, masks), in seconds."""
    made = [
        {
            "call": f"c{number}",
            "from_us": from_s * US,
            "to_us": None if to_s is None else to_s * US,
            "verdict": verdict,
            "masks": [[a * US, None if b is None else b * US] for a, b in masks],
        }
        for number, (from_s, to_s, verdict, *more) in enumerate(told)
        for masks in [more[0] if more else ()]
    ]
    return ("legs", {"agent": AGENT, "legs": made})


def sealed(*runs, what="sealed", **more):
    spans = [[a * US, b * US] for a, b in runs]
    return (what, {**PART, "runs": spans, "began_us": runs[0][0] * US, "frames": 9, **more})


def archived(part="p1"):
    return ("archived", {**PART, "part": part})


def deleted(part="p1"):
    return ("deleted", {"part": part})


def desktop(stream="", connection="c-1"):
    return ("desktop", {"connection": connection, "agents": [AGENT], "stream": stream})


def order(what, connection="c-1"):
    return (what, {"connection": connection})


def judged(*entries, until_s=None, awake=True):
    """Entries (instant in seconds, (what, data)); in between the node writes a row each second."""
    told = [(at_s, "a", TraceKind.SCREEN, *entry) for at_s, entry in entries]
    last_s = until_s or max(at_s for at_s, *_ in told)
    if awake:
        told += [(s + 0.5, "a", TraceKind.CALL, "renew", {"outcome": "ok"}) for s in range(int(last_s) + 1)]  # fmt: skip
    told.sort(key=lambda one: one[0])
    rows = [TraceRow(0, 0, "a", TraceKind.LIFE, "started")]
    rows += [
        TraceRow(number, round(at_s * 1e9), lane, kind, what, data=data)
        for number, (at_s, lane, kind, what, data) in enumerate(told, 1)
    ]
    return [one.violation.what for one in judge_trace([(TraceHeader("a", "test", 0), rows)])]


def test_an_answered_call_that_is_archived_is_good():
    story = (
        (0, desktop()), (1, legs((1, None, "undecided"))), (1.1, order("start")), (1.2, order("stream")),
        (4, legs((1, None, "kept"))), (30, legs((1, 30, "kept"))), (30.1, order("stop")), (30.2, sealed((2, 30))),
        (30.3, archived()), (30.4, deleted()),
    )  # fmt: skip
    assert judged(*story, until_s=300) == []


REFUSED = (1, legs((0, 20, "deleted")))
KEPT = (1, legs((0, 20, "kept")))


@pytest.mark.parametrize(
    ("story", "what"),
    [
        ((REFUSED, (21, sealed((0, 20))), (22, archived())), "not answered is archived"),
        ((REFUSED, (21, sealed((0, 20))), (60, REFUSED[1])), "in the call buffer"),
        ((KEPT, (21, sealed((0, 20))), (22, deleted())), "answered call is deleted"),
        (((2, ("first", {**PART, "at_us": 0})), (3, ("kept", PART)), (4, sealed((0, 3))), (5, deleted())), "marked as kept"),
        (((1, legs((0, 30, "kept", [(10, 20)]))), (31, sealed((0, 30))), (32, archived())), "masked screen is archived"),
        (((31, sealed((0, 30), what="found")), (32, legs((0, 30, "kept", [(10, 20)]))), (32, archived()), (200, deleted("p9"))), "stays in the archive"),
        ((KEPT, (20, legs((0, 20, "kept"))), (60, sealed((0, 60)))), "without a call was recorded"),
        (((0, desktop()), (1, legs((1, None, "kept"))), (8, KEPT[1])), "did not tell a desktop to record"),
        (((0, desktop("s1")), (1, legs((1, None, "kept", [(1, None)]))), (8, KEPT[1])), "to cover its screen"),
    ],
)  # fmt: skip
def test_each_break_of_the_promise_is_told(story, what):
    (told,) = judged(*story)
    assert what in told


@pytest.mark.parametrize(
    "story",
    [
        # An agent nobody spoke of, and a part nobody knows.
        ((21, sealed((0, 20))), (22, archived())),
        ((1, deleted("p9")),),
        # Undecided: a contact may have asked for it.
        ((1, legs((0, 20, "undecided"))), (21, sealed((0, 20))), (22, archived())),
        # Believed to be answered, once.
        (KEPT, (2, sealed((0, 1))), (3, REFUSED[1]), (4, archived())),
        # Marked by an earlier life.
        (REFUSED, (2, sealed((0, 20), what="found", kept=True)), (3, archived())),
        # Nothing of the mask is in it.
        ((1, legs((0, 30, "kept", [(10, 20)]))), (31, sealed((0, 9), (21, 30))), (32, archived())),
        # Rewritten without the mask, and then deleted.
        (
            (31, sealed((0, 30))), (32, legs((0, 30, "kept", [(10, 20)]))),
            (33, sealed((0, 9), what="copied", part="p2", of="p1")), (34, deleted()), (35, archived("p2")),
        ),
        # The mask came later, and the part was replaced.
        (
            (31, sealed((0, 30))), (32, archived()), (33, legs((0, 30, "kept", [(10, 20)]))),
            (40, ("forgotten", {"part": "p1"})), (300, REFUSED[1]),
        ),
        # A clock that nobody could ask.
        (REFUSED, (21, sealed((0, 20), error_us=60 * US)), (22, archived())),
        # Told late that the call is over.
        ((20, legs((0, None, "kept"))), (55, legs((0, 20, "kept"))), (60, sealed((0, 56)))),
        # A desktop that streams need not be told, one that is gone cannot be.
        ((0, desktop("s1")), (1, legs((1, None, "kept"))), (9, order("gone"))),
        ((0, desktop()), (1, legs((1, None, "kept"))), (2, order("gone")), (9, KEPT[1])),
        # The older of two desktops.
        ((0, desktop()), (0.1, desktop("s1", "c-2")), (1, legs((1, None, "kept"))), (9, KEPT[1])),
    ],
)  # fmt: skip
def test_what_a_trace_does_not_show_is_not_held_against_the_node(story):
    assert judged(*story) == []


def test_a_node_that_was_stopped_is_not_late():
    story = ((0, desktop()), (1, legs((1, None, "kept"))), (30, KEPT[1]))
    assert judged(*story, awake=False) == []


# -- the rows of a world, written as a node writes them ----

INCIDENT = Incident(
    seed=5,
    minutes=1.0,
    faults=(Fault("crash", "alpha", at_s=30, for_s=15),),
    workload=Workload(calls_per_minute=0.5),
    screens=Screens(agents=2, masks=0.6, not_responding=0.4),
)


@cache
def rows_of_world():
    rows = []
    assert World(INCIDENT, note=rows.append).run().good
    return tuple(rows)


def judge_rows(rows):
    return {one.violation.what for one in judge_trace([(world_header(INCIDENT), rows)])}


def test_the_trace_of_a_good_world_tells_what_was_heard_ordered_written_and_archived():
    rows = rows_of_world()
    told = {row.what for row in rows if row.kind == TraceKind.SCREEN}
    assert told >= {
        *("legs", "desktop", "stream", "ended", "start", "stop", "mask", "unmask"),
        *("first", "sealed", "kept", "deleted", "archived"),
    }
    heard = {row.what for row in rows if row.kind == TraceKind.AGENT}
    assert heard >= {"ringing", "connected", "available", "mask"}
    assert not judge_rows(rows)


def test_a_world_is_the_same_with_and_without_a_trace_of_its_screens():
    rows = []
    assert World(INCIDENT, note=rows.append).run().digest == World(INCIDENT).run().digest
    assert [*map(row_text, rows)] == [*map(row_text, rows_of_world())]


def doctored(changes):
    """The same trace with rows of some kinds changed; None leaves one out."""
    for row in rows_of_world():
        change = changes.get(row.what) if row.kind == TraceKind.SCREEN else None
        data = row.data if change is None else change(json.loads(json.dumps(row.data)))
        if data is not None:
            yield replace(row, data=data)


def all_refused(data):
    return {**data, "legs": [{**leg, "verdict": "deleted"} for leg in data["legs"]]}


def masked_all_along(data):
    return {**data, "legs": [{**leg, "masks": [[leg["from_us"], leg["to_us"]]]} for leg in data["legs"]]}  # fmt: skip


def unmarked(data):
    return {**data, "kept": False}


def nothing(_):
    return None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"legs": masked_all_along}, "a masked screen is archived"),
        ({"archived": nothing}, "a screen that was marked as kept is deleted"),
        ({"start": nothing, "stream": nothing}, "did not tell a desktop to record"),
        ({"mask": nothing}, "did not tell a desktop to cover its screen"),
        (
            {"legs": all_refused, "kept": nothing, "sealed": unmarked, "found": unmarked},
            "not answered is archived",
        ),
    ],
)
def test_a_doctored_trace_fails(changes, says):
    told = judge_rows(tuple(doctored(changes)))
    assert any(says in one for one in told), told


def test_the_command_judges_screens_and_tells_the_history(tmp_path, capsys):
    path = tmp_path / "bad.trace"
    rows = doctored({"archived": nothing})
    path.write_text(header_text(world_header(INCIDENT)) + "".join(map(row_text, rows)))
    assert run_command(["sim", "check", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["violations"]
    assert {one["promise"] for one in found} == {"screen_follows_agent"}
    assert any("screen kept" in line for line in found[0]["history"])
