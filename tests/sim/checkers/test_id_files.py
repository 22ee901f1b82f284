"""What is said of files with ids, held to what is so."""

from dataclasses import replace

import pytest

from recorder.records.recoveries import Counts, RecoveryKind, RecoveryRow, RecoveryStatus
from sim.checkers.id_files import Known, Put, check_result

PUT = Put("zoom", "ids.csv", ("good", "+good"), ("nobody",), ("5.7E+10",))
ROW = RecoveryRow(
    "R-1",
    "zoom",
    RecoveryKind.SPECIFIC,
    "file",
    0,
    "file:ids.csv",
    ids=PUT.rows,
    status=RecoveryStatus.COMPLETED,
    counts=Counts(detected=3, recovered=2, gone=1),
)
FAIR = {"good": "recovered", "'+good": "already_here", "nobody": "not_found", "5.7E+10": "bad_row"}
SO = Known(offered=True, ended=True)


def told(outcomes, rows=(ROW,), so=SO):
    lines = [{"id": one, "outcome": outcome} for one, outcome in outcomes.items()]
    return [one.what for one in check_result(PUT, lines, rows, lambda _: so)]


def test_a_result_that_says_what_is_so_is_well():
    assert told(FAIR) == []


@pytest.mark.parametrize(
    ("changed", "so", "said"),
    [
        ({"good": "recovered"}, Known(offered=True, ended=False), "nothing of it is archived"),
        ({"good": "not_found"}, SO, "the source has it"),
        ({"good": "given"}, SO, "no end"),
        ({"good": "pending"}, SO, "no end"),
        ({"good": "not_looked_for"}, SO, "no end"),
        ({"nobody": "recovered"}, SO, "there is nothing of it"),
        ({"5.7E+10": "not_found"}, SO, "it is no id"),
    ],
)
def test_what_is_not_so_is_told(changed, so, said):
    (first, *_) = told(FAIR | changed, so=so)
    assert said in first


def test_what_the_source_lost_may_be_called_not_found():
    assert told(FAIR | {"good": "not_found"}, so=Known(offered=False, ended=True)) == []


@pytest.mark.parametrize("missing", FAIR)
def test_a_row_without_a_line_is_told(missing):
    lines = {one: outcome for one, outcome in FAIR.items() if one != missing}
    assert len(told(lines)) == 1


def test_a_result_before_the_end_is_told():
    early = replace(ROW, status=RecoveryStatus.RUNNING)
    assert "before its recovery is over" in told(FAIR, rows=(early,))[0]
    waits = replace(ROW, counts=Counts(detected=3, recovered=2, pending=1))
    assert "before its recovery is over" in told(FAIR, rows=(waits,))[0]


def test_counts_that_do_not_add_up_are_told():
    assert told(FAIR, rows=(replace(ROW, counts=Counts(detected=4, recovered=2)),))


def test_of_a_cancelled_one_nothing_is_asked_but_an_outcome():
    over = replace(ROW, status=RecoveryStatus.CANCELLED, counts=Counts(detected=3, pending=3))
    lines = dict.fromkeys(FAIR, "not_looked_for")
    assert told(lines, rows=(over,)) == []
    assert told(lines | {"good": "listed"}, rows=(over,))
