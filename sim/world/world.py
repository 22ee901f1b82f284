"""Runs one incident: two nodes live through calls and faults, the world heals, and is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cluster.settings import PairSettings
from recorder.tracing.rows import Note
from sim.checkers.contents import read_contents
from sim.checkers.healing import check_healing
from sim.checkers.nothing_lost import check_newest
from sim.checkers.one_contact import check_one_contact
from sim.checkers.revisions import check_revisions
from sim.checkers.violation import Violation
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.clockwork.tripwires import tripwires
from sim.stand_ins.network import SimNetwork
from sim.tables.data_center import MemoryArchive, MemoryContactDb
from sim.truth import TruthItem
from sim.ucaas.statistics import Poll
from sim.verdict import Run, judge
from sim.world.certificates import certified
from sim.world.data_center import WorldDataCenter
from sim.world.digest import Digest
from sim.world.drops import DropGuard
from sim.world.eyes import Eyes
from sim.world.guard import Guard
from sim.world.incident import NODES, Fault, Incident
from sim.world.machine import Hooks, Machine
from sim.world.observed import ObservedMachine
from sim.world.patience import settling_s, usual_patience
from sim.world.postman import Postman
from sim.world.proof import TELLING_S
from sim.world.reconciliation import PATIENCE_S, ReconciliationGuard
from sim.world.recovery import RecoveryGuard
from sim.world.report import Broken, Report
from sim.world.retention import RetentionGuard
from sim.world.rules import RULES, End
from sim.world.rules.check import check_incident
from sim.world.screens.replays import ReplayStage
from sim.world.screens.stage import ScreenStage
from sim.world.service import WorldService
from sim.world.services import Services
from sim.world.settings import config_of
from sim.world.waiting import Waiting, watched_points

_NS: Final = 1_000_000_000
_LOOK_S: Final = 5.0
_ROLES_S: Final = 20.0
_START_S_MAX: Final = 0.5


class World:
    """One run. Make it, `run` it once, read the report."""

    def __init__(self, incident: Incident, note: Note | None = None) -> None:
        """With a `note` it gets every row of the trace; see sim.world.trace.world_header for the header."""
        check_incident(incident)
        self.incident = incident
        self.digest = Digest()
        self._eyes = Eyes(note, incident.sources)
        self.kernel = self._eyes.kernel(incident.seed, self.digest.event)
        self.network = SimNetwork(kernel=self.kernel)
        configs = {node: config_of(incident, node) for node in NODES}
        self.data_center = WorldDataCenter(
            kernel=self.kernel, nodes=NODES, pair=configs[NODES[0]].pair
        )
        self._eyes.begin(
            kernel=self.kernel,
            data_center=self.data_center,
            tell=self.broken,
            judges_takeovers=all(
                config.pair == PairSettings.model_validate({}) for config in configs.values()
            ),
        )
        self.services = Services(kernel=self.kernel, incident=incident, observer=self._eyes)
        self.hooks = Hooks(on_point=self.reached, on_crash=self._node_crashed)
        self.machines: Mapping[str, Machine] = {
            node: ObservedMachine(
                observer=self._eyes,
                name=node,
                config=configs[node],
                kernel=self.kernel,
                network=self.network,
                data_center=self.data_center,
                services=self.services,
                hooks=self.hooks,
            )
            for node in NODES
        }
        self.counts: Counter[str] = Counter()
        self.violations: list[Broken] = []
        self._guard = self._eyes.guard = Guard(self)
        self.retention = RetentionGuard(self)
        self.recovery = RecoveryGuard(self)
        self.reconciliation = ReconciliationGuard(self, self._eyes.watch)
        self.drops = DropGuard(self)
        self.screens = ScreenStage(self)
        self.replays = ReplayStage(self)
        self.postmen = tuple(
            Postman(
                kernel=self.kernel,
                source=service.source,
                posting=service.born.posting,
                arrives=incident.workload_of(service.source).hints,
                machines=self.machines,
            )
            for service in self.services
            if service.born.posting is not None
        )
        self._waiting = Waiting()
        for machine in self.machines.values():
            machine.watched = watched_points(incident)
        self._ends: list[End] = []
        self._heals = False

    def run(self) -> Report:
        """Live through the incident, heal, settle, judge. Raises Deadlock when something would block."""
        with tripwires(self.kernel):
            return self._run()

    def _run(self) -> Report:
        incident, kernel = self.incident, self.kernel
        starts = kernel.streams.stream("starts")
        for machine in self.machines.values():
            self._at(starts.random() * _START_S_MAX, machine.start, f"start {machine.name}")
        for service in self.services:
            service.begin_calls()
        for postman in self.postmen:
            postman.begin()
        self.screens.begin()
        self.replays.begin()
        for fault in incident.faults:
            self._at(fault.at_s, lambda fault=fault: self._due(fault), f"fault {fault.kind}")
        kernel.run_until(round(incident.minutes * 60 * _NS))
        self._heal()
        self._settle()
        self._guard.at_the_end()
        config = self.machines[NODES[0]].config
        patience = {source: usual_patience(config, source) for source in incident.sources}
        self._eyes.watch.over(self.services.truth(), patience)
        return Report(
            seed=incident.seed,
            digest=self.digest.hex(),
            simulated_s=kernel.now_ns / _NS,
            events=kernel.events,
            violations=tuple(self.violations),
            counts=dict(sorted(self.counts.items())),
        )

    @property
    def service(self) -> WorldService:
        """That of the first source."""
        return next(iter(self.services))

    @property
    def beside_trouble(self) -> int:
        """Items that came in time while another source was in trouble."""
        return self._eyes.watch.beside_trouble

    def told(self, code: str) -> int:
        """How often a node told of a finding of `tandem health` with this code."""
        return self._guard.opened[code]

    def polls(self, source: str) -> Sequence[Poll]:
        """Every poll of a source, in order; checks of a standby are none."""
        return self._eyes.watch.polls.get(source, ())

    @property
    def takeovers_s(self) -> tuple[float, ...]:
        """How long each takeover took that promise L1 speaks of."""
        return self._eyes.watch.takeovers_s

    # -- faults ----

    def reached(self, node: str, point: str) -> None:
        """A node came to a point in its code: faults that wait for it strike now."""
        for fault in self._waiting.reached(node, point):
            self._strike(fault)

    def broken(self, violation: Violation, about: tuple[str, ...] = ()) -> None:
        """Note a violation, once for each promise and text. `about`: what else it concerns."""
        known = {(one.violation.promise, one.violation.what) for one in self.violations}
        if (violation.promise, violation.what) not in known:
            history = self._eyes.watch.history.of((*violation.items, *about))
            broken = Broken(self.kernel.now_ns / _NS, violation, history)
            self.violations.append(broken)
            self._eyes.violation(broken)

    def _due(self, fault: Fault) -> None:
        if fault.at_next:
            self._waiting.append(fault)
        else:
            self._strike(fault)

    def _strike(self, fault: Fault) -> None:
        if self._heals:
            return
        self.counts[f"fault {fault.kind}"] += 1
        self.digest.event(self.kernel.now_ns, f"fault {fault}")
        number = self._eyes.fault_begins(fault)
        misled_end = self.reconciliation.fault_begins(fault)
        rule_end = RULES[fault.kind].begin(self, fault)
        if rule_end is None:
            self._eyes.fault_ends(fault, number)
            return

        def end() -> None:
            self._eyes.fault_ends(fault, number)
            misled_end()
            rule_end()

        self._ends.append(end)

        def over() -> None:
            if end in self._ends:
                self._ends.remove(end)
                end()

        self._at(fault.for_s, over, f"end of {fault.kind}")

    def _node_crashed(self, node: str, actor: str, error: BaseException) -> None:
        self.broken(Violation("no_bug", f"{actor} failed: {error!r}", (node,)))
        self.machines[node].kill()

    # -- the end ----

    def _heal(self) -> None:
        self._heals = True
        self._waiting.clear()
        ends, self._ends = self._ends, []
        for end in ends:
            end()
        for service in self.services:
            service.end_calls()
        for machine in self.machines.values():
            machine.start()

    def _settle(self) -> None:
        healed_us = self.services.now_us()
        patience_s = settling_s(self.machines[NODES[0]].config) + self.incident.patience_s
        patience_s += PATIENCE_S if self.reconciliation.is_on else 0.0
        deadline_ns = self.kernel.now_ns + round(patience_s * _NS)
        found: tuple[Violation, ...] = ()
        while self.kernel.now_ns < deadline_ns:
            self.kernel.run_for(_LOOK_S)
            found = (*self._judged(), *self.recovery.unfinished(), *self.drops.unfinished())
            found = (*found, *self.reconciliation.unfinished(others=bool(found)))
            if not found:
                break
        over = (*self._healing(healed_us), *self._contacts(), *self.retention.at_the_end())
        proofs = () if found else certified(self, self._offered())
        screens = self.screens.at_the_end()
        replays = self.replays.at_the_end()
        for violation in (*found, *over, *proofs, *self._proof(), *screens, *replays):
            self.broken(violation)

    def _healing(self, healed_us: int) -> tuple[Violation, ...]:
        """Whether all that was still offered was archived soon enough: promise L2."""
        config, watch = self.machines[NODES[0]].config, self._eyes.watch
        roles_s = _ROLES_S + self.incident.patience_s
        found: list[Violation] = []
        for service in self.services:
            patience = replace(usual_patience(config, service.source), roles_s=roles_s)
            truth = service.fake.truth()
            # What hung when the faults stopped hangs on until its deadline.
            calm_us = max(healed_us, service.hung_until_us)
            found += check_healing(
                truth, watch.archived_us, watch.failed, calm_us, patience, behind=watch.behind
            )
        return tuple(found)

    def _contacts(self) -> Iterator[Violation]:
        """Whether conversations are whole, and their revisions: promise S2."""
        center, db = self.data_center.contacts, self._reader()
        yield from check_one_contact(self.services.truth(), center.items.rows.values())
        for contact_id in center.contacts.rows:
            yield from check_revisions(contact_id, db.contact_revisions(contact_id))

    def _proof(self) -> Iterator[Violation]:
        """Whether the audit trail is whole, and everything in it that happened."""
        center = self.data_center
        if "scrub" in self.machines[NODES[0]].config.model_fields_set:
            self.kernel.run_for(TELLING_S)
            disks = [(name, machine.disk.proof) for name, machine in self.machines.items()]
            yield from center.proof.at_the_end(disks, center.contacts, center.objects)

    def _reader(self) -> MemoryContactDb:
        clock = SimClock(kernel=self.kernel, epoch=Epoch("judge", 0))
        return MemoryContactDb(self.data_center.contacts, node="judge", clock=clock)

    def _judged(self) -> tuple[Violation, ...]:
        db = self._reader()
        archive = MemoryArchive(self.data_center.objects, read=_nothing)
        contents = read_contents(db, archive)
        truth = tuple(self.retention.without_deleted(self._offered()))
        run = Run(truth=truth, contents=contents)
        judged = (*judge(run).violations, *check_newest(truth, contents))
        return tuple(one for one in judged if one.promise not in {"liveness", "one_primary"})

    def _offered(self) -> Iterator[TruthItem]:
        """What every service offered, but for what only processes knew that are no more."""
        yield from self._eyes.watch.forgotten.without(self.services.truth())

    def _at(self, seconds: float, action: Callable[[], object], label: str) -> None:
        """Absolute while the world begins, relative to now later."""
        self.kernel.schedule(round(seconds * _NS), action, label=label)


def _nothing(path: str) -> bytes:
    raise FileNotFoundError(path)
