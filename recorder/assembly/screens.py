"""The actors of screen recording, put together; see `recorder/assembly/actors.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cluster.messages import ShareMessage
from cluster.ports import Address, Behaviour, Runtime
from recorder.assembly.recoveries import calls_lane
from recorder.config import Config
from recorder.desk.hold_reach import holds_over
from recorder.ports.audit import AuditTrail
from recorder.ports.proof import FindingsDb
from recorder.ports.recording import ContactDb, DataSource, Journal
from recorder.ports.screens import AgentEventDb, DesktopLinks, ScreenDb, ScreenFiles
from recorder.screen import absent
from recorder.screen.event_codec import TOPIC
from recorder.screen.event_keeper import KeeperPorts
from recorder.screen.part_job import PartTools
from recorder.screen.peer_screens import TOPIC as SCREENS_TOPIC
from recorder.screen.peer_screens import PeerScreens
from recorder.screen.quiet import QuietWatch
from recorder.screen.recorder import ScreenRecorder
from recorder.screen.recorder_ports import ScreenRecorderPorts
from recorder.screen.ris import Ris
from recorder.screen.states import StatesAsker, StatesPorts, can_tell

if TYPE_CHECKING:
    from recorder.assembly.actors import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
RIS: Final = "ris"
STATES: Final = "agent_states"
PEER_SCREENS: Final = "peer_screens"
RECORDER: Final = "screen_recorder"
FILES_LANE: Final = "screens"
"""One worker: files of screens are touched one job after the other."""
PARTS_LANE: Final = "screen_archive"
"""A part that is copied to the archive for long keeps no frame from its file."""
RUNS_LOOKED_AT: Final = 50


@dataclass(frozen=True, slots=True)
class RecordingPorts:
    """What recording screens needs of the world, beside what every node has."""

    files: ScreenFiles
    links: DesktopLinks
    db: ScreenDb


@dataclass(frozen=True, slots=True)
class ScreenPorts:
    """What screen recording needs of the world."""

    events: AgentEventDb
    journal: Journal
    """Of the events of agents, and of nothing else."""
    recording: RecordingPorts | None = None
    """Without it agents are followed, and no screen is recorded."""


class ScreenAssembly:
    """Screen recording of one node; without `ports` nothing is heard of agents."""

    def __init__(
        self, ports: ScreenPorts | None, *, runtime: Runtime, sources: Mapping[str, DataSource]
    ) -> None:
        self._ports = ports
        self._runtime = runtime
        self._telling = {
            name: source for name, source in sorted(sources.items()) if can_tell(source)
        }
        names: list[str] = []
        if ports is not None:
            names = [RIS] if ports.recording is None else [RECORDER, RIS, PEER_SCREENS]
            names += [STATES] if self._telling else []
        self._at: dict[str, Address[Any]] = {name: runtime.reserve(name) for name in names}

    @property
    def ris(self) -> Address[Any] | None:
        """Takes `AgentEventsHeard`."""
        return self._at.get(RIS)

    @property
    def states(self) -> Address[Any] | None:
        """Takes `AskStates`; None where no source's platform can be asked."""
        return self._at.get(STATES)

    @property
    def recorder(self) -> Address[Any] | None:
        """Takes `ScreenRecorderCommand`s."""
        return self._at.get(RECORDER)

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those that answer pings."""
        return tuple(self._at.values())

    @property
    def duties(self) -> tuple[Address[Any], ...]:
        """Those that do the primary's work."""
        return tuple(address for name, address in self._at.items() if name == STATES)

    @property
    def sharers(self) -> Mapping[str, Address[ShareMessage]]:
        """By topic of the peer link."""
        topics = {TOPIC: RIS, absent.TOPIC: RECORDER, SCREENS_TOPIC: PEER_SCREENS}
        return {topic: self._at[name] for topic, name in topics.items() if name in self._at}

    def start(
        self,
        begin: Begin,
        config: Config,
        ports: NodePorts,
        *,
        monitor: Address[Any],
        link: Address[Any],
        trail: AuditTrail,
    ) -> None:
        """Start them."""
        if self._ports is None:
            return
        if self._ports.recording is not None:
            recorder = self._recorder(
                self._ports,
                self._ports.recording,
                config,
                ports,
                monitor=monitor,
                link=link,
                trail=trail,
            )
            begin(self._at[RECORDER], recorder)
        keeping = KeeperPorts(
            me=self._at[RIS],
            monitor=monitor,
            disk=ports.workers["local"],
            database=ports.workers["database"],
            clock=ports.clock,
            journal=self._ports.journal,
            db=self._ports.events,
        )
        ris = Ris(
            node=config.node.id,
            keeping=keeping,
            link=link,
            screens=self.recorder,
            board=ports.board,
            settings=config.screens,
        )
        begin(self._at[RIS], ris)
        if PEER_SCREENS in self._at:
            telling = PeerScreens(
                node=config.node.id,
                me=self._at[PEER_SCREENS],
                link=link,
                board=ports.board,
                clock=ports.clock,
            )
            begin(self._at[PEER_SCREENS], telling)
        if STATES in self._at:
            asking = StatesPorts(
                me=self._at[STATES],
                ris=self._at[RIS],
                monitor=monitor,
                sources=self._telling,
                lanes={name: ports.workers[calls_lane(name)] for name in self._telling},
                clock=ports.clock,
                every_s=config.screens.states_every_s,
                quiet=self._quiet(config, ports, monitor),
            )
            begin(self._at[STATES], StatesAsker(asking))

    def _quiet(self, config: Config, ports: NodePorts, monitor: Address[Any]) -> QuietWatch | None:
        if RECORDER not in self._at or not config.screens.enabled:
            return None
        return QuietWatch(
            me=self._at[STATES],
            monitor=monitor,
            clock=ports.clock,
            database=ports.workers["database"],
            contact_db=ports.contact_db,
            board=ports.board,
            settings=config.screens,
            sources=tuple(self._telling),
        )

    def _recorder(
        self,
        screens: ScreenPorts,
        recording: RecordingPorts,
        config: Config,
        ports: NodePorts,
        *,
        monitor: Address[Any],
        link: Address[Any],
        trail: AuditTrail,
    ) -> ScreenRecorder:
        findings = None if ports.reconcile is None else ports.reconcile.findings
        given = ScreenRecorderPorts(
            node=config.node.id,
            me=self._at[RECORDER],
            monitor=monitor,
            link=link,
            board=ports.board,
            clock=ports.clock,
            randomness=ports.randomness,
            links=recording.links,
            files=recording.files,
            files_lane=ports.workers[FILES_LANE],
            parts=part_tools(recording, ports),
            parts_lane=ports.workers[PARTS_LANE],
            contact_db=ports.contact_db,
            events=screens.events,
            reconciled_until_us=partial(
                reconciled_until_us,
                ports.contact_db,
                findings if config.reconcile.enabled else None,
            ),
            trail=trail,
            settings=config.screens,
        )
        return ScreenRecorder(ports=given)

    def stop(self) -> None:
        """Stop them, in the reverse order of `start`."""
        for name in reversed(self._at):
            self._runtime.stop(self._at[name])


def part_tools(recording: RecordingPorts, ports: NodePorts) -> PartTools:
    """What archiving parts, and taking them out of the archive again, uses."""
    return PartTools(ports.archive, recording.db, ports.trap, holds_over(ports.retention))


def reconciled_until_us(db: ContactDb, findings: FindingsDb | None, source: str) -> int:
    """Job: up to which instant a source is archived, and was compared with what is on record; 0 for a strange one.

    Without `findings` nobody compares: then what is archived must do. Raises DataCenterError.
    """
    archived = [one.watermark_us for one in db.load_progress() if one.source == source]
    until_us = min(archived, default=0)
    if findings is None:
        return until_us
    runs = findings.runs(source, RUNS_LOOKED_AT)
    whole = [run.to_us for run in runs if run.ended_us is not None and not run.reason]
    return min(until_us, max(whole, default=0))
