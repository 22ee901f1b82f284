"""The blocking work of retention, as plain functions for the workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recorder.errors import ArchiveError
from recorder.keep.interlock import Standing
from recorder.ports import Archive
from recorder.retention_ports import RetentionDb
from recorder.retention_rows import Deletion, DeletionState, Order, Rules

_RUNS = 60


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run begins with."""

    standing: Standing
    now_us: int
    """The earlier of the two calendars: a clock that is ahead makes nothing older."""


def look(db: RetentionDb, wall_us: int) -> Looked:
    """Job: what was agreed to and done before."""
    now_us = min(wall_us, db.now_us())
    return Looked(Standing(db.confirmed_plan(), db.runs(_RUNS)), now_us)


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
    """Why the archive stopped it; the contact it was at is tried again."""


@dataclass(frozen=True, slots=True)
class DeleteTools:
    """What deleting needs; shared with nobody who changes it."""

    db: RetentionDb
    archive: Archive
    may_go_on: Callable[[], bool]
    """Asked before each contact: whether the duty still lasts."""


def delete_some(tools: DeleteTools, rules: Rules, now_us: int, term: int, limit: int) -> Deleted:
    """Job: the next deletions, one contact after the other. Raises what the database raises, but no ArchiveError."""
    ready = tools.db.ready(now_us, limit)
    ended: list[Ended] = []
    error = ""
    try:
        if ready:
            tools.archive.check()
        for one in ready:
            if not tools.may_go_on():
                return Deleted(tuple(ended), more=True, error=error)
            try:
                ended.append(
                    _delete(tools, one, Order(one.contact_id, one.number, rules, now_us), term)
                )
            except ArchiveError as refused:
                tools.archive.check()  # one object that cannot be deleted holds up no other
                error = str(refused)
    except ArchiveError as away:
        return Deleted(tuple(ended), more=True, error=str(away))
    return Deleted(tuple(ended), more=len(ready) == limit and bool(ended), error=error)


def _delete(tools: DeleteTools, one: Deletion, order: Order, term: int) -> Ended:
    """Begin, which puts on record what is to go; then erase and take out, in one transaction."""
    begun = one
    if one.state is DeletionState.DUE:
        begun = tools.db.begin_deletion(order, term)
        if begun.state is not DeletionState.DELETING:
            return Ended(begun)
    done = tools.db.finish_deletion(order, term, tools.archive.delete)
    if done.state is not DeletionState.WITHDRAWN:
        return Ended(done)
    lost = (media.object_key for media in one.media if tools.archive.info(media.object_key) is None)
    return Ended(done, tuple(lost))
