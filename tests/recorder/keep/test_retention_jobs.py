"""Deleting for real: rows in a SQLite file, objects in a folder."""

import hashlib

import pytest

from recorder.adapters.contact_db import SqlContactDb, open_engine
from recorder.adapters.contact_db.retention import SqlRetentionDb
from recorder.adapters.contact_db.screens import SqlScreenDb
from recorder.adapters.folder_archive import FolderArchive
from recorder.errors import ArchiveError, DataCenterDown, DataCenterUnfit
from recorder.keep.retention_jobs import DeleteTools, delete_some, end_run, look
from recorder.model import Window
from recorder.records.retention import (
    DAY_US,
    DeletionQuery,
    DeletionState,
    Hold,
    Match,
    Order,
    Plan,
    Policy,
    Rules,
    Run,
    Scope,
    Surveyed,
    Walk,
)
from recorder.scn.model import Rendition
from recorder.scn.rendition_keys import prefix_of
from tests.calls import START_US, an_item
from tests.databases import migrated
from tests.recorder.hand_clock import HandClock

RULES = Rules((Policy("all", Match(), 30 * DAY_US),), 0, 5 * DAY_US)
LATER_US = START_US + 31 * DAY_US
OVER_US = LATER_US + 5 * DAY_US


class Center:
    """A Data Center on disk."""

    def __init__(self, folder):
        url = f"sqlite:///{folder / 'contacts.db'}"
        migrated(url)
        self.clock, self.folder = HandClock(), folder
        self.engine = open_engine(url)
        self.contacts = SqlContactDb(self.engine, cluster="pair", node="alpha", clock=self.clock)
        self.db = SqlRetentionDb(self.engine, cluster="pair", node="alpha", clock=self.clock)
        self.archive = FolderArchive(folder / "archive", reserve_bytes=0)

    def commit(self, *keys):
        for key in keys:
            body = key.encode() * 100
            path = self.folder / key
            path.write_bytes(body)
            self.archive.put(f"dyn/{key}", str(path), hashlib.sha256(body).hexdigest(), len(body))
            self.contacts.commit([an_item(key, session=f"ses-{key}")], [[f"dyn/{key}"]])
        self.archive.sync()

    def decide(self):
        due = self.db.survey(Walk(LATER_US), RULES, LATER_US).due
        return self.db.decide(due, RULES, LATER_US, 3)

    def delete(self, limit=10, may_go_on=lambda: True):
        tools = DeleteTools(self.db, self.archive, may_go_on)
        return delete_some(tools, RULES, OVER_US, 3, limit)


@pytest.fixture
def center(tmp_path):
    center = Center(tmp_path)
    yield center
    center.engine.dispose()


def test_contacts_and_their_files_are_gone(center):
    center.commit("a", "b", "c")
    center.decide()
    done = center.delete(limit=2)
    assert (len(done.ended), done.more, done.error) == (2, True, "")
    assert center.delete(limit=2).more is False
    assert list(center.archive.keys()) == []
    assert center.contacts.contact("ses-a") is None


def test_a_held_contact_keeps_rows_and_files(center):
    center.commit("a", "b")
    center.decide()
    center.db.place_hold(Hold("H-1", "case", Scope(contact_id="ses-a"), START_US, "ada"))
    states = {one.deletion.session_key: one.deletion.state for one in center.delete().ended}
    assert states == {"ses-a": DeletionState.WITHDRAWN, "ses-b": DeletionState.DELETED}
    assert list(center.archive.keys()) == ["dyn/a"]


def test_a_hold_on_a_period_keeps_what_lies_in_it(center):
    center.commit("a")
    center.decide()
    window = Window(START_US - 1, START_US + 1)
    center.db.place_hold(Hold("H-1", "case", Scope(window=window), START_US, "ada"))
    (one,) = center.delete().ended
    assert one.deletion.state is DeletionState.WITHDRAWN
    assert one.lost == ()


def test_it_stops_between_two_contacts_when_the_duty_ends(center):
    center.commit("a", "b")
    center.decide()
    left = [True, False]
    done = center.delete(may_go_on=lambda: left.pop(0))
    assert (len(done.ended), done.more) == (1, True)


def test_it_deletes_nothing_while_the_archive_is_away(center):
    center.commit("a")
    center.decide()
    center.archive.check = FolderArchive(center.folder / "full", reserve_bytes=2**62).check
    done = center.delete()
    assert done.ended == ()
    assert "reserve" in done.error
    assert center.contacts.contact("ses-a") is not None


def refusing(delete, *bad):
    def refuse(key):
        if key in bad:
            raise ArchiveError(f"object {key} cannot be deleted")
        delete(key)

    return refuse


def test_those_at_the_head_that_cannot_be_deleted_do_not_block_those_behind(center):
    center.commit("a", "b", "c", "d")
    center.decide()
    heads = [one.session_key[4:] for one in center.db.ready(OVER_US, 2)]
    center.archive.delete = refusing(center.archive.delete, *(f"dyn/{one}" for one in heads))
    first = center.delete(limit=2)
    assert (first.ended, first.more, first.error) == ((), True, "")
    assert [one.tries for one in first.aside] == [1, 1]
    assert len(center.delete(limit=2).ended) == 2
    assert center.delete(limit=2) == type(first)((), more=False)
    left = center.db.deletions(DeletionQuery(stuck_tries=1)).rows
    assert sorted(one.session_key[4:] for one in left) == sorted(heads)
    assert {one.trouble for one in left} == {f"object dyn/{one} cannot be deleted" for one in heads}


def test_a_contact_that_the_database_refuses_steps_aside(center):
    center.commit("a", "b")
    center.decide()
    head = center.db.ready(OVER_US, 1)[0]
    finish = center.db.finish_deletion

    def refuse(order, term, erase):
        if order.contact_id == head.contact_id:
            raise DataCenterDown("the row is held by somebody")
        return finish(order, term, erase)

    center.db.finish_deletion = refuse
    done = center.delete()
    assert len(done.ended) == 1
    assert [one.trouble for one in done.aside] == ["the row is held by somebody"]


@pytest.mark.parametrize("error", [DataCenterDown("away"), DataCenterUnfit("full")])
def test_nothing_steps_aside_for_a_database_that_is_away_as_a_whole(center, error):
    center.commit("a")
    center.decide()

    def away(*_):
        raise error

    center.db.begin_deletion = center.db.now_us = away
    with pytest.raises(type(error)):
        center.delete()
    assert center.db.deletions(DeletionQuery(stuck_tries=1)).rows == ()


def test_objects_that_are_gone_though_the_contact_is_held_are_named(center):
    center.commit("a")
    center.decide()
    (due,) = center.db.ready(OVER_US, 9)
    center.db.begin_deletion(Order(due.contact_id, 1, RULES, OVER_US), 3)
    center.archive.delete("dyn/a")
    center.db.place_hold(Hold("H-1", "case", Scope(source="dyn"), START_US, "ada"))
    (one,) = center.delete().ended
    assert one.deletion.state is DeletionState.WITHDRAWN
    assert one.lost == ("dyn/a",)


def test_a_look_tells_what_was_agreed_and_the_earlier_of_two_calendars(center):
    center.db.save_plan(Plan("P-1", 1, "ada", RULES, Surveyed()))
    center.db.confirm_plan("P-1", "bob")
    looked = look(center.db, 7)
    assert (looked.now_us, looked.standing.in_force()) == (7, RULES)
    far_us = 2**62
    assert look(center.db, far_us).now_us < far_us


def rendition(center, contact, name):
    """A rendition of the contact on record, with an object that is, and one that a crash left."""
    contact_id = center.contacts.contacts_called(f"ses-{contact}")[0].contact_id
    screens = SqlScreenDb(center.engine)
    keys = [
        f"{prefix_of(contact_id)}{name}/{one}" for one in ("a.webm", "p.json", "t.json", "left")
    ]
    for key in keys:
        path = center.folder / "made"
        path.write_bytes(key.encode())
        sha256 = hashlib.sha256(key.encode()).hexdigest()
        center.archive.put(key, str(path), sha256, len(key))
        path.unlink()
    made = Rendition(contact_id, 0, name, "video/webm", keys[0], 1, "", *keys[1:3], 1, True, True, 1, "alpha")  # fmt: skip
    screens.record_rendition(made)
    return lambda: screens.renditions(contact_id)


def test_what_was_made_of_a_contact_goes_with_it_and_of_others_stays(center):
    center.commit("a", "b")
    gone, kept = rendition(center, "a", "one"), rendition(center, "b", "two")
    hold = Hold("H-1", "a case", Scope(contact_id=kept()[0].contact_id), LATER_US, "ada")
    center.decide()
    center.db.place_hold(hold)

    done = center.delete()

    assert sorted(one.deletion.state for one in done.ended) == ["deleted", "withdrawn"]
    assert gone() == ()
    assert len(kept()) == 1
    left = list(center.archive.keys())
    assert [key for key in left if key.startswith("dyn/")] == ["dyn/b"]
    assert len(left) == 5
    assert all(key.startswith((prefix_of(hold.scope.contact_id), "dyn/b")) for key in left)


def test_what_was_made_of_a_contact_is_not_touched_while_its_rows_cannot_go(center):
    center.commit("a")
    rows = rendition(center, "a", "one")
    center.decide()
    (due,) = center.db.ready(OVER_US, 10)
    center.db.begin_deletion(Order(due.contact_id, due.number, RULES, OVER_US), 3)
    center.db.place_hold(Hold("H-2", "late", Scope(contact_id=due.contact_id), LATER_US, "ada"))

    center.delete()

    assert len(rows()) == 1
    assert len(list(center.archive.keys(below=prefix_of(due.contact_id)))) == 4


def leave_a_rendition(center, name="ses-a"):
    """As a program does that was at work when its contact was deleted."""
    path = center.folder / "late.webm"
    path.write_bytes(b"late")
    key = f"{prefix_of(name)}d/late.webm"
    center.archive.put(key, str(path), hashlib.sha256(b"late").hexdigest(), 4)
    return key


def end(center, *, since_us=OVER_US, archive=None, may_go_on=lambda: True, after=""):
    run = Run("K-1", OVER_US, None, "alpha", 3, "done", RULES, 1, 1)
    tools = DeleteTools(center.db, archive or center.archive, may_go_on)
    return end_run(tools, run, 3, since_us, after)


def deleted(center, *keys):
    center.commit(*keys)
    center.decide()
    return [one.deletion.contact_id for one in center.delete().ended]


def test_what_was_made_of_a_contact_while_it_was_deleted_goes_with_the_end_of_a_run(center):
    (home,) = deleted(center, "a")
    leave_a_rendition(center, home)
    assert end(center) is None
    assert list(center.archive.keys()) == []
    assert center.db.runs(1)[0].run_id == "K-1"


def test_what_was_made_of_other_contacts_stays(center):
    deleted(center, "a")
    key = leave_a_rendition(center, "b" * 32)
    end(center)
    assert list(center.archive.keys()) == [key]


def test_nothing_is_swept_after_the_duty_or_long_after_the_deletion(center):
    (home,) = deleted(center, "a")
    key = leave_a_rendition(center, home)
    assert end(center, may_go_on=lambda: False) == "", "from the beginning"
    assert center.db.runs(1) == ()
    end(center, since_us=OVER_US + 1)
    assert list(center.archive.keys()) == [key]


def test_what_a_duty_was_too_short_to_sweep_is_swept_by_the_next_step(center, monkeypatch):
    homes = sorted(deleted(center, "a", "b", "c"))
    for home in homes:
        leave_a_rendition(center, home)
    monkeypatch.setattr("recorder.keep.retention_jobs.SWEPT_AT_ONCE", 2)
    lasts = iter((True, False))
    assert end(center, may_go_on=lambda: next(lasts)) == homes[0]
    assert end(center, after=homes[0]) == homes[2]
    assert list(center.archive.keys()) == []
    assert center.db.runs(1) == (), "there may be more"
    assert end(center, after=homes[2]) is None
    assert center.db.runs(1)[0].run_id == "K-1"


def test_an_archive_that_is_away_keeps_no_run_from_its_end(center):
    class Away:
        def keys(self, *_after, **_below):
            raise ArchiveError("the archive is away")

    deleted(center, "a")
    end(center, archive=Away())
    assert center.db.runs(1)[0].run_id == "K-1"
