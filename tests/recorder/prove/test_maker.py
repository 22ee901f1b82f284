"""Certificates that were asked for: made by whoever is primary, and never left running for ever."""

from dataclasses import replace

import pytest

from cluster.messages import DutyEnded, Ping, Pong
from recorder.errors import AuthRefused, Throttled, Unreachable
from recorder.prove.make import ProvedSource
from recorder.records.certificates import CertificateRequest, Phase, RequestStatus
from sim.tables.certificate_requests import MemoryCertificateWork
from sim.tables.certificates import MemoryCertificateDb
from sim.tables.data_center import DataCenterFaults
from tests.by_hand import Inbox
from tests.recorder.prove.certified import DAY
from tests.recorder.prove.making import MakerDesk
from tests.recorder.prove.proving import ListingSource, Proving

OTHER_DAY = "2024-10-03"


class World(Proving):
    """Both nodes over one Data Center."""

    def __init__(self):
        super().__init__()
        self.term = 0
        self.contacts.highest_term = lambda: self.term
        self.work = MemoryCertificateWork(self.contacts, self.certificates, clock=self.clock)
        self.faults = DataCenterFaults()
        self.teams = ListingSource([], name="teams")

    def node(self, name="alpha", **changes):
        work = MemoryCertificateWork(
            self.contacts, self.certificates, clock=self.clock, faults=self.faults
        )
        prover = replace(
            self.prover(name),
            db=MemoryCertificateDb(self.contacts, self.certificates, faults=self.faults),
            **changes,
        )
        sources = {"zoom": self.proved, "teams": ProvedSource(self.teams, "teams", 90.0)}
        return MakerDesk(prover, work, sources, self.clock)

    def wish(self, name="C-1", source="zoom", day=DAY):
        at_us = self.clock.wall_us() + len(self.certificates.requests)
        return self.work.request(CertificateRequest(name, source, day, at_us, "anna", at_us))

    def of(self, name="C-1"):
        return self.work.of_id(name)

    @property
    def numbers(self):
        return sorted(place for place in self.certificates.certificates)


@pytest.fixture
def world():
    world = World()
    world.offer("a", "b", "c")
    world.archive_items("a", "b", "c")
    return world


def test_nothing_is_made_without_the_duty(world):
    world.wish()
    node = world.node().run().advance(30)
    assert world.of().phase is Phase.WAITING
    node.duty().run()
    assert world.of().status is RequestStatus.COMPLETED


def test_what_was_asked_for_is_made_and_told(world):
    world.wish()
    world.node().duty().run()
    row = world.of()
    assert (row.status, row.phase, row.number, row.node) == (
        RequestStatus.COMPLETED,
        Phase.OVER,
        1,
        "alpha",
    )
    what, subject, actor, detail = world.trail.told[-1]
    assert (what, subject, actor) == ("certificate_made", f"zoom {DAY} #1", "anna")
    assert detail["request"] == "C-1"


def test_progress_is_told_while_it_is_listed(world):
    world.wish()
    node = world.node().duty()
    seen = []
    while node.step():
        world.clock.advance(0.7)
        row = world.of()
        seen.append((row.phase, row.pages, row.items))
    assert (Phase.LISTING, 0, 0) in seen
    assert any(phase is Phase.LISTING and pages and items for phase, pages, items in seen)
    assert (Phase.COMPARING, 5, 3) in seen


def test_a_look_finds_what_nobody_told_it(world):
    node = world.node().duty().run()
    world.wish()
    node.advance(6)
    assert world.of().status is RequestStatus.COMPLETED


def test_days_of_one_source_come_one_after_the_other_and_sources_side_by_side(world):
    world.wish("C-1")
    world.wish("C-2", day=OTHER_DAY)
    world.wish("C-3", source="teams")
    node = world.node().duty()
    node.step()
    assert {row.request_id for row in node.status.running} == {"C-1", "C-3"}
    node.run()
    assert {world.of(name).status for name in ("C-1", "C-2", "C-3")} == {RequestStatus.COMPLETED}


def test_the_other_node_goes_on_with_the_same_request(world):
    world.wish()
    first = world.node().duty(term=1)
    for _ in range(4):
        first.step()
    world.term = 2
    second = world.node("beta").duty(term=2).run()
    row = world.of()
    assert (row.status, row.node, row.number) == (RequestStatus.COMPLETED, "beta", 1)
    first.run().advance(30)
    second.advance(30)
    assert world.numbers == [("zoom", DAY, 1)], "it was asked for once"
    assert first.status.on_duty is False


def test_a_node_that_lost_its_term_while_it_compared_keeps_nothing(world):
    world.wish()
    node = world.node().duty(term=1)
    while not node.lane.jobs:
        node.step()
    world.term = 2
    node.run()
    assert world.numbers == []
    assert world.of().status is RequestStatus.RUNNING
    assert node.status.on_duty is False
    node.duty(term=1).run()
    assert node.status.on_duty is False, "that term is over"
    node.duty(term=2).run()
    assert world.of().status is RequestStatus.COMPLETED


def test_a_withdrawn_duty_is_given_up_at_once(world):
    world.wish()
    node = world.node().duty()
    node.step()
    node.withdraw().run().advance(30)
    assert node.pair.messages == [DutyEnded("certificates", {})]
    assert world.of().status is RequestStatus.RUNNING
    node.duty(term=2).run()
    assert world.of().status is RequestStatus.COMPLETED


def test_nothing_is_asked_after_the_grant_ran_out_until_it_is_renewed(world):
    world.wish()
    node = world.node().duty(lasts_s=2.0)
    node.step()
    world.clock.advance(3)
    asked = len(world.source.windows)
    node.run()
    assert len(world.source.windows) <= asked + 1, "what was submitted before"
    node.duty().advance(3)
    assert world.of().status is RequestStatus.COMPLETED


def test_a_cancelled_request_is_dropped_and_the_next_begins(world):
    world.wish("C-1")
    world.wish("C-2", day=OTHER_DAY)
    node = world.node().duty()
    node.step()
    world.work.cancel("C-1", "cancelled by bob")
    node.run().advance(3)
    assert world.of("C-1").status is RequestStatus.CANCELLED
    assert world.numbers == [("zoom", OTHER_DAY, 1)]


def test_one_that_is_cancelled_while_it_is_compared_is_not_kept(world):
    world.wish()
    node = world.node().duty()
    while not node.lane.jobs:
        node.step()
    world.work.cancel("C-1", "cancelled by bob")
    node.run().advance(3)
    assert world.numbers == []
    assert node.status.running == ()


def test_patience_is_what_the_source_asks_for_and_is_told(world):
    world.wish()
    world.source.troubles = [Unreachable("away"), Throttled("wait", retry_after_s=7.0)]
    node = world.node().duty().run()
    world.clock.advance(1.5)
    assert world.of().status is RequestStatus.RUNNING
    node.advance(1)
    node.advance(5)
    assert world.of().reason == "zoom: wait"
    node.advance(5)
    assert world.of().status is RequestStatus.COMPLETED


@pytest.mark.parametrize("error", [AuthRefused("no"), Unreachable("away")])
def test_a_source_that_cannot_be_listed_whole_fails_it(world, error):
    world.wish()
    world.source.troubles = [error] * 10
    world.node().duty().run().advance(120)
    row = world.of()
    assert (row.status, row.number) == (RequestStatus.FAILED, None)
    assert row.reason == f"zoom does not give the day whole: {error}"
    assert row.ended_us is not None
    what, subject, actor, detail = world.trail.told[-1]
    assert (what, subject, actor) == ("certificate_failed", f"zoom {DAY}", "anna")
    assert detail == {"request": "C-1", "reason": row.reason}


def test_a_source_that_does_not_run_here_fails_it(world):
    world.wish(source="webex")
    world.node().duty().run()
    row = world.of()
    assert row.status is RequestStatus.FAILED
    assert row.reason == "webex does not run on alpha, which is primary"


def test_a_mistake_of_an_adapter_fails_the_request_and_not_the_node(world):
    world.wish()
    world.source.troubles = [KeyError("x")]
    world.node().duty().run()
    assert world.of().status is RequestStatus.FAILED
    assert "KeyError" in world.of().reason


def test_a_data_center_that_is_away_is_waited_for(world):
    world.wish()
    node = world.node().duty()
    while not node.lane.jobs:
        node.step()
    world.faults.down = True
    node.run().advance(30)
    assert world.of().status is RequestStatus.RUNNING
    world.faults.down = False
    node.advance(10)
    assert world.of().status is RequestStatus.COMPLETED
    assert len(world.source.windows) == 5, "it is not listed again"


def test_an_archive_that_is_not_mounted_lost_nothing_and_is_waited_for(world):
    objects = dict(world.objects.objects)
    world.objects.objects.clear()
    world.wish()
    node = world.node().duty().run()
    assert world.of().reason == "waits: the archive holds no object at all: is it mounted?"
    assert world.of().status is RequestStatus.RUNNING
    world.objects.objects.update(objects)
    node.advance(10)
    assert world.of().status is RequestStatus.COMPLETED
    assert world.certificates.certificates["zoom", DAY, 1].head.verdict == "complete"


def test_an_end_that_could_not_be_told_is_told_later(world):
    world.wish()
    world.source.troubles = [AuthRefused("no")]
    node = world.node().duty()
    while not node.source_lane.jobs:
        node.step()
    world.faults.down = True
    node.run().advance(3)
    assert world.of().status is RequestStatus.RUNNING
    world.faults.down = False
    node.advance(10)
    assert world.of().status is RequestStatus.FAILED
    assert [told[0] for told in world.trail.told].count("certificate_failed") == 1


def test_it_answers_pings(world):
    asked = Inbox("supervisor")
    world.node().tell(Ping(7, asked))
    assert asked.messages == [Pong("certificates", 7)]
