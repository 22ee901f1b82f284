"""Processes that die, stop or crawl, and what the machine keeps of them."""

import itertools

import pytest

from cluster.messages import LeaseAnswered
from cluster.work_messages import JobFinished
from sim.clockwork.kernel import Kernel
from sim.world.incident import Fault
from tests.simulation.rule_worlds import live


def test_a_crash_ends_the_process_and_its_end_starts_another():
    lived = live(
        Fault("crash", "alpha", at_s=40, for_s=10),
        looks={45: lambda w: w.machines["alpha"].lives, 60: lambda w: w.machines["alpha"].lives},
    )
    assert lived.seen == {45: False, 60: True}
    assert lived.world.machines["alpha"].starts == 2


def test_a_host_that_loses_its_power_loses_what_was_not_synced():
    """The journal has the record, the power goes before it is synced: it is not there."""
    journal = lambda w: len(w.machines["alpha"].disk.journal.read())  # noqa: E731
    fault = Fault("crash", "alpha", at_next="fsync", at_s=30, for_s=20, options={"power": True})
    lost = live(fault, looks={45: journal})
    assert not lost.world.machines["alpha"].disk.files.parts()
    assert lost.world.machines["alpha"].starts == 2


@pytest.mark.parametrize("effects", range(0, 12, 2))
def test_a_process_that_dies_in_the_middle_of_a_step_leaves_half_of_it(effects):
    """Beta is about to take over, and dies after so many messages, jobs, timers and frames of that."""
    lived = live(
        Fault("crash", "alpha", at_s=40, for_s=40),
        Fault(
            "crash",
            "beta",
            at_s=41,
            at_next="pair:LeaseAnswered",
            for_s=10,
            options={"after_effects": effects},
        ),
    )
    assert lived.world.machines["beta"].starts == 2


def test_no_effect_but_the_first_is_seen_of_a_step_cut_short():
    """The step that answers a finished job tells two actors; the process dies after the first."""
    at_step = {"at_s": 30, "at_next": "poller:JobFinished", "for_s": 10}
    whole = live(Fault("crash", "alpha", **at_step, options={"after_effects": 100}))
    cut = live(Fault("crash", "alpha", **at_step, options={"after_effects": 0}))
    heard_whole = len(whole.messages(JobFinished, "alpha", 30))
    assert heard_whole > 0
    assert len(cut.messages(JobFinished, "alpha", 30)) < heard_whole


def test_a_stopped_process_hears_nothing_and_everything_when_it_wakes():
    lived = live(
        Fault("pause", "alpha", at_s=40, for_s=12),
        looks={50: lambda w: w.machines["alpha"].paused},
    )
    assert lived.seen[50] is True
    quiet = [at for at, node, _, _ in lived.heard if node == "alpha" and 40.01 < at < 52]
    burst = [at for at, node, _, _ in lived.heard if node == "alpha" and 52 <= at < 52.1]
    assert not quiet
    assert len(burst) > 20


def test_a_slow_node_handles_one_thing_after_the_other_and_its_mailboxes_fill():
    def waiting(world):
        assembly = world.machines["alpha"].assembly
        return sum(assembly._ports.runtime.mailbox_depths().values())

    instants = [45 + step / 10 for step in range(50)]
    slow = live(
        Fault("slow_node", "alpha", at_s=40, for_s=20, options={"turn_s": 0.02}),
        looks=dict.fromkeys(instants, waiting),
    )
    steps = [at for at, node, _, _ in slow.heard if node == "alpha" and 41 < at < 59]
    gaps = [later - earlier for earlier, later in itertools.pairwise(steps)]
    assert min(gaps) >= 0.02 - 1e-6
    assert max(slow.seen.values()) > 2


def test_a_crash_at_a_point_hits_the_node_that_reaches_it_first():
    lived = live(Fault("crash", at_s=20, at_next="call:commit", for_s=5))
    starts = [machine.starts for machine in lived.world.machines.values()]
    assert sorted(starts) == [1, 2]


def test_a_fault_may_wait_for_what_the_other_node_does():
    lived = live(
        Fault("crash", "alpha", at_s=40, for_s=20),
        Fault("pause", "alpha", at_s=0, at_next="beta/role:candidate", for_s=1),
        Fault("crash", "beta", at_s=40, at_next="beta/role:primary", for_s=5),
    )
    assert lived.world.machines["beta"].starts == 2
    assert lived.world.counts["fault crash"] == 2
    assert lived.messages(LeaseAnswered, "beta", 40)


def test_a_node_that_is_stopped_in_good_order_hands_over_first():
    lived = live(Fault("stop", "alpha", at_s=40, for_s=10))
    history = lived.world.data_center.contacts.history
    reasons = [row.reason for row in history if row.node == "beta" and row.new == "primary"]
    assert lived.world.machines["alpha"].starts == 2
    assert reasons
    assert not any("died" in reason for reason in reasons)


def test_an_operator_moves_the_role_at_any_instant():
    lived = live(
        Fault("switchover", at_s=40, at_next="poller:PageListed"),
        Fault("crash", "alpha", at_s=45, for_s=5),
        minutes=1.2,
    )
    assert lived.world.counts["fault switchover"] == 1


def test_exactly_the_effects_before_the_crash_take_place():
    for effects in range(1, 6):
        kernel = Kernel(seed=effects)
        epoch = kernel.begin_epoch("alpha")
        done = []

        def step(kernel=kernel, epoch=epoch, done=done):
            for number in range(4):
                kernel.schedule(0, lambda n=number: done.append(n), label="effect", epoch=epoch)

        kernel.schedule(0, step, label="step", epoch=epoch)
        epoch.blow_after(effects + 1, epoch.end)
        kernel.run_for(1)
        # Events of an ended life vanish, so those before the crash count only while it lives.
        assert epoch.ended is (effects < 4)
        assert done == ([] if epoch.ended else [0, 1, 2, 3])


def test_what_a_process_sent_before_it_died_arrives_and_nothing_after_it():
    """The journal takes a record, a job is told of it, and the process dies after so many effects."""
    archived = []
    for effects in (1, 40):
        lived = live(
            Fault(
                "crash",
                "alpha",
                at_s=30,
                at_next="done:commit",
                for_s=10,
                options={"after_effects": effects},
            ),
            minutes=1,
        )
        archived.append(lived.world.machines["alpha"].starts)
    assert archived == [2, 2]


def test_a_process_that_never_comes_so_far_is_spared_when_the_fault_is_over():
    fault = Fault("crash", "alpha", at_s=30, for_s=0.01, options={"after_effects": 500})
    lived = live(fault, minutes=0.8)
    assert lived.world.machines["alpha"].starts == 1


def test_fuses_of_one_life_burn_together_and_each_may_be_put_out():
    kernel = Kernel(seed=1)
    epoch = kernel.begin_epoch("alpha")
    blown = []
    first, second, third = (
        epoch.blow_after(effects, lambda n=effects: blown.append(n)) for effects in (1, 2, 3)
    )
    epoch.effect()
    epoch.put_out(second)
    epoch.put_out(first)
    assert not epoch.plain
    epoch.effect()
    epoch.effect()
    assert blown == [1, 3]
    assert epoch.plain
    assert third.left == 0


def test_slow_events_keep_their_order():
    kernel = Kernel(seed=1)
    epoch = kernel.begin_epoch("alpha")
    kernel.slow_epoch("alpha", 0.5)
    done = []
    for number in range(4):
        kernel.schedule(
            number,
            lambda n=number: done.append((n, kernel.now_ns)),
            label="event",
            epoch=epoch,
        )
    kernel.run_for(1.2)
    assert [n for n, _ in done] == [0, 1, 2]
    kernel.slow_epoch("alpha", 0.0)
    kernel.run_for(1)
    assert [n for n, _ in done] == [0, 1, 2, 3]
    gaps = [later - at for (_, at), (_, later) in itertools.pairwise(done[:3])]
    assert gaps == [500_000_000, 500_000_000]
