"""Certificates as they are made: against a source that lists anew, an archive and a contact database."""

from dataclasses import replace

import pytest

from recorder.errors import AuthRefused, DataCenterError, Throttled, Unreachable
from recorder.model import ItemOutcome, ItemState, SourceProgress, Window
from recorder.prove.document import from_text, to_text, unpack
from recorder.prove.make import make_certificate, window_of
from recorder.prove.verify import verify
from recorder.records.certificates import CertificateQuery
from tests.recorder.prove.certified import DAY, DAY_US, FROM_US
from tests.recorder.prove.proving import Proving, a_ref


@pytest.fixture
def world():
    return Proving()


def make(world, node="alpha", actor="anna", day=DAY):
    return make_certificate(world.prover(node), world.proved, day, actor, world.waited.append)


def counts(certificate):
    return {name: n for name, n in certificate.statement["counts"].items() if n}


def test_a_day_that_is_archived_is_complete(world):
    world.offer("a", "b", "c")
    world.archive_items("a", "b", "c")
    certificate = make(world)
    assert certificate.statement["verdict"] == "complete"
    assert counts(certificate) == {"source_total": 3, "archived": 3, "archived_late": 3}
    assert verify(certificate) == ()
    (leaf, *_) = certificate.leaves
    assert leaf.committed_us == world.clock.wall_us()
    assert certificate.statement["files"] == 3
    assert certificate.statement["pages"] == 5, "four windows, one of two pages"


def test_a_day_without_recordings_is_complete_too(world):
    certificate = make(world)
    assert certificate.statement["verdict"] == "complete"
    assert counts(certificate) == {}
    assert verify(certificate) == ()


def test_what_is_missing_is_listed_with_its_cause(world):
    world.offer("a", "b", "c")
    world.archive_items("a")
    outcome = ItemOutcome(
        a_ref("b"), ItemState.FAILED, "truncated: 3 of 9 bytes", 10, FROM_US, parked=True
    )
    world.contact_db.record_outcome(outcome, 0)
    covered = (Window(FROM_US, FROM_US + DAY_US),)
    world.contact_db.save_progress(
        SourceProgress("zoom", 1, FROM_US + DAY_US, FROM_US + DAY_US, covered), 0
    )
    certificate = make(world)
    assert certificate.statement["verdict"] == "incomplete"
    assert [(leaf.item, leaf.state, leaf.cause) for leaf in certificate.leaves] == [
        ("a", "archived", ""),
        ("b", "failed", "truncated"),
        ("c", "missing", "shown_late"),
    ]


def test_an_object_that_is_gone_from_the_archive_is_found(world):
    world.offer("a", "b")
    world.archive_items("a", "b")
    del world.objects.objects["zoom/0/a.mp3"]
    world.objects.objects["zoom/0/b.mp3"] += b"x"
    a, b = make(world).leaves
    assert (a.state, a.cause) == ("missing", "object_missing")
    assert (b.state, b.cause) == ("missing", "object_differs")


def test_a_day_that_is_not_over_is_incomplete(world):
    world.source.now_us = FROM_US + DAY_US + 89_000_000
    assert make(world).statement["verdict"] == "incomplete"
    world.source.now_us = FROM_US + DAY_US + 90_000_000
    assert make(world).statement["verdict"] == "complete"


def test_only_that_day_counts(world):
    world.offer("early", at_us=-1)
    world.offer("late", at_us=DAY_US)
    world.offer("a")
    world.archive_items("a")
    world.archive_items("early", at_us=-1)
    assert [leaf.item for leaf in make(world).leaves] == ["a"]


def test_certificates_of_a_day_are_numbered_and_name_the_one_before(world):
    first, second = make(world), make(world, node="beta")
    assert first.statement["previous"] is None
    assert second.statement["number"] == 2
    assert second.statement["previous"] == {"number": 1, "root": first.statement["root"]}
    assert second.statement["made_by"] == "beta"
    heads = world.db.certificates(CertificateQuery()).rows
    assert [(head.number, head.verdict) for head in heads] == [(2, "complete"), (1, "complete")]


def test_both_nodes_keys_are_published_and_named(world):
    make(world)
    second = make(world, node="beta")
    keys = second.statement["keys"]
    assert [key["node"] for key in keys] == ["alpha", "beta"]
    assert second.signature["key_id"] == keys[1]["key_id"]
    assert verify(second, trusted=[keys[1]["key_id"]]) == ()


def test_the_row_holds_the_whole_certificate(world):
    world.offer("a")
    world.archive_items("a")
    certificate = make(world)
    row = world.db.certificate("zoom", DAY, None)
    assert unpack(row.packed_leaves) == (certificate.leaves, certificate.checks)
    assert row.head.root == certificate.statement["root"]
    assert from_text(to_text(certificate)) == certificate


def test_making_is_on_record_and_the_audit_trail_is_anchored(world):
    certificate = make(world)
    assert certificate.statement["audit"]["number"] == 1
    what, subject, actor, detail = world.trail.told[-1]
    assert (what, subject, actor) == ("certificate_made", f"zoom {DAY} #1", "anna")
    assert detail["root"] == certificate.statement["root"]
    assert world.trail.told[0][0] == "signing_key_published"


def test_a_node_without_an_audit_trail_anchors_nothing(world):
    prover = replace(world.prover(), audit_db=None)
    certificate = make_certificate(prover, world.proved, DAY, "anna", world.waited.append)
    assert certificate.statement["audit"] is None
    assert verify(certificate) == ()


def test_the_source_is_asked_again_with_the_patience_it_asks_for(world):
    world.offer("a", "b", "c")
    world.source.troubles = [Unreachable("away"), Throttled("wait", retry_after_s=7.0)]
    assert make(world).statement["counts"]["source_total"] == 3
    assert world.waited == [2.0, 7.0]


@pytest.mark.parametrize("error", [AuthRefused("no"), Unreachable("away")])
def test_a_source_that_cannot_be_listed_whole_gives_no_certificate(world, error):
    world.source.troubles = [error] * 10
    with pytest.raises(type(error)):
        make(world)
    assert world.db.last("zoom", DAY) is None


def test_a_source_with_short_windows_is_asked_in_them(world):
    world.source.capabilities = replace(world.source.capabilities, window_max_s=3600.0)
    make(world)
    assert len(world.source.windows) == 24
    assert {window.to_us - window.from_us for window in world.source.windows} == {3_600_000_000}


def test_two_nodes_that_take_one_number_make_two_certificates(world):
    prover = world.prover()

    class Racing:
        """Another node is quicker, twice."""

        races = 2

        def __getattr__(self, name):
            return getattr(world.db, name)

        def add(self, certificate):
            if Racing.races:
                Racing.races -= 1
                make(world, node="beta")
            return world.db.add(certificate)

    certificate = make_certificate(
        replace(prover, db=Racing()), world.proved, DAY, "anna", world.waited.append
    )
    assert certificate.statement["number"] == 3
    assert verify(certificate) == ()
    Racing.races = 99
    with pytest.raises(DataCenterError, match="cannot be numbered"):
        make_certificate(
            replace(prover, db=Racing()), world.proved, DAY, "anna", world.waited.append
        )


@pytest.mark.parametrize("day", ["", "x", "2024-13-01", "20241004", "2024-W40-5", "1969-12-31"])
def test_what_is_no_day_is_refused(world, day):
    with pytest.raises(ValueError, match="no day"):
        make(world, day=day)


def test_a_day_to_come_is_refused(world):
    with pytest.raises(ValueError, match="has not begun"):
        make(world, day="2024-10-07")


def test_a_day_is_that_of_the_calendar_in_utc():
    assert window_of(DAY) == Window(FROM_US, FROM_US + DAY_US)
