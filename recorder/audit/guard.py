"""The actor that watches the audit trail: it verifies what is new, remembers how far, and once a day verifies all.

What it remembers lies on this node's own disk, so that neither node nor the Data Center alone can
shorten or rewrite the trail without being noticed by the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, assert_never

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.audit.chain import Anchor, Break, verify
from recorder.errors import DataCenterError
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.ports.audit import AuditAnchor, AuditDb
from recorder.records.audit import AuditGuardStatus, AuditHead, AuditQuery

PAGE: Final = 500
BROKEN: Final = "audit_broken"
FAILING: Final = "audit_anchor_failing"
WHERE: Final = "this node's disk"
WHILE: Final = "this node"


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How often the trail is looked at."""

    look_every_s: float = 60.0
    """At what is new."""
    page_every_s: float = 1.0
    """Between the pages of a long verification."""
    all_every_s: float = 86_400.0
    """From the first record on."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one page of the trail showed."""

    last: AuditHead
    """Whole up to here."""
    anchor: AuditHead
    """What this node's disk remembers now."""
    broken: Break | None
    at_end: bool


@dataclass(frozen=True, slots=True)
class _Looked:
    outcome: Outcome[Look]


@dataclass(frozen=True, slots=True)
class _LookDue:
    """Time for the next page."""


GuardMessage: TypeAlias = Ping | _Looked | _LookDue


def look(db: AuditDb, anchor: AuditAnchor, after: AuditHead | None) -> Look:
    """Job: verify the page behind `after`, and remember how far it is whole.

    None begins where this node's disk remembers. Raises DataCenterError, RecorderError.
    """
    known = anchor.load()
    start = known if after is None else after
    # The page begins with the record that is known, so that one that was exchanged is found.
    page = db.records(AuditQuery(after=max(0, start.number - 1), limit=PAGE))
    at_end = len(page) < PAGE
    reached = page[-1].number if page else 0
    remembered = [(known, WHERE)] if after is None else [(start, WHILE), (known, WHERE)]
    anchors = [
        Anchor(head.number, head.hash, where)
        for head, where in remembered
        if head.number > 0 and (at_end or head.number <= reached)
    ]
    before = page[0].previous if page and start.number > 0 else ""
    verdict = verify(page, after=AuditHead(max(0, start.number - 1), before), anchors=anchors)
    if verdict.broken is None:
        anchor.save(verdict.last)
    return Look(verdict.last, max(known, verdict.last, key=_number), verdict.broken, at_end)


def _number(head: AuditHead) -> int:
    return head.number


class AuditGuard:
    """One per node."""

    def __init__(
        self,
        *,
        me: Address[GuardMessage],
        monitor: Address[MonitorMessage],
        board: Board,
        database: Workers,
        clock: Clock,
        db: AuditDb,
        anchor: AuditAnchor,
        settings: GuardSettings,
    ) -> None:
        self._me = me
        self._monitor = monitor
        self._board = board
        self._database = database
        self._clock = clock
        self._db = db
        self._anchor = anchor
        self._settings = settings
        self._after: AuditHead | None = None
        """Where a verification of all has come to; None while only what is new is looked at."""
        self._all_ns: int | None = None
        """When the last verification of all ended."""
        self._status = AuditGuardStatus(AuditHead(), "", None)
        self._open: set[str] = set()

    def on_start(self) -> None:
        """Look soon: at what is new first, then at all."""
        self._board.publish("audit_guard", self._status)
        self._look()

    def on_stop(self) -> None:
        """Nothing is held."""

    def on_message(self, message: GuardMessage) -> None:
        """See the union."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
            case _LookDue():
                self._look()
            case _Looked(outcome):
                self._looked(outcome)
            case _:
                assert_never(message)

    def _look(self) -> None:
        job = partial(look, self._db, self._anchor, self._after)
        self._database.submit(job, self._me, _Looked)

    def _looked(self, outcome: Outcome[Look]) -> None:
        delay_s = self._settings.look_every_s
        match outcome:
            case Done(seen):
                self._well(FAILING)
                if self._took(seen):
                    delay_s = self._settings.page_every_s
            case Failed(error):
                if not isinstance(error, DataCenterError):
                    what = f"The newest record of the audit trail cannot be remembered: {error}."
                    hint = getattr(error, "hint", "") or "Check the disk behind node.data."
                    self._ill(FAILING, what, hint)
        self._clock.call_later(delay_s, self._me, _LookDue())

    def _took(self, seen: Look) -> bool:
        """Whether there is more to look at now."""
        now_us = self._clock.wall_us()
        if seen.broken is not None:
            self._status = AuditGuardStatus(seen.anchor, seen.broken.what, self._status.checked_us)
            self._board.publish("audit_guard", self._status)
            self._ill(
                BROKEN,
                f"The audit trail is not as it was written: {seen.broken.what}.",
                "Keep both nodes' data directories and the database as they are, and run "
                "tandem audit verify; docs/audit.md says how to go on.",
            )
            # From the beginning, at once, to name the very first; then again until it is as it was.
            at_once = self._after is None
            self._after = AuditHead()
            return at_once
        everything = self._after is not None
        if everything or not self._status.broken:
            at_end_us = now_us if seen.at_end else self._status.checked_us
            broken = "" if everything and seen.at_end else self._status.broken
            self._status = AuditGuardStatus(seen.anchor, broken, at_end_us)
        self._board.publish("audit_guard", self._status)
        return self._next(seen, everything=everything)

    def _next(self, seen: Look, *, everything: bool) -> bool:
        """Decide where the next look begins; whether it is due at once."""
        if everything and not seen.at_end:
            self._after = seen.last
            return True
        now_ns = self._clock.monotonic_ns()
        if everything:
            self._all_ns, self._after = now_ns, None
            self._well(BROKEN)
        elif seen.at_end and self._all_is_due(now_ns):
            self._after = AuditHead()
            return True
        return not seen.at_end

    def _all_is_due(self, now_ns: int) -> bool:
        last_ns = self._all_ns
        return last_ns is None or now_ns - last_ns >= self._settings.all_every_s * 1e9

    def _ill(self, code: str, what: str, hint: str) -> None:
        self._open.add(code)
        self._monitor.tell(FindingOpened(Finding(code, Level.ERROR, "audit", what, hint)))

    def _well(self, code: str) -> None:
        if code in self._open:
            self._open.discard(code)
            self._monitor.tell(FindingClosed(code, "audit"))
