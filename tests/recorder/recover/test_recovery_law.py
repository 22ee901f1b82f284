"""Whatever dies, is lost, ends or is cancelled, and whenever: every item is in one place, and nothing is done twice."""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recorder.errors import Throttled, Unreachable
from recorder.messages import RecoveriesChanged
from recorder.model import ItemState, Window
from recorder.records.recoveries import RecoveryStatus
from tests.recorder.recover.recovering import HOUR_US, NOW_US, Desk

KEYS = [f"i{number:02d}" for number in range(12)]
NAMES = ("R-1", "R-2")
ENDS = (ItemState.GONE, ItemState.NOT_RECORDABLE)


class Recovering(RuleBasedStateMachine):
    """One source, one Data Center, and nodes that follow each other."""

    def __init__(self):
        super().__init__()
        self.desk = Desk()
        self.desk.source.page_size = 2
        for number, key in enumerate(KEYS):
            self.desk.source.add(key, age_s=70_000 - number * 5000)
        self.term = 1
        self.desk.duty()
        self.in_hand = []
        self.archived = Counter()

    # -- what people do ----

    @rule(name=st.sampled_from(NAMES), hours=st.sampled_from([24, 12]), dry=st.booleans())
    def ask(self, name, hours, dry):
        window = Window(NOW_US - hours * HOUR_US, NOW_US)
        self.desk.request(name, window=window, dry_run=dry and name == "R-2")
        self.desk.tell(RecoveriesChanged())

    @rule(name=st.sampled_from(NAMES))
    def cancel(self, name):
        self.desk.db.cancel(name, "enough")

    @rule(name=st.sampled_from(NAMES))
    def resume(self, name):
        self.desk.db.resume(name)

    # -- what goes on ----

    @rule(count=st.integers(1, 6))
    def work(self, count):
        for _ in range(count):
            lanes = [lane for lane in (self.desk.database, self.desk.lane) if lane.jobs]
            if lanes:
                lanes[0].run_one()
        self.take()

    @rule(seconds=st.sampled_from([0.1, 2.0, 7.0, 61.0]))
    def pass_time(self, seconds):
        self.desk.advance(seconds)
        self.take()

    def take(self):
        self.in_hand += self.desk.given()

    @precondition(lambda self: self.in_hand)
    @rule()
    def archive(self):
        key = self.in_hand.pop(0)
        self.archived[key] += 1
        self.desk.archive(key)

    @precondition(lambda self: self.in_hand)
    @rule(state=st.sampled_from(ENDS))
    def end(self, state):
        self.desk.end(self.in_hand.pop(0), state)

    @precondition(lambda self: self.in_hand)
    @rule(parked=st.booleans())
    def fail(self, parked):
        self.desk.end(self.in_hand.pop(0), ItemState.FAILED, parked=parked)

    @rule(key=st.sampled_from(KEYS))
    def found_live(self, key):
        self.desk.archive(key)

    # -- what breaks ----

    @rule()
    def die(self):
        """The other node takes over; nothing of this one is left but what is on record."""
        self.term += 1
        self.desk.center.term = self.term
        self.desk = Desk(center=self.desk.center, source=self.desk.source)
        self.desk.duty(term=self.term)
        self.in_hand.clear()

    @rule()
    def lose_the_duty_for_a_moment(self):
        self.desk.withdraw()
        self.term += 1
        self.desk.center.term = self.term
        self.desk.duty(term=self.term)

    @rule()
    def work_on_although_another_term_began(self):
        """An old primary that does not know yet."""
        self.term += 1
        self.desk.center.term = self.term
        self.desk.run()
        self.desk.duty(term=self.term)
        self.take()

    @rule(count=st.integers(1, 3))
    def lose_answers(self, count):
        self.desk.faults.answers_lost += count

    @rule()
    def center_goes_and_comes(self):
        self.desk.faults.down = not self.desk.faults.down

    @rule(error=st.sampled_from([Unreachable("no answer"), Throttled("slow", retry_after_s=3.0)]))
    def source_fails(self, error):
        self.desk.source.errors.append(error)

    # -- the laws ----

    @invariant()
    def counts_add_up_and_say_what_the_items_say(self):
        for name in NAMES:
            row = self.desk.db.recovery(name)
            if row is None:
                continue
            counts, stages = row.counts, Counter(self.desk.stages(name).values())
            assert counts.add_up, counts
            assert counts.pending == stages["pending"] + stages["given"]
            assert counts.recovered == stages["recovered"]
            assert counts.gone == stages["gone"]
            assert counts.failed == stages["failed"]
            assert counts.detected <= len(KEYS)
            if row.status is RecoveryStatus.COMPLETED and not row.dry_run:
                assert counts.pending == 0
                assert row.is_listed

    def teardown(self):
        """Once nothing breaks any more, all of it comes to an end."""
        self.desk.faults.down, self.desk.faults.answers_lost = False, 0
        self.desk.source.errors.clear()
        for _ in range(200):
            self.desk.advance(7)
            self.take()
            while self.in_hand:
                self.desk.archive(self.in_hand.pop())
            for key in KEYS:  # what failed for now is tried again by the poller
                row = self.desk.center.contacts.items.rows.get(("dyn", key))
                if row is not None and row.state == ItemState.FAILED:
                    self.desk.archive(key)
            if not self.desk.db.running():
                break
        assert self.desk.db.running() == ()
        self.counts_add_up_and_say_what_the_items_say()


TestRecovering = Recovering.TestCase
TestRecovering.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
