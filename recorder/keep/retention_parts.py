"""What the actor of retention is given, and what it tells: findings, log, audit trail, status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from cluster.board import Board
from cluster.ports import Address, Clock, Workers
from recorder.keep.interlock import INTERLOCK, UNCONFIRMED, Refusal, Standing
from recorder.keep.retention_jobs import Deleted, Ended
from recorder.keep.retention_messages import RetentionInbox
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.ports.audit import AuditTrail
from recorder.ports.recording import Archive
from recorder.ports.retention import RetentionDb
from recorder.records.audit import SYSTEM
from recorder.records.retention import Deletion, DeletionState, Run, Surveyed
from recorder.settings.retention import RetentionSettings

_log = structlog.get_logger(__name__)
_SUBJECT: Final = "retention"
_NAMED: Final = 5
_FAILING: Final = "retention_failing"
_STUCK: Final = "deletion_stuck"
_TORN: Final = "deletion_torn"
_HINTS: Final = {
    UNCONFIRMED: "See with `tandem retention plan` what they would delete, then `tandem retention confirm PLAN-ID`.",
    INTERLOCK: "Check clocks and policies with `tandem retention plan`; if it is right, `tandem retention confirm PLAN-ID`.",
    _FAILING: "Mend the archive or the database; deletion goes on by itself.",
    _STUCK: "`tandem retention list --stuck` tells why; mend it, and it goes on by itself.",
    _TORN: "Fetch what is missing from the source or a backup, while they still have it.",
}


@dataclass(frozen=True, slots=True)
class RetentionPorts:
    """The world of the actor."""

    node: str
    me: Address[RetentionInbox]
    db: RetentionDb
    archive: Archive
    lane: Workers
    """Of its own: a slow archive delays nothing else."""
    clock: Clock
    board: Board
    monitor: Address[MonitorMessage]
    trail: AuditTrail
    settings: RetentionSettings


@dataclass(frozen=True, slots=True)
class RetentionStatus:
    """Retention as this node sees it (part `retention`)."""

    phase: str
    """standby, look, survey, decide, delete or end."""
    policies: int
    found: int
    """Contacts found due in the walk in hand, or in the last."""
    held: int
    """Of what is old enough, kept by a hold."""
    deleted: int
    """Contacts since this node started."""
    deleted_bytes: int
    withdrawn: int
    refused: str
    """Why nothing is deleted: a code of a finding; empty while nothing is in the way."""
    last_error: str
    run: Run | None
    last_run: Run | None


class Teller:
    """Says what happened; remembers what is open."""

    def __init__(self, ports: RetentionPorts) -> None:
        self._ports = ports
        self._deleted = self._bytes = self._withdrawn = 0
        self._refused = self._error = ""
        self._is_stuck = False

    def refused(self, refusal: Refusal | None, stopped_last: bool) -> None:  # noqa: FBT001 - one of two facts about the run
        """Why nothing is deleted now; one of the two findings at a time."""
        code = "" if refusal is None else refusal.code
        if refusal is not None:
            self._open(code, Level.ERROR, refusal.what)
        if code != UNCONFIRMED:
            self._close(UNCONFIRMED)
        if code != INTERLOCK and not stopped_last:
            self._close(INTERLOCK)
        self._refused = code or (INTERLOCK if stopped_last else "")

    def stand_by(self) -> None:
        """The duty is the other node's: it tells what there is to tell."""
        self.failing("")
        self.stuck(())
        self.refused(None, stopped_last=False)

    def failing(self, error: str) -> None:
        """What the Data Center said; empty when all is well."""
        if error:
            self._open(_FAILING, Level.WARNING, f"retention waits: {error}")
        elif self._error:
            self._close(_FAILING)
        self._error = error

    def stuck(self, found: Sequence[Deletion]) -> None:
        """Contacts that cannot be deleted, while the others go on."""
        if found:
            named = ", ".join(one.contact_id for one in found[:_NAMED])
            more = " and others" if len(found) > _NAMED else ""
            what = f"contacts that cannot be deleted: {named}{more}; the first: {found[0].trouble}"
            self._open(_STUCK, Level.WARNING, what)
        elif self._is_stuck:
            self._close(_STUCK)
        self._is_stuck = bool(found)

    def decided(self, run: Run | None, found: Surveyed) -> None:
        """Contacts were put on record as due."""
        if run is None or not found.contacts:
            return
        _log.info("retention_decided", run=run.run_id, contacts=found.contacts, held=found.held)
        detail = {"contacts": found.contacts, "bytes": found.bytes, "held": found.held}
        self._ports.trail.record(
            "deletions_decided", run.run_id, SYSTEM, detail, once=f"decided:{run.run_id}"
        )

    def deleted(self, done: Deleted) -> None:
        """Deletions ended."""
        for ended in done.ended:
            self._ended(ended)
        for one in done.aside:
            _log.warning(
                "deletion_delayed", contact=one.contact_id, tries=one.tries, why=one.trouble
            )
            self._ports.trail.record(
                "deletion_delayed",
                one.contact_id,
                SYSTEM,
                {"why": one.trouble, "policy": one.policy},
                once=f"delayed:{one.contact_id}:{one.number}:{one.trouble}",
            )

    def _ended(self, ended: Ended) -> None:
        one = ended.deletion
        if one.state is DeletionState.DELETED:
            self._deleted += 1
            self._bytes += one.size_bytes
            what = "contact_deleted"
        elif one.state is DeletionState.WITHDRAWN:
            self._withdrawn += 1
            what = "deletion_withdrawn"
        else:
            return
        detail = {
            "source": one.source,
            "policy": one.policy,
            "decision": dict(one.decision),
            "reason": one.reason,
            "bytes": one.size_bytes,
            "media": [media.object_key for media in one.media],
            "lost": list(ended.lost),
        }
        _log.info(what, contact=one.contact_id, policy=one.policy, reason=one.reason)
        once = f"deletion:{one.contact_id}:{one.number}:{one.state.value}:{one.ended_us}"
        self._ports.trail.record(what, one.contact_id, SYSTEM, detail, once=once)
        if ended.lost:
            self._torn(ended)

    def _torn(self, ended: Ended) -> None:
        one = ended.deletion
        text = (
            f"the deletion of contact {one.contact_id} was stopped ({one.reason}) when "
            f"{len(ended.lost)} of its objects were gone already"
        )
        finding = Finding(_TORN, Level.ERROR, one.contact_id, text, _HINTS[_TORN])
        self._ports.monitor.tell(FindingOpened(finding))

    def publish(self, phase: str, found: Surveyed, run: Run | None, standing: Standing) -> None:
        """The newest status."""
        status = RetentionStatus(
            phase=phase,
            policies=len(self._ports.settings.policies),
            found=found.contacts,
            held=found.held,
            deleted=self._deleted,
            deleted_bytes=self._bytes,
            withdrawn=self._withdrawn,
            refused=self._refused,
            last_error=self._error,
            run=run,
            last_run=standing.runs[0] if standing.runs else None,
        )
        self._ports.board.publish("retention", status)

    def _open(self, code: str, level: Level, what: str) -> None:
        finding = Finding(code, level, _SUBJECT, what, _HINTS[code])
        self._ports.monitor.tell(FindingOpened(finding))

    def _close(self, code: str) -> None:
        self._ports.monitor.tell(FindingClosed(code, _SUBJECT))
