"""`tandem contact replay`, and the route behind it."""

import pytest

from recorder.desk.replay import Replay, ReplayState
from recorder.records.contacts import ContactQuery
from recorder.scn.model import Rendition
from tests.recorder.fakes import buffered

MADE = Rendition(
    "c1", 2, "d" * 64, "video/webm", "renditions/c1/a.webm", 1_834_411, "5" * 64, "renditions/c1/p.json",
    "renditions/c1/t.json", 304_500, has_screen=True, has_audio=True, made_us=1_700_000_000_000_000, made_by="alpha",
)  # fmt: skip


class Desk:
    """Answers from a list; the last answer stays."""

    def __init__(self):
        self.answers = []
        self.asked = []

    def ask(self, contact_id):
        self.asked.append(contact_id)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return None if answer is None else Replay(contact_id, **answer)


@pytest.fixture
def desk(node):
    node.replay = Desk()
    return node.replay


@pytest.fixture
def contact(node):
    node.contact_db.commit([buffered("i1")], [["zoom/i1.mp3"]])
    return node.contact_db.contacts(ContactQuery()).rows[0].contact_id


READY = {"state": ReplayState.READY, "rendition": MADE, "renditions": 2}
MAKING = {"state": ReplayState.MAKING}


def test_a_contact_that_is_ready_says_where_it_is(desk, contact, tandem):
    desk.answers = [READY]

    told = tandem("contact", "replay", contact[:8])
    raw = tandem("contact", "replay", contact, "--json")

    assert (told.status, raw.status) == (0, 0)
    assert "ready" in told.lines[0]
    assert "5m04s" in told.out
    assert "renditions/c1/a.webm" in told.out
    assert "sound and screen" in told.out
    assert raw.json["contact"] == contact
    assert (raw.json["state"], raw.json["rendition"]["number"]) == ("ready", 2)
    assert raw.json["rendition"]["timeline_object"] == "renditions/c1/t.json"
    assert "message" not in raw.json
    assert desk.asked == [contact, contact]


def test_one_that_is_being_made_is_temporary_and_waited_for_when_asked(desk, contact, tandem):
    desk.answers = [MAKING]
    assert tandem("contact", "replay", contact).status == 5

    desk.answers = [MAKING, READY]

    assert tandem("contact", "replay", contact, "--wait").status == 0


def test_one_that_failed_or_has_nothing_says_so(desk, contact, tandem):
    desk.answers = [{"state": ReplayState.FAILED, "message": "signal 11", "hint": "Export it."}]
    failed = tandem("contact", "replay", contact)
    assert failed.status == 1
    assert "signal 11" in failed.err
    assert "Export it." in failed.err

    desk.answers = [{"state": ReplayState.NOTHING}]

    assert tandem("contact", "replay", contact).status == 4


def test_a_node_that_makes_none_and_a_contact_that_is_not_there_are_told(tandem, contact):
    assert tandem("contact", "replay", "no-such").status == 4
    missing = tandem("contact", "replay", contact)
    assert missing.status == 4
    assert "makes no renditions" in missing.err


def test_a_contact_that_was_deleted_just_now_is_told(desk, contact, tandem):
    desk.answers = [None]

    assert "deleted just now" in tandem("contact", "replay", contact).err
