"""The watermark as a state machine: reigns come and go, items end in any order, nothing is passed."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cluster.frames import Mark
from recorder.poll.watermark import Watermark

US = 1_000_000
NODES = ("alpha", "beta")
nodes = st.sampled_from(NODES)


class WatermarkMachine(RuleBasedStateMachine):
    """A source whose items are visible at their instant; a Data Center; two nodes, one of which polls."""

    def __init__(self):
        super().__init__()
        self.now_us = 100 * US
        self.offered = {}
        self.final = set()
        self.marks = {node: self.fresh() for node in NODES}
        self.reigning = "alpha"
        self.center = Mark(0, self.now_us)
        self.highest = dict.fromkeys(NODES, self.center)

    def fresh(self, mark=None):
        return Watermark(mark=mark or Mark(0, 100 * US), granularity_us=US)

    @property
    def poller(self):
        return self.marks[self.reigning]

    @rule(seconds=st.integers(0, 20))
    def time_passes(self, seconds):
        self.now_us += seconds * US

    @rule()
    def an_item_appears(self):
        self.offered[f"item-{len(self.offered)}"] = self.now_us

    @rule()
    def the_primary_polls(self):
        from_us = self.poller.mark.at_us
        for key, changed_us in self.offered.items():
            if from_us <= changed_us < self.now_us and key not in self.final:
                self.poller.found(key, changed_us)
        if self.now_us > from_us:
            self.poller.scanned(from_us, self.now_us)

    @precondition(lambda self: self.offered)
    @rule(data=st.data())
    def an_item_ends_whoever_worked_on_it(self, data):
        key = data.draw(st.sampled_from(sorted(self.offered)))
        self.final.add(key)
        for watermark in self.marks.values():
            watermark.final(key)

    @rule()
    def progress_is_saved(self):
        self.center = max(self.center, self.poller.mark)

    @rule(node=nodes)
    def the_peer_tells_its_mark(self, node):
        (peer,) = (name for name in NODES if name != node)
        self.marks[node].heard(self.marks[peer].mark)

    @rule(node=nodes)
    def a_node_restarts_with_nothing_but_what_is_on_record(self, node):
        self.marks[node] = self.fresh(self.center)
        self.highest[node] = self.center

    @rule(node=nodes)
    def the_reign_goes_over(self, node):
        self.reigning = node
        self.marks[node] = self.fresh(self.marks[node].mark)
        self.marks[node].heard(self.center)

    @invariant()
    def nothing_unfinished_lies_below_any_mark(self):
        for mark in (self.center, *(watermark.mark for watermark in self.marks.values())):
            below = {key for key, changed_us in self.offered.items() if changed_us < mark.at_us}
            assert below <= self.final

    @invariant()
    def no_mark_goes_back(self):
        for node, watermark in self.marks.items():
            assert watermark.mark >= self.highest[node]
            self.highest[node] = watermark.mark


WatermarkMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
TestWatermark = WatermarkMachine.TestCase
