"""What an id leads to at a source, and what people are told of one that leads nowhere."""

from dataclasses import dataclass, field

import pytest

from recorder.errors import ItemGone, NotAnId, Unreachable
from recorder.model import ItemRef
from recorder.records.recoveries import (
    Cause,
    RecoveryItem,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
    Stage,
)
from recorder.recover.id_lists import read_ids
from recorder.recover.id_results import as_csv, results
from recorder.recover.recovery_jobs import find_id
from tests.calls import a_ref


@dataclass
class Asked:
    """A source that answers one thing."""

    answer: object = ()
    name: str = "zoom"
    asked: list = field(default_factory=list)

    def find(self, identifier):
        self.asked.append(identifier)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Mute:
    """A source that cannot be asked by id."""

    name = "tapes"


def test_what_is_behind_an_id_is_told():
    source = Asked([a_ref("one"), a_ref("two")])
    found = find_id(source, "123")
    assert [ref.key for ref in found.refs] == ["one", "two"]
    assert source.asked == ["123"]


@pytest.mark.parametrize("answer", [(), ItemGone("HTTP 404")])
def test_an_id_that_the_source_does_not_know_says_what_that_may_mean(answer):
    found = find_id(Asked(answer), "123")
    assert (found.refs, found.end) == ((), Stage.GONE)
    assert found.reason.startswith("unknown: not known to zoom: deleted there, or the id is wrong")
    assert ("HTTP 404" in found.reason) is bool(answer)


def test_the_file_with_the_result_says_so_to_whoever_asked():
    asked = "987654321"
    found = find_id(Asked(), asked)
    item = RecoveryItem(ItemRef("", asked, "", 0, asked), None, found.end, found.reason, 0, asked)
    row = RecoveryRow(
        "R-1",
        "zoom",
        RecoveryKind.SPECIFIC,
        Cause.OPERATOR,
        1,
        "ada",
        ids=(asked,),
        listed=1,
        status=RecoveryStatus.COMPLETED,
    )
    told = as_csv(results(read_ids(asked.encode()), [row], {"R-1": [item]})).decode("utf-8-sig")
    assert told.splitlines()[1] == (
        '1,987654321,not_found,"unknown: not known to zoom: deleted there, or the id is wrong",0,R-1'
    )


def test_what_is_no_id_and_a_source_that_cannot_be_asked_have_failed():
    found = find_id(Asked(NotAnId("too short")), "1")
    assert (found.end, found.reason) == (Stage.FAILED, f"{NotAnId.code}: too short")
    found = find_id(Mute(), "1")
    assert (found.end, found.reason) == (
        Stage.FAILED,
        "not_supported: tapes cannot be asked by id",
    )


def test_a_source_that_is_away_says_nothing_about_the_id():
    with pytest.raises(Unreachable):
        find_id(Asked(Unreachable("no answer")), "123")
