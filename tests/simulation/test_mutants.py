"""Deliberate bugs are found: a few of them here, all of them by `make mutants`."""

import json
import os
import re
from pathlib import Path

import pytest

from sim.search.attempt import attempt
from sim.world.incident import Fault, Incident, Screens, Workload
from tests.mutants.__main__ import main
from tests.mutants.catalogue import CATALOGUE, ROOMS
from tests.mutants.hunt import hunt, live_with
from tests.mutants.mutant import Patch, bugged

BY_NAME = {mutant.name: mutant for mutant in CATALOGUE}
BUSY = Workload(calls_per_minute=20.0, second_recording=0.5)
CALLS = Incident(seed=3, minutes=0.7, workload=BUSY)
CUT = Incident(seed=3, minutes=0.7, faults=(Fault("link_reset", at_s=20),))
ORDER = Incident(seed=3, minutes=0.7, faults=(Fault("switchover", "alpha", at_s=20),))
PAUSE = Incident(seed=3, minutes=1.0, faults=(Fault("pause", "alpha", at_s=20, for_s=20),))
AGENTS = Screens(agents=2, late=0.0, unheard=0.0, together=0.6, not_responding=0.4)
SCREENS = Incident(seed=8, minutes=1.5, workload=Workload(calls_per_minute=0.5), screens=AGENTS)
LEFT = Incident(
    seed=4,
    minutes=1.7,
    workload=Workload(calls_per_minute=8.0),
    settings={"recovery": {"drop_folder": "/share/ids"}},
    faults=(
        Fault("id_file", "alpha", at_s=20),
        Fault("crash", "alpha", at_s=21, at_next="drop:decide", for_s=80),
    ),
)
QUICK = (
    ("belief_outlives_lease", CALLS, "one_primary"),
    ("contact_per_try", CALLS, "nothing_twice"),
    ("dedupe_by_timestamp", CALLS, "nothing_lost"),
    ("duty_not_withdrawn", ORDER, "one_primary"),
    ("duty_never_ends", PAUSE, "one_primary"),
    ("break_is_death", CUT, "one_primary"),
    ("left_for_ever", LEFT, "id_files_answered"),
    ("newest_leg_decides", SCREENS, "screen_follows_agent"),
    ("events_not_shared", SCREENS, "screen_follows_agent"),
)
ALL = "TANDEM_ALL_MUTANTS"


@pytest.mark.parametrize(("name", "incident", "promise"), QUICK, ids=[one[0] for one in QUICK])
def test_a_bug_breaks_a_promise_that_holds_without_it(name, incident, promise):
    told = live_with(BY_NAME[name])(incident)
    assert promise in {broken.violation.promise for broken in told.violations}


@pytest.mark.skipif(ALL not in os.environ, reason=f"takes an hour; {ALL}=1 looks for every bug")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", BY_NAME)
def test_every_bug_of_the_catalogue_is_found(name):
    assert hunt(BY_NAME[name], shorten=False).found


@pytest.mark.parametrize("name", BY_NAME)
def test_every_bug_can_be_put_into_the_code_and_leaves_no_trace(name):
    patch = Patch()
    BY_NAME[name].apply(patch)
    owners = [*patch.replaced]
    patch.undo()
    assert owners, "it replaces something"
    assert all(vars(owner)[what] is old for owner, what, old in owners if isinstance(what, str))


def test_after_a_bug_the_same_incident_is_the_execution_it_was_before():
    before = attempt(PAUSE).digest
    with bugged(BY_NAME["duty_never_ends"]):
        assert attempt(PAUSE).digest != before
    assert attempt(PAUSE).digest == before


def test_the_program_writes_what_it_found_and_fails_when_a_bug_was_not(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    usual = ["--jobs", "1", "--as-found", "--budget-runs", "5", "--only", "contact_per_try"]
    assert main(usual) == 0
    assert "1 of 1 found" in capsys.readouterr().out
    (row,) = json.loads(Path("var/mutants.json").read_text(encoding="utf-8"))
    assert row.items() >= {"name": "contact_per_try", "found": True}.items()
    assert row.keys() >= {"runs", "seconds", "story_length"}
    usual[4] = "0"
    assert main(usual) == 1


def test_the_catalogue_has_no_name_twice_and_all_rooms():
    assert len(BY_NAME) == len(CATALOGUE) >= 20
    assert set(ROOMS) == {
        "poll",
        "media",
        "archive",
        "keep",
        "find",
        "work",
        "pair",
        "screens",
        "replay",
    }


def test_the_book_lists_every_bug_as_the_catalogue_does():
    book = Path("docs/mutants.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", book, re.MULTILINE)
    assert rows == [(one.name, one.bug, one.teaches) for one in CATALOGUE]
