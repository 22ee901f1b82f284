import pytest

from recorder.errors import DataCenterDown, SchemaTooNew
from recorder.migration import RETRY_S, Migration
from sim.tables.audit import ListedTrail
from tests.by_hand import HandClock, HandWorkers, Inbox


class Bench:
    """A migration whose tries end as told, one after the other."""

    def __init__(self, *ends):
        self.ends = list(ends)
        self.tries = 0
        self.clock, self.workers, self.me = HandClock(), HandWorkers(), Inbox("migration")
        self.trail = ListedTrail()
        self.migration = Migration(
            me=self.me,
            migrate=self.migrate,
            workers=self.workers,
            clock=self.clock,
            trail=self.trail,
            schema="0042",
        )
        self.migration.on_start()

    def migrate(self):
        self.tries += 1
        end = self.ends.pop(0)
        if end is not None:
            raise end

    def run(self):
        self.workers.run_one()
        self.deliver()

    def deliver(self):
        for message in self.me.take():
            self.migration.on_message(message)


def test_it_tries_at_once_and_is_done_when_that_works():
    bench = Bench(None)
    assert bench.workers.waiting() == 1
    bench.run()
    bench.clock.advance(100 * RETRY_S)
    bench.deliver()
    assert bench.tries == 1
    assert bench.workers.waiting() == 0


def test_while_the_data_center_is_away_it_tries_again_and_again():
    bench = Bench(DataCenterDown("away"), DataCenterDown("away"), None)
    for tries in (1, 2):
        bench.run()
        assert bench.tries == tries
        bench.clock.advance(RETRY_S - 0.01)
        bench.deliver()
        assert bench.workers.waiting() == 0
        bench.clock.advance(0.01)
        bench.deliver()
        assert bench.workers.waiting() == 1
    bench.run()
    assert bench.tries == 3
    assert bench.clock.timers == []


@pytest.mark.parametrize("error", [SchemaTooNew("newer"), ValueError("a bug")])
def test_what_is_no_outage_ends_the_node(error):
    bench = Bench(error)
    with pytest.raises(type(error), match=str(error)):
        bench.run()
    assert bench.clock.timers == []


def test_nothing_is_held_when_it_stops():
    bench = Bench(None)
    bench.migration.on_stop()
    assert bench.tries == 0


def test_the_first_node_that_brings_a_schema_puts_it_on_record():
    bench = Bench(DataCenterDown("away"), None)
    bench.run()
    assert bench.trail.told == []
    bench.clock.advance(RETRY_S)
    bench.deliver()
    bench.run()
    (told,) = bench.trail.told
    assert told == ("schema_migrated", "contact database", "system", {"revision": "0042"})
    assert bench.trail.once == ["schema:0042"]
