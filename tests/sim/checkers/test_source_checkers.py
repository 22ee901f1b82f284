"""What is promised of several sources beside each other, and of conversations with many parts."""

import pytest

from recorder.records.contacts import ContactRow, RevisionRow
from sim.checkers.forgotten import Forgotten
from sim.checkers.healing import Patience
from sim.checkers.independent import CALM_US, IndependenceBook
from sim.checkers.one_contact import check_one_contact
from sim.checkers.revisions import check_revisions
from sim.truth import TruthItem
from tests.sim.checkers.data import SECOND, item_row

ONE, TWO = "zoom", "webex"
PATIENCE = Patience(roles_s=0.0, poll_s=10.0, ingest_s=15.0, retry_s=80.0, look_back_s=60.0)
CALM = CALM_US // SECOND
END_US = 10_000 * SECOND


def whats(violations):
    return [violation.what for violation in violations]


def offered(source=ONE, key="r1", at_s=500, **parts):
    at_us = at_s * SECOND
    return TruthItem(source, key, "f1", "s1", at_us, at_us, **parts)


def judged(book, item, archived_s=None, *, failed=False, now_us=END_US):
    place = (item.source, item.key, item.version)
    archived = {} if archived_s is None else {place: archived_s * SECOND}
    tried = {place} if failed else set()
    return whats(book.check([item], archived, tried, now_us, dict.fromkeys((ONE, TWO), PATIENCE)))


def test_an_item_of_a_healthy_source_has_to_come_in_time_whatever_another_does():
    book = IndependenceBook((ONE, TWO))
    book.begins(TWO, 400 * SECOND)
    assert judged(book, offered(), 525) == []
    assert judged(book, offered(), 526) == [
        "items of zoom came late although nothing was wrong with it"
    ]
    assert judged(book, offered()) != []
    assert book.beside == 3


def test_one_that_failed_before_or_came_late_has_its_time():
    book = IndependenceBook((ONE, TWO))
    assert judged(book, offered(), 600, failed=True) == []
    assert judged(book, offered(late=True), 580) == []
    assert judged(book, offered(), 580) != []
    assert book.beside == 0


@pytest.mark.parametrize("begin_s", [450, 500, 520])
@pytest.mark.parametrize("source", [ONE, ""])
def test_trouble_of_its_own_excuses_a_source_and_so_does_trouble_of_all(source, begin_s):
    book = IndependenceBook((ONE, TWO))
    book.begins(source, begin_s * SECOND)
    book.ends(source, (begin_s + 1) * SECOND)
    assert judged(book, offered(), 900) == []


def test_trouble_long_ago_excuses_nothing():
    book = IndependenceBook((ONE, TWO))
    book.strikes((500 - CALM - 1) * SECOND)
    assert judged(book, offered(), 900) != []
    book.strikes((500 - CALM) * SECOND)
    assert judged(book, offered(), 900) == []


def test_overlapping_troubles_end_with_the_last():
    book = IndependenceBook((ONE, TWO))
    book.begins(ONE, 100 * SECOND)
    book.begins("", 200 * SECOND)
    book.ends(ONE, 300 * SECOND)
    assert judged(book, offered(), 900) == []
    book.ends("", 350 * SECOND)
    assert judged(book, offered(), 900) != []


def test_what_may_still_come_and_what_need_not_is_not_judged():
    book = IndependenceBook((ONE, TWO))
    assert judged(book, offered(), now_us=520 * SECOND) == []
    assert judged(book, offered(deleted_us=501 * SECOND)) == []


def archived(key, contact_id, source=ONE):
    return item_row(offered(source, key=key), contact_id=contact_id)


def test_parts_of_a_conversation_are_in_one_contact():
    truth = [offered(key="r1"), offered(key="r2")]
    assert check_one_contact(truth, [archived("r1", "c1"), archived("r2", "c1")]) == ()
    assert check_one_contact(truth, [archived("r1", "c1")]) == ()
    (broken,) = check_one_contact(truth, [archived("r1", "c1"), archived("r2", "c2")])
    assert broken.what == "a conversation is in several contacts"
    assert broken.items == ("r1", "r2")


def test_sources_do_not_share_conversations():
    truth = [offered(key="r1"), offered(TWO, key="r1")]
    rows = [archived("r1", "c1"), archived("r1", "c2", TWO)]
    assert check_one_contact(truth, rows) == ()


def revision(number, interactions, media, added=(), files=(), *, changed=()):
    row = ContactRow(
        *("c1", ONE, "s1", 0, 1, "inbound", "voice", "", ()),
        interactions=interactions,
        media=media,
        size_bytes=1,
        updated_us=number,
        revision=number,
    )
    return RevisionRow(row, tuple(added), tuple(changed), tuple(files))


FIRST = revision(1, 1, 1, ("i1",), ("m1",))


def test_revisions_without_a_gap_that_only_add_are_right():
    second = revision(2, 2, 2, ("i2",), ("m2",))
    third = revision(3, 2, 2, changed=("i1",))
    assert check_revisions("c1", (FIRST, second, third)) == ()


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        ((), "the revisions of a contact are none"),
        ((FIRST, revision(3, 2, 2, ("i2",), ("m2",))), "the revisions of a contact are 1, 3"),
        ((FIRST, revision(2, 1, 1, ("i1",))), "a revision brings what another had brought"),
        ((FIRST, revision(2, 1, 2, ("i2",), ("m2",))), "does not say what is in it"),
        ((FIRST, revision(2, 1, 1)), "a revision of a contact brings nothing"),
    ],
    ids=["none", "gap", "again", "count", "nothing"],
)
def test_revisions_that_cannot_be_are_found(seen, what):
    assert any(what in text for text in whats(check_revisions("c1", seen)))


def deleted(listed_s):
    return offered(first_listed_us=listed_s * SECOND, deleted_us=(listed_s + 60) * SECOND)


def knows(book, item):
    (seen,) = book.without([item])
    return seen.first_listed_us is not None


def test_what_was_deleted_is_forgotten_with_the_process_that_listed_it_in_an_outage():
    book = Forgotten()
    book.away(500 * SECOND)
    book.ended(530 * SECOND)
    book.back(600 * SECOND)
    assert not knows(book, deleted(510))
    assert knows(book, deleted(540)), "nobody died after that"
    assert knows(book, deleted(400)), "it was put on record before"
    assert knows(book, offered(first_listed_us=510 * SECOND)), "it is still there to be listed"


def test_a_death_without_an_outage_and_an_outage_without_a_death_excuse_nothing():
    died, away = Forgotten(), Forgotten()
    died.ended(530 * SECOND)
    away.away(500 * SECOND)
    away.away(510 * SECOND)
    away.back(520 * SECOND)
    assert knows(died, deleted(510))
    assert knows(away, deleted(510))
    away.ended(530 * SECOND)
    assert not knows(away, deleted(510)), "one of two outages is not over"


def test_what_only_a_check_of_credentials_saw_was_never_heard_of():
    book = Forgotten()
    book.listed(deleted(510), by_poll=False)
    book.listed(deleted(510), by_poll=True)
    assert not knows(book, deleted(510))
    polled = Forgotten()
    polled.listed(deleted(510), by_poll=True)
    assert knows(polled, deleted(510))
