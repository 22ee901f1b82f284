"""The same small set of ports, real and simulated: what contract tests are parametrized over."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from cluster.adapters.state_file import StateFile
from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.adapters.thread_workers import ThreadWorkers
from cluster.ports import Clock, NodeStateStore, Outcome, Randomness, Runtime, Workers
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Kernel, Trace
from sim.clockwork.randomness import SimRandomness
from sim.clockwork.runtime import SimRuntime
from sim.clockwork.workers import SimWorkers
from sim.stand_ins.node_state import SimNodeStateStore
from tests.waiting import wait_until


class _Host:
    """What both kinds of host share."""

    def run(self, job: Callable[[], object]) -> Outcome[object]:
        """The outcome of `job`, run by a worker, as blocking code is."""
        outcomes: list[Outcome[object]] = []
        address = self.runtime.reserve("runner")
        self.runtime.start(address, Recorder(outcomes.append))
        self.workers().submit(job, address, lambda outcome: outcome)
        self.until(lambda: outcomes, "the job ends")
        self.runtime.stop(address)
        return outcomes[0]


class RealHost(_Host):
    """Threads and the machine's clocks."""

    def __init__(self) -> None:
        self.crashes: list[tuple[str, BaseException]] = []
        self.runtime: Runtime = ThreadRuntime(on_crash=self._on_crash)
        self.clock: Clock = RealClock()
        self.randomness: Randomness = RealRandomness()
        self._lanes: list[ThreadWorkers] = []

    def workers(self, threads: int = 1) -> Workers:
        lane = ThreadWorkers(name="lane", threads=threads, on_crash=self._on_crash)
        self._lanes.append(lane)
        return lane

    def state_store(self, folder: Path) -> NodeStateStore:
        return StateFile(folder / "state.json")

    def pause(self, seconds: float) -> None:
        """Block, inside a job, for about so long."""
        end_ns = self.clock.monotonic_ns() + round(seconds * 1e9)
        wait_until(lambda: self.clock.monotonic_ns() >= end_ns, 10, "time passes")

    def hold(self, condition: Callable[[], object]) -> None:
        """Block, inside a job, until `condition()` holds."""
        wait_until(condition, 10, "the job may go on")

    def let_pass(self, seconds: float) -> None:
        self.pause(seconds)

    def until(self, condition: Callable[[], object], what: str) -> None:
        wait_until(condition, 10, what)

    def close(self) -> None:
        self.clock.stop()
        for lane in self._lanes:
            assert lane.stop(5)
        self.runtime.stop_all()

    def _on_crash(self, name: str, error: BaseException) -> None:
        self.crashes.append((name, error))


class SimHost(_Host):
    """One simulated node."""

    def __init__(self, seed: int = 1, trace: Trace | None = None) -> None:
        self.crashes: list[tuple[str, BaseException]] = []
        self.kernel = Kernel(seed=seed, trace=trace)
        self.epoch = self.kernel.begin_epoch("a")
        self.runtime: Runtime = SimRuntime(
            kernel=self.kernel, epoch=self.epoch, on_crash=self._on_crash
        )
        self.clock: Clock = SimClock(kernel=self.kernel, epoch=self.epoch)
        self.randomness: Randomness = SimRandomness(kernel=self.kernel, node="a")
        self._lanes: list[SimWorkers] = []
        self._lane_numbers = count(1)

    def workers(self, threads: int = 1) -> Workers:
        lane = SimWorkers(
            kernel=self.kernel,
            epoch=self.epoch,
            name=f"lane{next(self._lane_numbers)}",
            threads=threads,
            on_crash=self._on_crash,
        )
        self._lanes.append(lane)
        return lane

    def state_store(self, _folder: Path) -> NodeStateStore:
        return SimNodeStateStore(kernel=self.kernel, node="a")

    def pause(self, seconds: float) -> None:
        """Block, inside a job, for so long."""
        self.kernel.block_for(seconds)

    def hold(self, condition: Callable[[], object]) -> None:
        """Block, inside a job, until `condition()` holds."""
        while not condition():
            self.kernel.block_for(0.001)

    def let_pass(self, seconds: float) -> None:
        self.kernel.run_for(seconds)

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline_ns = self.kernel.now_ns + 10_000_000_000
        assert self.kernel.pump(lambda: bool(condition()), deadline_ns), f"not within 10 s: {what}"

    def close(self) -> None:
        for lane in self._lanes:
            assert lane.stop(60)
        self.runtime.stop_all()

    def _on_crash(self, name: str, error: BaseException) -> None:
        self.crashes.append((name, error))


HOSTS = {"threads": RealHost, "sim": SimHost}


class Recorder:
    """A behaviour that notes what happens to it; `on` may react to a message, or raise."""

    def __init__(self, on: Callable[[object], None] = lambda _message: None) -> None:
        self.seen: list[object] = []
        self._on = on

    def on_start(self) -> None:
        self.seen.append("start")

    def on_message(self, message: object) -> None:
        self.seen.append(message)
        self._on(message)

    def on_stop(self) -> None:
        self.seen.append("stop")
