"""What was so when, on record although the Data Center is away and the node dies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.board import Board
from recorder.model import Finding, Level, Window
from recorder.records.findings import NODE_UP
from recorder.recover.chronicle import EVERY_S, TICK_S, Chronicle, SpanBook
from recorder.status import Findings, SourceStatus
from sim.tables.data_center import MemoryContactStore
from sim.tables.findings import FindingTables, MemoryFindingsDb
from tests.recorder.fakes import HandWorkers, LoopAddress
from tests.recorder.hand_clock import HandClock


class Bench:
    def __init__(self):
        self.clock, self.tables = HandClock(), FindingTables()
        self.db = MemoryFindingsDb(
            self.tables, MemoryContactStore(), node="alpha", clock=self.clock
        )
        self.start()

    def start(self):
        self.board, self.lane, self.me = Board(), HandWorkers(), LoopAddress("chronicle")
        self.me.behaviour = Chronicle(
            node="alpha", me=self.me, db=self.db, lane=self.lane, clock=self.clock, board=self.board
        )
        self.me.behaviour.on_start()
        self.work()

    def work(self):
        while self.lane.jobs or self.me.messages:
            self.me.pump()
            self.lane.run_all()

    def run(self, seconds):
        for _ in range(int(seconds / TICK_S)):
            self.clock.advance(TICK_S)
            self.work()

    def wrong(self, *codes):
        found = [Finding(code, Level.ERROR, "dyn", f"{code}!", "") for code in codes]
        self.board.publish("findings", Findings(tuple(found)))

    def source(self, state):
        self.board.publish(
            "source:dyn",
            SourceStatus(
                "dyn", "fake", state, 1, None, None, None, (), 0, 0, 0, 1, None, 0, 0, None, None,
                "429", "",
            ),
        )  # fmt: skip

    def spans(self, code):
        found = self.db.spans(Window(0, self.clock.wall_us() + 1), 100)
        return [span for span in found if span.code == code]


@pytest.fixture
def bench():
    return Bench()


def seconds(span):
    return (span.until_us - span.opened_us) / 1e6


def test_that_a_node_ran_is_on_record_to_the_minute(bench):
    bench.run(600)
    (up,) = bench.spans(NODE_UP)
    assert 600 - EVERY_S - TICK_S <= seconds(up) <= 600
    assert up.closed_us is None


def test_a_death_ends_it_where_it_was_last_seen(bench):
    bench.run(300)
    bench.clock.advance(1000)
    bench.start()
    bench.run(60)
    first, second = bench.spans(NODE_UP)
    assert first.closed_us == first.seen_us
    assert second.opened_us - first.closed_us >= 1_000_000_000
    assert second.closed_us is None


def test_what_was_wrong_is_on_record_with_its_begin_and_end(bench):
    bench.wrong("poll_failing")
    bench.run(100)
    bench.wrong()
    bench.run(10)
    (span,) = bench.spans("poll_failing")
    assert (span.subject, span.detail) == ("dyn", "poll_failing!")
    assert 90 <= seconds(span) <= 110
    assert span.closed_us is not None
    bench.wrong("poll_failing")
    bench.run(10)
    assert len(bench.spans("poll_failing")) == 2


def test_how_a_source_was_is_on_record_unless_it_was_well(bench):
    for state in ("starting", "polling", "waiting", "polling", "standby"):
        bench.source(state)
        bench.run(20)
    (span,) = bench.spans("source_waiting")
    assert (span.detail, seconds(span)) == ("429", 20.0)
    assert len(bench.spans("source_polling")) == 0


def test_what_cannot_be_written_now_is_written_later(bench):
    bench.db.faults.down = True
    bench.wrong("no_witness")
    bench.run(100)
    bench.wrong()
    bench.run(100)
    bench.db.faults.down = False
    bench.run(10)
    (span,) = bench.spans("no_witness")
    assert seconds(span) == 100.0
    bench.db.faults.answers_lost = 1
    bench.run(200)
    assert len(bench.spans(NODE_UP)) == 1


LOOKS = st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.booleans()), max_size=30)


@given(LOOKS)
def test_the_record_says_at_every_look_what_was_so(looks):
    book, written = SpanBook(node="alpha", started_us=0), {}
    for number, (so, works) in enumerate(looks, start=1):
        now_us = number * 10_000_000
        book.look([(code, "", "") for code in sorted(so)], now_us)
        if works:
            left = book.left()
            written |= {(span.code, span.opened_us): span for span in left}
            book.written(left)
            assert book.left() == ()
            current = {code for (code, _), span in written.items() if span.closed_us is None}
            assert current == so | {NODE_UP}
