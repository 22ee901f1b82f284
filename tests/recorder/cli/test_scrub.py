"""`tandem scrub show` and the route behind it."""

import pytest

from recorder.records.scrub import READS, CensusPage, Outcome, Reading, ScrubStatus, Walk
from tests.recorder.fake_node import BEGAN_US, OBJECT


@pytest.fixture
def damaged(node):
    """One archived item whose object was read and found bad, and one stray object."""
    node.archive_one("i1")
    db = node.scrub_db
    objects = db.census("", 10)
    for now_us in (1, BEGAN_US):
        db.enrol(CensusPage("", None, objects, ("zoom/stray",), now_us, 0), 0)
    detail = "it has 5 bytes, not 9"
    db.record([Reading(objects[0], Outcome.DAMAGED, detail, BEGAN_US + 1)], 0)
    db.save_walk(READS, Walk("", BEGAN_US, BEGAN_US - 1, BEGAN_US - 2), 0)


def test_an_archive_without_troubles_says_so(tandem):
    ended = tandem("scrub", "show")
    assert ended.status == 0
    assert ended.lines[0] == "alpha: resting, at most 1.0 kB a second"
    assert "nothing is damaged, missing or stray" in ended.out


@pytest.mark.usefixtures("damaged")
def test_what_is_bad_is_named(tandem):
    ended = tandem("scrub", "show")
    assert "  pass since 2023-11-14 22:13: 1 of 1 read" in ended.lines
    assert "  damaged: 1, missing: 0, stray: 1" in ended.lines
    assert any(OBJECT in line and "it has 5 bytes" in line for line in ended.lines)
    assert any("zoom/stray" in line for line in ended.lines)


@pytest.mark.usefixtures("damaged")
def test_as_json_it_is_what_the_api_says(tandem):
    view = tandem("scrub", "show", "--json").json
    assert (view["objects"], view["damaged"], view["stray"]) == (1, 1, 1)
    assert view["reads"]["running"] is True
    rows = {row["object"]: row for row in view["bad"]}
    assert rows[OBJECT]["outcome"] == "damaged"
    assert rows[OBJECT]["media"] == "m-i1"
    assert "media" not in rows["zoom/stray"]


@pytest.mark.usefixtures("damaged")
def test_more_than_the_limit_is_told(tandem):
    ended = tandem("scrub", "show", "--limit", "1")
    assert "more: --limit" in ended.err


def test_what_it_waits_for_is_told(tandem, node):
    node.change("scrub", ScrubStatus, state="waiting", last_error="the archive is away")
    assert "  waits because the archive is away" in tandem("scrub", "show").lines


def test_an_outage_of_the_data_center_is_5(tandem, node):
    node.scrub_db.faults.down = True
    assert tandem("scrub", "show").status == 5
