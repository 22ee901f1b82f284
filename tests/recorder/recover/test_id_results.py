"""What is said of each id of a file."""

import csv
import io

import pytest

from recorder.model import ItemRef
from recorder.records.recoveries import (
    Cause,
    RecoveryItem,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
    Stage,
)
from recorder.recover.id_lists import BadRow, IdList, IdRow, read_ids
from recorder.recover.id_results import as_csv, is_over, results

IDS = IdList((IdRow(1, "a"), IdRow(2, "b"), IdRow(4, "a")), (BadRow(3, "?", "no id"),))


def a_row(name="R-1", ids=("a", "b"), listed=None, status=RecoveryStatus.COMPLETED, **more):
    listed = len(ids) if listed is None else listed
    kind = RecoveryKind.SPECIFIC
    return RecoveryRow(
        name, "zoom", kind, Cause.OPERATOR, 1, "x", ids=ids, listed=listed, status=status, **more
    )


def missed(asked, key="file-1", stage=Stage.RECOVERED, reason=""):
    return RecoveryItem(ItemRef("zoom", key, "v", 5, "s"), None, stage, reason, 0, asked)


def absent(asked, stage=Stage.GONE, reason="unknown: nothing"):
    return RecoveryItem(ItemRef("", asked, "", 0, asked), None, stage, reason, 0, asked)


def told(rows, items):
    return {one.id: one for one in results(IDS, rows, items)}


def test_every_row_has_its_result_in_the_order_of_the_file():
    found = results(IDS, [a_row()], {"R-1": [missed("a")]})
    assert [(one.line, one.id, one.outcome) for one in found] == [
        (1, "a", "recovered"),
        (2, "b", "already_here"),
        (3, "?", "bad_row"),
        (4, "a", "recovered"),
    ]
    assert found[0].recovery == "R-1"


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (absent("b"), "not_found"),
        (absent("b", Stage.FAILED, "not_an_id: 'b' is no id"), "bad_row"),
        (absent("b", Stage.FAILED, "not_supported: x"), "failed"),
        (missed("b", stage=Stage.NOT_RECORDABLE), "not_recordable"),
        (missed("b", stage=Stage.GONE, reason="gone: deleted"), "gone"),
    ],
)
def test_an_id_ends_as_what_became_of_it(item, outcome):
    found = told([a_row()], {"R-1": [item]})["b"]
    assert (found.outcome, found.reason) == (outcome, item.reason)


def test_of_several_items_the_worst_counts_and_all_are_told():
    items = [missed("a"), missed("a", "file-2", Stage.FAILED, "not_media: empty")]
    found = told([a_row()], {"R-1": items})["a"]
    assert (found.outcome, found.items) == ("failed", 2)
    assert found.reason == "1 failed, 1 recovered: not_media: empty"


def test_what_a_recovery_did_not_come_to_is_said_so():
    row = a_row(listed=1, status=RecoveryStatus.CANCELLED, reason="enough")
    found = told([row], {"R-1": [missed("a")]})
    assert found["a"].outcome == "recovered"
    assert (found["b"].outcome, found["b"].reason) == (
        "not_looked_for",
        "recovery cancelled: enough",
    )


@pytest.mark.parametrize("stage", [Stage.PENDING, Stage.GIVEN])
def test_what_was_found_and_not_waited_for_is_no_outcome_of_its_own(stage):
    row = a_row(status=RecoveryStatus.CANCELLED, reason="enough")
    found = told([row], {"R-1": [missed("a", stage=stage), missed("a", "file-2")]})
    assert (found["a"].outcome, found["a"].items) == ("not_looked_for", 2)
    assert found["a"].reason == (
        "recovery cancelled: enough; it is missing here, and was not waited for"
    )


def test_an_id_that_one_of_two_sources_has_is_found():
    rows = [a_row("R-1"), a_row("R-2")]
    found = told(rows, {"R-1": [absent("a"), absent("b")], "R-2": [missed("a"), absent("b")]})
    assert (found["a"].outcome, found["a"].recovery) == ("recovered", "R-2")
    assert found["b"].outcome == "not_found"
    found = told(rows, {"R-1": [absent("a")], "R-2": []})
    assert found["a"].outcome == "already_here"


def test_a_recovery_that_stopped_is_not_over():
    assert not is_over(a_row(status=RecoveryStatus.STOPPED))
    assert not is_over(a_row(status=RecoveryStatus.RUNNING))
    assert not is_over(a_row(status=RecoveryStatus.FAILED))


def test_the_file_reads_back_as_it_was_written():
    written = results(IDS, [a_row()], {"R-1": [missed("a", reason='a "word", and\nmore')]})
    body = as_csv(written).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    assert [(row["line"], row["outcome"]) for row in rows] == [
        ("1", "recovered"),
        ("2", "already_here"),
        ("3", "bad_row"),
        ("4", "recovered"),
    ]
    assert rows[0]["reason"] == 'a "word", and\nmore'


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A0", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_text_of_others_is_a_formula_where_it_is_opened(text):
    ids = IdList((IdRow(1, text),))
    (row,) = results(ids, [a_row(ids=(text,))], {"R-1": [missed(text, reason=text)]})
    told = next(csv.DictReader(io.StringIO(as_csv([row]).decode("utf-8-sig"), newline="")))
    assert told["id"] == told["reason"] == f"'{text}"
    assert read_ids(b"id\n'+aB3/x9==\n").ids == ("+aB3/x9==",), "it is no part of the id"
