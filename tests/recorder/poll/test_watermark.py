"""The watermark: by example, by property, and as two nodes in a world that does its worst."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from cluster.frames import Mark
from recorder.poll.watermark import Watermark


def fresh(at_us=100, granularity_us=1, epoch=0):
    return Watermark(mark=Mark(epoch, at_us), granularity_us=granularity_us)


def test_without_items_it_follows_the_horizon():
    watermark = fresh(100)
    watermark.scanned(50, 201)
    assert watermark.horizon_us == 200
    assert watermark.mark == Mark(0, 200)
    assert watermark.next_from_us == 201


def test_an_unfinished_item_holds_it_just_below_itself():
    watermark = fresh(100, granularity_us=10)
    watermark.found("a", 150)
    watermark.scanned(100, 300)
    assert watermark.mark.at_us == 140
    watermark.final("a")
    assert watermark.mark.at_us == 290


def test_a_newer_item_that_ends_first_does_not_move_it():
    watermark = fresh()
    watermark.found("old", 120)
    watermark.found("new", 180)
    watermark.scanned(100, 200)
    watermark.final("new")
    assert watermark.mark.at_us == 119
    watermark.final("old")
    assert watermark.mark.at_us == 199


def test_items_on_the_same_instant_hold_it_until_the_last_is_final():
    watermark = fresh()
    watermark.found("a", 150)
    watermark.found("b", 150)
    watermark.scanned(100, 200)
    watermark.final("a")
    assert watermark.mark.at_us == 149


def test_a_window_that_leaves_a_gap_proves_nothing():
    watermark = fresh(100)
    watermark.scanned(102, 200)
    assert watermark.mark.at_us == 100
    watermark.scanned(101, 200)
    assert watermark.mark.at_us == 199


def test_a_late_item_below_it_stops_it_and_does_not_pull_it_back():
    watermark = fresh(100)
    watermark.scanned(101, 200)
    watermark.found("late", 150)
    watermark.scanned(180, 300)
    assert watermark.mark.at_us == 199
    watermark.final("late")
    assert watermark.mark.at_us == 299


def test_an_item_listed_again_counts_from_its_earlier_instant():
    watermark = fresh()
    watermark.found("a", 150)
    watermark.found("a", 180)
    watermark.found("a", 120)
    watermark.scanned(100, 200)
    assert watermark.mark.at_us == 119
    assert watermark.pending == 1
    watermark.final("a")
    watermark.found("a", 190)
    watermark.scanned(190, 300)
    assert watermark.mark.at_us == 199, "what moved on does not go back"
    assert watermark.is_pending("a")


def test_the_end_of_an_unknown_item_is_harmless():
    watermark = fresh()
    watermark.final("never heard of")
    assert watermark.mark == Mark(0, 100)


def test_a_higher_mark_is_taken_and_a_lower_one_is_not():
    watermark = fresh(100)
    assert watermark.heard(Mark(0, 150))
    assert watermark.horizon_us == 150
    assert not watermark.heard(Mark(0, 120))
    assert not watermark.heard(Mark(0, 150))
    assert watermark.mark == Mark(0, 150)


def test_a_rewind_wins_over_every_mark_of_the_epoch_before():
    watermark, other = fresh(100), fresh(500)
    watermark.scanned(101, 400)
    watermark.rewind(50)
    assert watermark.mark == Mark(1, 50)
    assert watermark.horizon_us == 50
    assert other.heard(watermark.mark)
    assert other.mark == Mark(1, 50)
    assert other.next_from_us == 51
    assert not watermark.heard(Mark(0, 10_000))


def test_a_poll_that_began_before_a_rewind_does_not_move_the_horizon():
    watermark = fresh(100)
    watermark.scanned(101, 400)
    watermark.rewind(50)
    watermark.scanned(401, 500)
    assert watermark.mark == Mark(1, 50)


MARKS = st.builds(Mark, st.integers(0, 3), st.integers(0, 50))


@given(st.lists(MARKS, max_size=8), st.randoms(use_true_random=False))
def test_merging_is_the_same_in_any_order_and_number(marks, random):
    shuffled = marks * 2
    random.shuffle(shuffled)
    one, two = fresh(5), fresh(5)
    for mark in marks:
        one.heard(mark)
    for mark in shuffled:
        two.heard(mark)
    assert one.mark == two.mark == max([Mark(0, 5), *marks])


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("found"), st.integers(0, 5), st.integers(0, 60)),
        st.tuples(st.just("final"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("scan"), st.integers(0, 60), st.integers(0, 60)),
        st.tuples(st.just("heard"), st.integers(0, 2), st.integers(0, 60)),
        st.tuples(st.just("rewind"), st.just(0), st.integers(0, 60)),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.integers(1, 7))
def test_it_never_goes_back_and_never_rises_above_what_is_pending(events, granularity_us):
    watermark = fresh(10, granularity_us)
    last = watermark.mark
    pending = {}
    for what, first, second in events:
        if what == "found":
            watermark.found(str(first), second)
            pending[first] = min(second, pending.get(first, second))
        elif what == "final":
            watermark.final(str(first))
            pending.pop(first, None)
        elif what == "scan":
            watermark.scanned(min(first, second), max(first, second))
        elif what == "heard":
            watermark.heard(Mark(first, second))
        else:
            watermark.rewind(second)
        assert watermark.mark >= last
        moved_by_itself = what in {"found", "final", "scan"} and watermark.mark > last
        if moved_by_itself and pending:
            assert watermark.mark.at_us <= min(pending.values()) - granularity_us
        assert watermark.mark.at_us <= watermark.horizon_us
        assert watermark.pending == len(pending)
        last = watermark.mark


SETTLE = 4
OVERLAP = 3


class PairInABadWorld(RuleBasedStateMachine):
    """Two nodes, any of which may poll at any time, and a network that loses, doubles and reorders.

    Items become visible up to SETTLE + OVERLAP after their instant. What must hold: nothing the source
    shows lies unfinished where no node would look again; and with lateness within SETTLE, nothing
    unfinished lies at or below any node's W.
    """

    lateness_max = SETTLE

    @initialize()
    def begin(self):
        self.now = 20
        self.items = {}
        self.committed = set()
        self.numbers = itertools.count()
        self.disk = [Mark(0, 5), Mark(0, 5)]
        self.nodes = [fresh(5), fresh(5)]
        self.known = [set(), set()]
        self.scans = [None, None]
        self.said = [Mark(0, 5)]

    def visible(self):
        return [key for key, (_, shown) in self.items.items() if shown <= self.now]

    @rule(by=st.integers(1, 5))
    def time_passes(self, by):
        self.now += by

    @rule(late=st.integers(0, SETTLE + OVERLAP), copies=st.integers(1, 3))
    def calls_end_at_the_same_instant(self, late, copies):
        for _ in range(copies):
            late_now = min(late, self.lateness_max)
            self.items[f"item{next(self.numbers)}"] = (self.now, self.now + late_now)

    @rule(node=st.integers(0, 1))
    def a_node_begins_to_poll(self, node):
        watermark = self.nodes[node]
        to = self.now - SETTLE
        if to > watermark.next_from_us:
            start = watermark.next_from_us - OVERLAP
            shown = [k for k in self.visible() if start <= self.items[k][0] < to]
            self.scans[node] = (start, to, sorted(shown))

    @precondition(lambda self: any(self.scans))
    @rule(node=st.integers(0, 1), page=st.integers(1, 2))
    def it_lists_a_page(self, node, page):
        if self.scans[node] is None:
            return
        start, to, left = self.scans[node]
        for key in left[:page]:
            if key not in self.committed:
                self.nodes[node].found(key, self.items[key][0])
                self.known[node].add(key)
        if left[page:]:
            self.scans[node] = (start, to, left[page:])
        else:
            self.nodes[node].scanned(start, to)
            self.scans[node] = None

    @precondition(lambda self: any(self.known))
    @rule(
        node=st.integers(0, 1),
        pick=st.integers(0, 1000),
        heard=st.sampled_from(["both", "one", "none"]),
    )
    def an_item_is_committed(self, node, pick, heard):
        open_items = sorted(self.known[node])
        if not open_items:
            return
        key = open_items[pick % len(open_items)]
        self.committed.add(key)
        for other in {"both": (0, 1), "one": (node,), "none": ()}[heard]:
            self.nodes[other].final(key)
            self.known[other].discard(key)

    @precondition(lambda self: any(self.known))
    @rule(node=st.integers(0, 1))
    def a_node_asks_the_data_center_again(self, node):
        for key in sorted(self.known[node] & self.committed):
            self.nodes[node].final(key)
            self.known[node].discard(key)

    @rule(node=st.integers(0, 1))
    def a_node_says_its_mark(self, node):
        self.said.append(self.nodes[node].mark)

    @rule(node=st.integers(0, 1), which=st.integers(0, 1000))
    def a_node_hears_any_mark_ever_said(self, node, which):
        self.nodes[node].heard(self.said[which % len(self.said)])

    @rule(node=st.integers(0, 1))
    def a_node_saves(self, node):
        self.disk[node] = max(self.disk[node], self.nodes[node].mark)

    @rule(node=st.integers(0, 1))
    def a_node_dies_and_starts_again(self, node):
        mark = self.disk[node]
        self.nodes[node] = fresh(mark.at_us, epoch=mark.epoch)
        self.known[node] = set()
        self.scans[node] = None

    @invariant()
    def nothing_unfinished_lies_at_or_below_a_watermark(self):
        for node in self.nodes:
            for key in self.visible():
                changed = self.items[key][0]
                assert changed > node.mark.at_us or key in self.committed

    def teardown(self):
        """Once the trouble is over, whoever takes over finds everything that is left."""
        if not hasattr(self, "nodes"):
            return
        self.now += 50
        best = max(node.mark for node in self.nodes)
        start = best.at_us + 1 - OVERLAP
        for key in self.visible():
            assert key in self.committed or self.items[key][0] >= start


class PairInAWorldThatIsLate(PairInABadWorld):
    """The same with later items: W itself may be passed, but never by more than the overlap."""

    lateness_max = SETTLE + OVERLAP

    @invariant()
    def nothing_unfinished_lies_at_or_below_a_watermark(self):
        for node in self.nodes:
            for key in self.visible():
                changed = self.items[key][0]
                held = changed > node.mark.at_us - OVERLAP
                assert held or key in self.committed


TestPairInABadWorld = PairInABadWorld.TestCase
TestPairInABadWorld.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestPairInAWorldThatIsLate = PairInAWorldThatIsLate.TestCase
TestPairInAWorldThatIsLate.settings = TestPairInABadWorld.settings
