"""What the simulated runtime adds to the contract: seeds, crashes of nodes, virtual time."""

import pykka  # noqa: TID251 - its future is looked at
import pytest

from cluster.errors import ReplyTimeout
from sim.clockwork.kernel import Deadlock, Kernel
from sim.clockwork.runtime import SimRuntime
from tests.contract.hosts import Recorder, SimHost


@pytest.fixture
def host():
    return SimHost()


def started(host, name, behaviour):
    address = host.runtime.reserve(name)
    host.runtime.start(address, behaviour)
    return address


def interleaving(seed):
    host, order = SimHost(seed), []
    addresses = [
        started(host, name, Recorder(lambda message, name=name: order.append((name, message))))
        for name in "abc"
    ]
    for number in range(5):
        for address in addresses:
            address.tell(number)
    host.runtime.stop_all()
    return order


def test_actors_interleave_differently_under_another_seed_and_equally_under_the_same():
    assert interleaving(1) == interleaving(1)
    assert len({tuple(interleaving(seed)) for seed in range(20)}) > 15


def test_each_mailbox_stays_in_order_under_every_seed():
    for seed in range(20):
        order = interleaving(seed)
        for name in "abc":
            assert [number for who, number in order if who == name] == [0, 1, 2, 3, 4]


def test_nothing_runs_before_the_kernel_does(host):
    recorder = Recorder()
    started(host, "one", recorder).tell("hello")
    assert recorder.seen == []
    host.kernel.run_for(0.001)
    assert recorder.seen == ["start", "hello"]


def test_one_message_is_handled_per_event(host):
    recorder = Recorder()
    address = started(host, "one", recorder)
    host.kernel.run_for(0.001)
    address.tell("a")
    address.tell("b")
    host.kernel.step()
    assert recorder.seen == ["start", "a"]


def test_a_crashed_node_handles_nothing_more(host):
    recorder = Recorder()
    address = started(host, "one", recorder)
    host.kernel.run_for(0.001)
    address.tell("under way")
    host.kernel.end_epoch("a")
    address.tell("too late")
    host.kernel.run_for(1)
    assert recorder.seen == ["start"]
    with pytest.raises(ReplyTimeout):
        host.runtime.stop(address)


def test_two_nodes_and_two_lives_may_use_the_same_names():
    kernel = Kernel(seed=1)
    seen = []
    for node in ("a", "b", "a"):
        runtime = SimRuntime(
            kernel=kernel, epoch=kernel.begin_epoch(node), on_crash=lambda *_: None
        )
        address = runtime.reserve("pair")
        runtime.start(address, Recorder(seen.append))
        address.tell(node)
    kernel.run_for(1)
    assert sorted(seen) == ["a", "b"]


def test_a_timed_out_question_takes_exactly_its_time_of_virtual_time(host):
    address = started(host, "one", Recorder())
    with pytest.raises(ReplyTimeout):
        host.runtime.ask(address, lambda reply: reply, 30)
    assert host.kernel.now_ns == 30_000_000_000


def test_what_on_crash_raises_comes_out_of_the_kernel():
    kernel = Kernel(seed=1)

    def on_crash(name, error):
        raise RuntimeError(f"{name} crashed") from error

    runtime = SimRuntime(kernel=kernel, epoch=kernel.begin_epoch("a"), on_crash=on_crash)

    def fail(_):
        raise ValueError

    address = runtime.reserve("one")
    runtime.start(address, Recorder(fail))
    address.tell("go")
    with pytest.raises(RuntimeError, match="one crashed"):
        kernel.run_for(1)


def test_the_signals_of_a_test_framework_come_out_of_the_kernel_and_are_no_crash(host):
    class StopTest(BaseException):
        pass

    def stop_test(_):
        raise StopTest

    bystander = Recorder()
    other = started(host, "other", bystander)
    started(host, "one", Recorder(stop_test)).tell("go")
    with pytest.raises(StopTest):
        host.kernel.run_for(1)
    other.tell("still here?")
    host.kernel.run_for(1)
    assert bystander.seen == ["start", "still here?"]
    assert host.crashes == []


def test_blocking_in_a_behaviour_is_a_crash_with_a_clear_message(host):
    started(host, "one", Recorder(lambda _: host.kernel.block_for(1))).tell("go")
    host.kernel.run_for(1)
    ((name, error),) = host.crashes
    assert (name, type(error)) == ("one", Deadlock)


def test_waiting_for_a_future_of_the_library_is_a_crash_with_a_clear_message(host):
    other = started(host, "other", Recorder())
    reference = other.cell.actor_ref
    assert isinstance(reference, pykka.ActorRef)
    started(host, "one", Recorder(lambda _: reference.ask("question"))).tell("go")
    host.kernel.run_for(1)
    ((name, error),) = host.crashes
    assert (name, type(error)) == ("one", Deadlock)
    assert "tell it instead" in str(error)


def test_actors_have_readable_names_in_the_library_and_never_its_registry(host):
    address = started(host, "one", Recorder())
    host.kernel.run_for(1)
    assert address.cell.actor_ref.actor_urn == "urn:actor:one"
    assert pykka.ActorRegistry.get_all() == []
