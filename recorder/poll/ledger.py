"""What becomes of each item this node found: a table of states and events. Pure.

    FOUND -> ASSIGNED -> ARCHIVED
                      -> FAILED -> (retry) FOUND ...
                      -> FAILED -> GONE, NOT_RECORDABLE or parked, once that is on record

Invariants: a final item stays final (only ARCHIVED may replace GONE and NOT_RECORDABLE, because a recording
that came after all is the better truth); an end without media counts only after the Data Center recorded it;
a duplicate or late event changes nothing.

`FETCHING` and `BUFFERED` are seen by the node that works on the item; here they behave like ASSIGNED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from recorder.backoff import delay_s
from recorder.codec import FailBody
from recorder.model import ItemRef, ItemState
from recorder.settings.stages import RetrySettings

ITEM_CODES = frozenset(
    {
        "not_media",
        "bad_answer",
        "too_large",
        "redirect_refused",
        "archive_refused",
        "buffer_file_lost",
    }
)
"""Failures that speak of the item itself: only these count as tries. Any other may hit every item of the
source at once, and parking all of them would make an outage last as long as parked items wait."""
WRONG_BODY = "announced"
"""What a `truncated` says when a whole body came but is not the one announced; a broken transfer does not."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item on its way. `ending`: the end that waits for the Data Center to record it."""

    ref: ItemRef
    found_us: int
    found_ns: int
    state: ItemState = ItemState.FOUND
    attempts: int = 0
    """Tries that failed for a reason of the item's own."""
    parked: bool = False
    ending: ItemState | None = None
    node: str = ""
    reason: str = ""
    failures: int = 0
    """Failures of any kind, in a row: the pauses grow with them."""
    own_fault: bool = False
    """The last failure spoke of the item itself: that the source is well again changes nothing."""
    failing_since_ns: int = 0
    failed_ns: int = 0
    not_before_ns: int = 0
    """The source asked for patience until then."""
    woken_ns: int | None = None

    @property
    def is_over(self) -> bool:
        """Nothing more will happen by itself."""
        return self.state.is_final


# --- events ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assigned:
    """A node took the item."""

    node: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The item is committed in the Data Center."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A node gave up. `chance` is a number in [0, 1) for the back-off."""

    body: FailBody
    chance: float
    now_ns: int
    forgotten: bool = False
    """The source does not keep recordings as old as this one."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The Data Center has the outcome that `Record` asked for."""


@dataclass(frozen=True, slots=True)
class RetryDue:
    """Its time to be tried again has come, or an operator says so."""


Event: TypeAlias = Assigned | Finished | Broken | Recorded | RetryDue

# --- decisions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Give:
    """Distribute the item, as this attempt (from 1)."""

    attempt: int


@dataclass(frozen=True, slots=True)
class RetryIn:
    """Come back with `RetryDue` after this time."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Record:
    """Write this outcome to the Data Center; answer `Recorded` when it is there."""

    state: ItemState
    reason: str
    attempts: int
    parked: bool
    retry_in_s: float | None


@dataclass(frozen=True, slots=True)
class Passed:
    """The item no longer holds the watermark: it is final, or parked on record."""


Decision: TypeAlias = Give | RetryIn | Record | Passed
Stepped: TypeAlias = tuple[Item, tuple[Decision, ...]]


def step(item: Item, event: Event, settings: RetrySettings) -> Stepped:
    """The item after the event, and what is to be done, in order."""
    handler = _TABLE.get((item.state, type(event)))
    return (item, ()) if handler is None else handler(item, event, settings)


def _assigned(item: Item, event: Assigned, _: RetrySettings) -> Stepped:
    return replace(item, state=ItemState.ASSIGNED, node=event.node), ()


def _finished(item: Item, _event: Finished, _: RetrySettings) -> Stepped:
    return replace(item, state=ItemState.ARCHIVED, ending=None), (Passed(),)


def _better_end(item: Item, _event: Finished, _: RetrySettings) -> Stepped:
    return replace(item, state=ItemState.ARCHIVED), ()


def _broken(item: Item, event: Broken, settings: RetrySettings) -> Stepped:
    body = event.body
    reason = f"{body.code}: {body.message}"
    wrong_again = WRONG_BODY in body.message and reason == item.reason
    own_fault = (
        body.state is not ItemState.FAILED
        or speaks_of_the_item(body.code)
        or (body.code == "truncated" and wrong_again)
    )
    failed = replace(
        item,
        state=ItemState.FAILED,
        attempts=item.attempts + own_fault,
        failures=item.failures + 1,
        own_fault=own_fault,
        reason=reason,
        node="",
        failing_since_ns=item.failing_since_ns if item.failures else event.now_ns,
        failed_ns=event.now_ns,
        not_before_ns=event.now_ns + int((body.retry_after_s or 0.0) * 1e9),
    )
    if body.state in {ItemState.GONE, ItemState.NOT_RECORDABLE}:
        failed = replace(failed, ending=body.state)
        return failed, (_record(failed, body.state, None, parked=False),)
    if item.parked and event.forgotten:
        reason = f"retention: too old for the source to keep it; it failed with {reason}"
        failed = replace(failed, ending=ItemState.GONE, reason=reason)
        return failed, (_record(failed, ItemState.GONE, None, parked=False),)
    too_old = event.now_ns - item.found_ns >= settings.park_after_s * 1e9
    if item.parked or failed.attempts >= settings.park_after_tries or too_old:
        later_s = max(settings.parked_every_s, body.retry_after_s or 0.0)
        failed = replace(failed, ending=ItemState.FAILED)
        return failed, (_record(failed, ItemState.FAILED, later_s, parked=True),)
    wait_s = delay_s(
        failed.failures,
        base_s=settings.base_s,
        cap_s=settings.cap_s,
        chance=event.chance,
        retry_after_s=body.retry_after_s,
    )
    return failed, (RetryIn(wait_s), _record(failed, ItemState.FAILED, wait_s, parked=False))


def speaks_of_the_item(code: str) -> bool:
    """Whether a failure with this code would happen to this item alone."""
    return code in ITEM_CODES


def _record(item: Item, state: ItemState, retry_in_s: float | None, *, parked: bool) -> Record:
    return Record(state, item.reason, item.attempts, parked, retry_in_s)


def _recorded(item: Item, _event: Recorded, _: RetrySettings) -> Stepped:
    if item.ending is None:
        return item, ()
    if item.ending is ItemState.FAILED:
        return replace(item, parked=True, ending=None), (Passed(),)
    return replace(item, state=item.ending, ending=None), (Passed(),)


def _retry(item: Item, _event: RetryDue, _: RetrySettings) -> Stepped:
    if item.ending is not None:
        return item, ()
    return replace(item, state=ItemState.FOUND), (Give(item.attempts + 1),)


_LIVE = (ItemState.FOUND, ItemState.ASSIGNED, ItemState.FETCHING, ItemState.BUFFERED)
_Handler: TypeAlias = Callable[[Item, Any, RetrySettings], Stepped]
_TABLE: Mapping[tuple[ItemState, type], _Handler] = {
    **{(state, Assigned): _assigned for state in _LIVE},
    **{(state, Finished): _finished for state in _LIVE},
    **{(state, Broken): _broken for state in _LIVE},
    (ItemState.FAILED, Finished): _finished,
    (ItemState.FAILED, Recorded): _recorded,
    (ItemState.FAILED, RetryDue): _retry,
    (ItemState.GONE, Finished): _better_end,
    (ItemState.NOT_RECORDABLE, Finished): _better_end,
}
"""What is not in the table changes nothing: the event is a duplicate or comes too late."""
