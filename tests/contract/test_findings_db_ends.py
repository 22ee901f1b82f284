"""Findings that ended long ago are forgotten, and open ones never, over memory, SQLite and PostgreSQL."""

import pytest

from cluster.errors import StaleTerm
from recorder.records.audit import AuditEntry
from recorder.records.findings import ACCEPTED, Closing, What
from tests.contract.finding_dbs import findings_world
from tests.contract.test_findings_db import listed, seen, step

DAY_S = 86_400


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = findings_world(request.param, request, tmp_path)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.findings("alpha")


def finding(db, subject):
    (row,) = listed(db, subject=subject)
    return row


def close(db, *subjects, because="archived"):
    closings = [Closing(finding(db, subject).finding_id, because) for subject in subjects]
    db.settle(step(closings=closings), 3)


def test_only_what_ended_and_was_seen_last_before_is_old(world, db):
    db.settle(step(*(seen(key) for key in ("open", "b", "a", "late", "again"))), 3)
    world.clock.advance(DAY_S)
    close(db, "a", "b")
    close(db, "again", because=f"{ACCEPTED}it is well")
    middle_us = world.clock.wall_us() + 1
    world.clock.advance(DAY_S)
    close(db, "late")
    db.settle(step(seen("again")), 3)
    old = db.ended_findings(middle_us, 10)
    assert {row.subject for row in old} == {"a", "b"}
    assert len(db.ended_findings(middle_us, 1)) == 1
    assert db.ended_findings(middle_us - DAY_S * 1_000_000, 10) == ()
    everything = {row.subject for row in db.ended_findings(world.clock.wall_us() + 1, 10)}
    assert everything == {"a", "b", "late", "again"}


def about(name="forgotten:a"):
    return AuditEntry(name, 7, "alpha", "system", "findings_forgotten", "findings", {"of": "a, b"})


def test_what_is_forgotten_is_gone_and_what_is_open_stays(world, db):
    db.settle(step(seen("a"), seen("b"), seen("c")), 3)
    close(db, "a", "b")
    names = [finding(db, key).finding_id for key in "abc"]
    assert db.forget_findings([*names, "F-nobody"], about(), 3) == 2
    assert [row.subject for row in listed(db)] == ["c"]
    assert db.forget_findings(names, about("forgotten:b"), 3) == 0
    assert db.finding(names[0]) is None
    assert [record.entry for record in world.trail()] == [about()]


def test_a_stale_term_forgets_nothing(world, db):
    db.settle(step(seen("a")), 3)
    close(db, "a")
    world.see_term(4)
    with pytest.raises(StaleTerm):
        db.forget_findings([finding(db, "a").finding_id], about(), 3)
    assert len(listed(db)) == 1
    assert world.trail() == []


def test_open_findings_are_read_in_order_of_their_names_whatever_ended_between(db):
    subjects = [f"rec-{number}" for number in range(12)]
    db.settle(step(*(seen(key) for key in subjects), seen("x", what=What.OBJECT_WITHOUT_ROW)), 3)
    close(db, *subjects[::2])
    names, after = [], ""
    while some := db.open_items("dyn", after, 2):
        names += [one.finding.finding_id for one in some]
        after = names[-1]
    assert names == sorted(finding(db, key).finding_id for key in subjects[1::2])
    assert db.open_items("zoom", "", 2) == ()
