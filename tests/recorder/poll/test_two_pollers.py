"""Two real pollers, one Data Center, and an adversary who decides who polls, what fails and what gets lost."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.messages import MarksHeard
from cluster.work_messages import JobFinished
from recorder.codec import job_key
from recorder.errors import Throttled, Unreachable
from recorder.model import ItemState
from recorder.settings.stages import RetrySettings
from tests.recorder.poll.polling import Desk, SmallCenter

NODES = st.integers(0, 1)
RETRY = RetrySettings(base_s=1, cap_s=5, park_after_tries=2)


class TwoPollers(RuleBasedStateMachine):
    """Whatever happens: no unfinished item at or below a watermark, and in the end nothing is left."""

    @initialize()
    def begin(self):
        self.center = SmallCenter()
        self.desks = [self.desk(node) for node in (0, 1)]
        self.items = []
        self.said = []
        self.term = 0

    def desk(self, node, store=None, clock=None, items=()):
        desk = Desk(center=self.center, node="ab"[node], store=store, retry=RETRY)
        if clock is not None:
            desk.clock.now_ns = clock.now_ns
        desk.source.items = list(items)
        desk.source.page_size = 3
        desk.start()
        return desk

    @rule(ages=st.lists(st.integers(0, 2), min_size=1, max_size=4))
    def calls_end(self, ages):
        for age_s in ages:
            key = f"call{len(self.items)}"
            self.items.append(self.desks[0].source.add(key, age_s))
            self.desks[1].source.items = list(self.desks[0].source.items)

    @rule(seconds=st.sampled_from([1, 20, 60, 95, 300]))
    def time_passes(self, seconds):
        for desk in self.desks:
            desk.advance(seconds)

    @rule(node=NODES, lasts_s=st.sampled_from([5, 100, 10_000]))
    def a_node_gets_the_duty(self, node, lasts_s):
        self.term += 1
        self.desks[node].grant(term=self.term, lasts_s=lasts_s)

    @rule(node=NODES)
    def a_node_loses_the_duty(self, node):
        self.desks[node].withdraw()
        self.desks[node].run()

    @rule(node=NODES, pick=st.integers(0, 99), told=st.sampled_from(["both", "one", "none"]))
    def an_item_is_archived(self, node, pick, told):
        if not self.items:
            return
        ref = self.items[pick % len(self.items)]
        self.center.final.add(job_key(ref))
        for other in {"both": (0, 1), "one": (node,), "none": ()}[told]:
            self.desks[other].tell(JobFinished(job_key(ref), "a", 0, b""))

    @rule(
        node=NODES,
        pick=st.integers(0, 99),
        state=st.sampled_from(["failed", "gone"]),
        code=st.sampled_from(["not_media", "unreachable"]),
    )
    def an_item_breaks(self, node, pick, state, code):
        if self.items:
            self.desks[node].break_it(self.items[pick % len(self.items)], ItemState(state), code)

    @rule(node=NODES, pick=st.integers(0, 99))
    def a_mark_is_heard_at_any_time(self, node, pick):
        self.said += [desk.mark for desk in self.desks if desk.mark is not None]
        if self.said:
            self.desks[node].tell(MarksHeard({"crm": self.said[pick % len(self.said)]}))

    @rule()
    def the_data_center_comes_and_goes(self):
        self.center.down = not self.center.down

    @rule(node=NODES, throttled=st.booleans())
    def the_source_fails(self, node, throttled):
        error = Throttled("x", retry_after_s=30) if throttled else Unreachable("x")
        self.desks[node].source.errors.append(error)

    @rule(node=NODES)
    def a_node_dies_and_starts_again(self, node):
        old = self.desks[node]
        self.desks[node] = self.desk(node, old.store, old.clock, old.source.items)

    @invariant()
    def nothing_unfinished_lies_at_or_below_a_watermark(self):
        for desk in getattr(self, "desks", ()):
            if desk.mark is not None:
                for ref in self.items:
                    is_final = job_key(ref) in self.center.final
                    assert is_final or ref.changed_us > desk.mark.at_us, ref

    def teardown(self):
        """Faults stop, one node polls, work gets done: everything ends."""
        if not hasattr(self, "desks"):
            return
        self.center.down = False
        for desk in self.desks:
            desk.source.errors.clear()
        marks = {"crm": max(d.mark for d in self.desks)} if all(d.mark for d in self.desks) else {}
        desk = self.desks[0]
        self.a_node_loses_the_duty(1)
        desk.grant(term=self.term + 1, lasts_s=1e6, marks=marks)
        for _ in range(6):
            desk.advance(60)
            for message in [m for m in desk.distributor.take() if hasattr(m, "job")]:
                self.center.final.add(message.job.key)
                desk.tell(JobFinished(message.job.key, "a", 0, b""))
        left = [ref for ref in self.items if job_key(ref) not in self.center.final]
        assert not left
        assert desk.status.pending == 0


TestTwoPollers = TwoPollers.TestCase
TestTwoPollers.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
