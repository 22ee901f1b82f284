"""The blocking work of retention, as plain functions for the workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from recorder.errors import ArchiveError, DataCenterError, DataCenterUnfit
from recorder.keep.interlock import Standing
from recorder.ports.recording import Archive
from recorder.ports.retention import RetentionDb
from recorder.records.retention import (
    Deletion,
    DeletionQuery,
    DeletionState,
    Order,
    Rules,
    Run,
    Trouble,
)
from recorder.scn.rendition_keys import sweep

_log = structlog.get_logger(__name__)
_RUNS = 60
SWEPT_AT_ONCE = 200
STUCK_TRIES = 2
"""From then on an operator is told: once may be an answer that was lost."""
_FAILED_MAX = 200


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run begins with."""

    standing: Standing
    now_us: int
    """The earlier of the two calendars: a clock that is ahead makes nothing older."""
    stuck: tuple[Deletion, ...] = ()
    """Those that fail again and again."""
    again: bool = False
    """Whether it is time to try one of them again."""


def look(db: RetentionDb, wall_us: int) -> Looked:
    """Job: what was agreed to and done before."""
    now_us = min(wall_us, db.now_us())
    failed = db.deletions(DeletionQuery(stuck_tries=1, limit=_FAILED_MAX)).rows
    return Looked(
        Standing(db.confirmed_plan(), db.runs(_RUNS)),
        now_us,
        tuple(one for one in failed if one.tries >= STUCK_TRIES),
        again=any(one.again_us <= now_us for one in failed),
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """A deletion that is over, and objects that were gone although it was stopped."""

    deletion: Deletion
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of a step."""

    ended: tuple[Ended, ...]
    more: bool
    """Whether there may be more to do."""
    error: str = ""
    """Why the archive stopped it; nothing more is tried for a while."""
    aside: tuple[Deletion, ...] = ()
    """What could not be deleted, and stepped aside for the others."""


@dataclass(frozen=True, slots=True)
class DeleteTools:
    """What deleting needs; shared with nobody who changes it."""

    db: RetentionDb
    archive: Archive
    may_go_on: Callable[[], bool]
    """Asked before each contact: whether the duty still lasts."""


def delete_some(tools: DeleteTools, rules: Rules, now_us: int, term: int, limit: int) -> Deleted:
    """Job: the next deletions, one contact after the other. Raises what the database raises, but no ArchiveError.

    What is about one contact alone sets that one aside; what is about the archive or the database stops all.
    """
    ready = tools.db.ready(now_us, limit)
    ended: list[Ended] = []
    aside: list[Deletion] = []
    try:
        if ready:
            tools.archive.check()
        for one in ready:
            if not tools.may_go_on():
                return Deleted(tuple(ended), more=True, aside=tuple(aside))
            try:
                order = Order(one.contact_id, one.number, rules, now_us)
                ended.append(_delete(tools, one, order, term))
            except (ArchiveError, DataCenterError) as error:
                _raise_if_common(tools, error)
                trouble = Trouble(one.contact_id, one.number, str(error), now_us)
                aside.append(tools.db.set_aside(trouble, term))
    except ArchiveError as away:
        return Deleted(tuple(ended), more=True, error=str(away), aside=tuple(aside))
    return Deleted(tuple(ended), more=len(ready) == limit, aside=tuple(aside))


def _raise_if_common(tools: DeleteTools, error: ArchiveError | DataCenterError) -> None:
    """Raises what is not about this contact alone."""
    if isinstance(error, DataCenterUnfit):
        raise error
    if isinstance(error, ArchiveError):
        tools.archive.check()
    tools.db.now_us()


def _delete(tools: DeleteTools, one: Deletion, order: Order, term: int) -> Ended:
    """Begin, which puts on record what is to go; then erase and take out, in one transaction.

    Renditions go first, in that transaction too: what a hold keeps out, it keeps out for them as well.
    """
    begun = one
    if one.state is DeletionState.DUE:
        begun = tools.db.begin_deletion(order, term)
        if begun.state is not DeletionState.DELETING:
            return Ended(begun)
    made: list[str] = [one.contact_id]

    def erase(key: str) -> None:
        while made:
            sweep(tools.archive, made.pop())
        tools.archive.delete(key)

    done = tools.db.finish_deletion(order, term, erase)
    if done.state is DeletionState.DELETED and made:
        sweep(tools.archive, one.contact_id)  # it had no file of its own
    if done.state is not DeletionState.WITHDRAWN:
        return Ended(done)
    lost = (media.object_key for media in one.media if tools.archive.info(media.object_key) is None)
    return Ended(done, tuple(lost))


def end_run(tools: DeleteTools, run: Run, term: int, since_us: int, after: str) -> str | None:
    """Job: sweep again what was made of contacts deleted `since_us`, some at a time; then the end of a run goes on record.

    Returns the contact behind which to go on (`after` of the next call), None when the run is on record.
    A program that was making a rendition meanwhile puts it into the archive, and its node may die before it looks
    whether the contact is still there. Raises DataCenterError; an archive that is away is for the next run.
    """
    try:
        gone = tools.db.gone_since(since_us, after, SWEPT_AT_ONCE)
        for contact_id in gone:
            if not tools.may_go_on():
                return after
            sweep(tools.archive, contact_id)
            after = contact_id
        if len(gone) == SWEPT_AT_ONCE:
            return after
    except ArchiveError as error:
        _log.warning("renditions_not_swept", why=str(error))
    tools.db.record_run(run, term)
    return None
