import json
from dataclasses import replace

import pytest

from sim.checkers.liveness import Disruption
from sim.truth import from_json, to_json
from sim.verdict import Run, judge
from tests.sim.checkers.data import NODES, DataCenter, offered, polls, reign


@pytest.fixture
def run():
    truth = [offered(number) for number in range(4)]
    center = DataCenter(truth)
    center.history.append(reign("b", 2))
    return Run(
        truth=truth,
        contents=center.read(),
        polls=polls(("client-a", 0), ("client-b", 11.25)),
        nodes=NODES,
        disruptions=[Disruption("death", "a", 10_000_000_000)],
    )


def test_a_good_run_has_a_good_verdict_with_its_figures(run):
    verdict = judge(run)
    assert verdict.good
    figures = verdict.as_dict()
    names = ("offered", "archived", "lost", "duplicates", "takeover_ms")
    assert [figures[name] for name in names] == [4, 4, 0, 0, 1250.0]
    assert figures["bytes_verified"] == sum(item.size_bytes for item in run.truth)
    assert json.loads(json.dumps(figures))["good"] is True


def test_the_text_names_what_was_broken(run):
    truth = [*run.truth, offered(9)]
    verdict = judge(replace(run, truth=truth))
    assert not verdict.good
    assert verdict.lost == 1
    assert "BROKEN  nothing_lost: offered, and unknown to the Data Center (r9)" in verdict.as_text()
    assert verdict.as_text().endswith("BAD")


def test_every_promise_is_looked_at(run):
    history = (reign("a", 1), reign("b", 1), reign("a", 1))
    contents = replace(
        run.contents,
        history=history,
        items=(*run.contents.items[1:], run.contents.items[1]),
        objects=run.contents.objects[1:],
    )
    late = replace(run, contents=contents, polls=polls(("client-a", 0), ("client-b", 99)))
    promises = {violation.promise for violation in judge(late).violations}
    assert promises == {
        "nothing_lost",
        "nothing_twice",
        "media_intact",
        "watermark_never_ahead",
        "one_primary",
        "liveness",
    }


def test_a_run_without_disruption_has_no_takeover(run):
    contents = replace(run.contents, history=run.contents.history[:1])
    quiet = replace(run, disruptions=(), polls=run.polls[:1], contents=contents)
    verdict = judge(quiet)
    assert verdict.good, verdict.as_text()
    assert verdict.takeover_ms is None
    assert "takeover        none" in verdict.as_text()


def test_the_ground_truth_survives_json(run):
    assert from_json(json.loads(json.dumps(to_json(run.truth)))) == tuple(run.truth)
    with pytest.raises(ValueError, match="key"):
        from_json([{"source": "x"}])


def test_each_source_has_figures_of_its_own(run):
    other = [offered(number, source="zoom") for number in range(100, 104)]
    center = DataCenter([*run.truth, *other[:3]])
    center.history.append(reign("b", 2))
    contents = center.read()
    sessions = {item.session_key for item in other}
    contents = replace(
        contents,
        contacts=tuple(
            replace(one, source="zoom") if one.session_key in sessions else one
            for one in contents.contacts
        ),
    )
    polls_of = {"dynamics": run.polls, "zoom": polls(("client-a", 0), ("client-b", 13.0))}
    truth = [*run.truth, *other]
    verdict = judge(replace(run, truth=truth, contents=contents, polls_of=polls_of))
    own, zoom = (verdict.sources[name] for name in ("dynamics", "zoom"))
    assert (own.offered, own.archived, own.lost, own.takeover_ms) == (4, 4, 0, 1250.0)
    assert (zoom.offered, zoom.archived, zoom.lost, zoom.takeover_ms) == (4, 3, 1, 3000.0)
    assert own.bytes_verified + zoom.bytes_verified == verdict.bytes_verified
    assert verdict.takeover_ms == 1250.0
    assert "zoom            3 of 4 archived, 1 lost, 0 stored twice" in verdict.as_text()


def test_one_source_needs_no_line_of_its_own(run):
    verdict = judge(run)
    (name,) = verdict.sources
    assert verdict.sources[name].takeover_ms == verdict.takeover_ms
    assert f"{name:<14} " not in verdict.as_text()
