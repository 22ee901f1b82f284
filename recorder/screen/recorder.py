"""The actor that records agents' screens: legs and desktops in, files and parts on record out."""

from __future__ import annotations

from functools import partial
from typing import Final, TypeVar, assert_never

from cluster.messages import PeerListens, Ping, Pong, ShareHeard
from cluster.ports import Done, Failed, Outcome, Timer
from recorder.messages import FindingClosed, FindingOpened
from recorder.model import Finding
from recorder.records.audit import SYSTEM
from recorder.scn.messages import (
    DesktopDenied,
    DesktopGone,
    DesktopSaid,
    LegsChanged,
    ScreenRecorderCommand,
)
from recorder.scn.model import Leg
from recorder.scn.verdicts import Fate
from recorder.screen import screen_findings as findings
from recorder.screen.absence import Absence
from recorder.screen.denials import record_denial
from recorder.screen.desktops import Desktops, legs_of
from recorder.screen.file_jobs import (
    FileAdopt,
    FileMask,
    FileOp,
    FilesFind,
    FilesReport,
    run_file_ops,
)
from recorder.screen.keeper import Keeper
from recorder.screen.late_masks import LateMasks, MasksLooked, PartsForgotten, Peers
from recorder.screen.legs import limits_of
from recorder.screen.part_job import PartsReport, archive_parts, row_of
from recorder.screen.parts import Part, PartState
from recorder.screen.past_legs import PastLegs, PastTold
from recorder.screen.reception import Doors, Now, Reception
from recorder.screen.recorder_messages import (
    Decided,
    DecideDue,
    FilesDue,
    FilesRan,
    PartsDue,
    PartsRan,
    RefusedDue,
    ScreenRecorderMessage,
    TickDue,
    TimerMessage,
)
from recorder.screen.recorder_ports import ScreenRecorderPorts
from recorder.screen.streams import Streams
from recorder.screen.summary import status_of, troubles
from recorder.screen.undecided_job import Decisions, Undecided, decide
from recorder.screen.undecided_rounds import Rounds

T = TypeVar("T")

BATCH_MAX: Final = 16
RETRY_S: Final = 2.0
REFUSED_AGAIN_S: Final = 60.0
DECIDE_EVERY_S: Final = 60.0
DECIDE_MAX: Final = 100
"""Parts of one job: what is archived meanwhile waits for one of them at most."""
CLOSED_NS: Final = 10 * 10**9
"""After the disk refused, nobody is let in for so long."""
HUNG_NS: Final = 20 * 10**9
"""What only writes frames takes no longer, unless the disk hangs: then what comes would fill the memory."""
REOPEN_BYTES: Final = 64 * 1024**2
"""Room for screens at which desktops are let in again."""
LEGS_WITHIN_NS: Final = 30 * 10**9
"""After a start, so long it is waited for what is known of the agents of parts that were found."""


class ScreenRecorder:
    """One per node. It records whoever is connected to it."""

    def __init__(self, *, ports: ScreenRecorderPorts) -> None:
        self._ports = ports
        self._legs: dict[str, tuple[Leg, ...]] = {}
        self._keeper = Keeper(self._legs_of, self._may_archive)
        streams = Streams(self._keeper, node=ports.node, new_key=ports.randomness.token)
        self._reception = Reception(
            node=ports.node,
            settings=ports.settings,
            doors=Doors(ports.links.send, ports.links.close),
            desktops=Desktops(),
            streams=streams,
            keeper=self._keeper,
            legs=self._legs,
        )
        self._late_masks = LateMasks(
            node=ports.node,
            keeper=self._keeper,
            tools=ports.parts,
            lane=ports.parts_lane,
            me=ports.me,
            trail=ports.trail,
            peers=Peers(ports.board, ports.clock),
        )
        self._past = PastLegs(
            db=ports.events,
            limits=limits_of(ports.settings),
            lane=ports.parts_lane,
            me=ports.me,
            clock=ports.clock,
        )
        self._absence = Absence(
            link=ports.link,
            monitor=ports.monitor,
            board=ports.board,
            expected=ports.settings.enabled and ports.settings.desktops_expected,
        )
        self._started_ns = 0
        self._first: tuple[FileOp, ...] = (FilesFind(),)
        self._files_busy = False
        self._parts_busy = False
        self._deciding = False
        self._rounds = Rounds()
        self._free_bytes = 0
        self._closed_ns = 0
        self._writing_ns: int | None = None
        """Since when a job writes frames."""
        self._told: dict[tuple[str, str], Finding] = {}
        self._pause: Timer | None = None
        """Of the archive."""

    def on_start(self) -> None:
        """Look for what an earlier life left."""
        self._started_ns = self._ports.clock.monotonic_ns()
        self._later(self._ports.settings.keep_alive_s, TickDue())
        self._later(DECIDE_EVERY_S, DecideDue())
        self._later(REFUSED_AGAIN_S, RefusedDue())
        self._go_on()

    def on_stop(self) -> None:
        """What is open is found and sealed by the next life."""

    def on_message(self, message: ScreenRecorderMessage) -> None:
        """Handle one message, then run what came of it."""
        now = self._now()
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
                return
            case LegsChanged() | DesktopSaid() | DesktopGone() | DesktopDenied():
                self._told_by_others(message, now)
            case PeerListens() | ShareHeard():
                self._absence.on(message)
            case FilesRan(outcome):
                self._files_ran(outcome, now)
            case PartsRan(keys, outcome):
                self._parts_ran(keys, outcome)
            case Decided(outcome):
                self._decided(outcome, now)
            case MasksLooked() | PartsForgotten() | PastTold():
                self._masks(message)
            case TickDue() | FilesDue() | PartsDue() | RefusedDue() | DecideDue():
                self._due(message, now)
            case _:
                assert_never(message)
        self._go_on()

    def _told_by_others(self, message: ScreenRecorderCommand, now: Now) -> None:
        match message:
            case LegsChanged():
                self._reception.legs_changed(message, now)
                self._late_masks.legs_changed(message)
            case DesktopSaid(connection, saying, address):
                self._reception.said(connection, saying, now, address)
            case DesktopGone(connection):
                self._reception.gone(connection, now)
            case DesktopDenied():
                self._reception.denials.seen(message, now.ns)
                record_denial(self._ports.trail, message, now.wall_us)
            case _:
                assert_never(message)

    def _due(self, message: TimerMessage, now: Now) -> None:
        match message:
            case TickDue():
                self._tick(now)
            case FilesDue():
                self._files_busy = False
            case PartsDue():
                self._pause = None
            case RefusedDue():
                self._keeper.try_refused_again()
                self._later(REFUSED_AGAIN_S, RefusedDue())
            case DecideDue():
                self._late_masks.again()
                self._decide(now)
            case _:
                assert_never(message)

    # -- jobs ----

    def _go_on(self) -> None:
        self._reception.streams.lost(self._keeper.take_lost())
        if not self._files_busy and (ops := (*self._first, *self._keeper.take_ops())):
            self._first, self._files_busy = (), True
            slow = any(isinstance(op, FilesFind | FileAdopt | FileMask) for op in ops)
            self._writing_ns = None if slow else self._ports.clock.monotonic_ns()
            job = partial(run_file_ops, self._ports.files, ops)
            self._ports.files_lane.submit(job, self._ports.me, FilesRan)
        batch = self._keeper.to_archive(BATCH_MAX)
        if batch and not self._parts_busy and self._pause is None:
            self._archive(batch)

    def _archive(self, batch: tuple[Part, ...]) -> None:
        self._parts_busy = True
        keys = tuple(part.key for part in batch)
        now_us = self._ports.clock.wall_us()
        given = tuple(
            (part.sealed, row_of(part.sealed, part.offset, now_us))
            for part in batch
            if part.sealed is not None
        )
        self._keeper.archiving(keys)
        self._ports.parts_lane.submit(
            partial(archive_parts, self._ports.parts, given),
            self._ports.me,
            partial(PartsRan, keys),
        )

    def _files_ran(self, outcome: Outcome[FilesReport], now: Now) -> None:
        report = _value(outcome)
        self._writing_ns = None
        self._free_bytes = report.free_bytes
        self._reception.kept(report.kept_upto)
        self._keeper.files_done(report)
        self._late_masks.forget_replaced()
        if report.found is not None:
            self._past.want(part for part in self._keeper.parts.values() if part.is_found)
        if not report.failures:
            self._files_busy = False
            return
        first = report.failures[0]
        finding = (findings.disk_full if first.is_full else findings.disk_failing)(first.what)
        self._stop(finding, now)
        self._later(RETRY_S, FilesDue())

    def _stop(self, finding: Finding, now: Now) -> None:
        """Desktops go to the other node, until the disk takes what they send."""
        self._reception.refuse_all(finding.what, finding.hint, now)
        self._closed_ns = now.ns
        self._open(finding)

    def _parts_ran(self, keys: tuple[str, ...], outcome: Outcome[PartsReport]) -> None:
        self._parts_busy = False
        report = _value(outcome)
        self._keeper.archive_done(keys, report)
        self._late_masks.forget_replaced()
        if report.outage:
            self._open(findings.waiting(len(keys), report.outage, report.hint))
            clock, me = self._ports.clock, self._ports.me
            self._pause = clock.call_later(RETRY_S, me, PartsDue())
        else:
            self._close(findings.SCREENS_WAITING, findings.NAME)
        for key, reason in report.refused[:1]:
            self._open(findings.refused(key, reason))

    def _may_archive(self, part: Part) -> bool:
        """What was found waits for what is known of its agents: a mask may have been heard."""
        if not part.is_found:
            return True
        known = all(agent in self._legs for agent in part.head.stream.agents)
        waited_ns = self._ports.clock.monotonic_ns() - self._started_ns
        return self._past.is_known(part.key) and (known or waited_ns >= LEGS_WITHIN_NS)

    def _legs_of(self, part: Part) -> tuple[Leg, ...]:
        return self._past.beside(part.key, legs_of(part.head.stream.agents, self._legs))

    # -- once in a while ----

    def _tick(self, now: Now) -> None:
        self._later(self._ports.settings.keep_alive_s, TickDue())
        self._reception.tick(now)
        if self._writing_ns is not None and now.ns - self._writing_ns >= HUNG_NS:
            self._stop(findings.disk_failing("the disk of the call buffer does not answer"), now)
        for part in self._keeper.parts.values():
            self._reception.offset_of(part, now)
        closed = self._reception.closed_because and now.ns - self._closed_ns >= CLOSED_NS
        if closed and not self._files_busy:
            self._look_for_room()
        if not any(part.refused for part in self._keeper.parts.values()):
            self._close(findings.SCREEN_REFUSED, findings.NAME)
        wrong = troubles(self._reception, self._ports.board, now.ns)
        there = {(one.code, one.subject) for one in wrong}
        for code, subject in list(self._told):
            if code in findings.LIVE and (code, subject) not in there:
                self._close(code, subject)
        for finding in wrong:
            self._open(finding)
        self._absence.tick(self._legs, self._reception.desktops.agents(), now.ns)
        status = status_of(self._reception, self._keeper, self._free_bytes, now.ns)
        self._ports.board.publish("screens", status)
        self._past.forget(self._keeper.parts)
        self._past.go_on()
        self._keeper.review()

    def _look_for_room(self) -> None:
        """The report of a job tells the room; one with nothing to do asks for it."""
        if self._free_bytes >= REOPEN_BYTES:
            self._reception.closed_because = ""
            self._close(findings.SCREEN_DISK_FULL, findings.NAME)
            self._close(findings.SCREENS_STOPPED, findings.NAME)
            return
        self._files_busy = True
        job = partial(run_file_ops, self._ports.files, ())
        self._ports.files_lane.submit(job, self._ports.me, FilesRan)

    def _decide(self, now: Now) -> None:
        self._later(DECIDE_EVERY_S, DecideDue())
        parts = self._keeper.parts.values()
        self._rounds.begin(part.key for part in parts if self._is_undecided(part))
        self._decide_more(now)

    def _is_undecided(self, part: Part) -> bool:
        return part.state is PartState.SEALED and not part.kept and self._may_archive(part)

    def _decide_more(self, now: Now) -> None:
        """The next page of this round."""
        if self._deciding or not (keys := self._rounds.page(DECIDE_MAX)):
            return
        self._deciding = True
        parts = [self._keeper.parts[key] for key in keys if key in self._keeper.parts]
        asked = tuple(
            Undecided(part.key, part.head.stream.agents, part.calls, part.to_us)
            for part in parts
            if self._is_undecided(part)
        )
        old_us = now.wall_us - int(self._ports.settings.undecided_s * 1e6)
        ports = self._ports
        job = partial(decide, ports.contact_db, ports.reconciled_until_us, asked, old_us)
        ports.parts_lane.submit(job, ports.me, Decided)

    def _masks(self, message: MasksLooked | PartsForgotten | PastTold) -> None:
        match message:
            case MasksLooked(_, _, outcome):
                self._late_masks.looked(message, _value(outcome))
            case PartsForgotten(outcome):
                self._late_masks.forgotten(_value(outcome))
            case PastTold(outcome):
                self._past.told(_value(outcome))
                self._keeper.review()

    def _decided(self, outcome: Outcome[Decisions], now: Now) -> None:
        self._deciding = False
        decisions = _value(outcome)
        for key, fate in decisions.fates:
            part = self._keeper.parts.get(key)
            if part is None or not self._is_undecided(part):
                continue  # more was heard meanwhile
            if fate is Fate.KEEP:
                self._keeper.keep(key)
            elif fate is Fate.DELETE:
                detail = {
                    "agents": list(part.head.stream.agents),
                    "calls": list(part.calls),
                    "from_us": part.from_us,
                    "to_us": part.to_us,
                    "reason": "undecided",
                }
                self._ports.trail.record(
                    "screen_deleted", key, SYSTEM, detail, once=f"screen_deleted:{key}"
                )
                self._keeper.discard(key)
        self._keeper.review()
        if not decisions.failed:
            self._decide_more(now)

    # -- the rest ----

    def _now(self) -> Now:
        return Now(self._ports.clock.monotonic_ns(), self._ports.clock.wall_us())

    def _later(self, delay_s: float, message: ScreenRecorderMessage) -> None:
        self._ports.clock.call_later(delay_s, self._ports.me, message)

    def _open(self, finding: Finding) -> None:
        if self._told.get((finding.code, finding.subject)) is None:
            self._ports.monitor.tell(FindingOpened(finding))
        self._told[finding.code, finding.subject] = finding

    def _close(self, code: str, subject: str) -> None:
        if self._told.pop((code, subject), None) is not None:
            self._ports.monitor.tell(FindingClosed(code, subject))


def _value(outcome: Outcome[T]) -> T:
    """These jobs raise nothing but bugs."""
    match outcome:
        case Done(value):
            return value
        case Failed(error):
            raise error
