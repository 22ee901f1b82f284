"""The items this node's duty is about: hands them out, hears what became of them, puts ends on record.

The decisions are the ledger's; this part carries them out. An end without media goes to the Data Center before
the item lets go of the watermark.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import assert_never

from cluster.errors import StaleTerm
from cluster.ports import Done
from cluster.work_messages import (
    Distribute,
    Job,
    JobAssigned,
    JobBroken,
    JobFinished,
    JobNews,
    Withdraw,
)
from recorder.codec import FAIL, JOB, FailBody, JobBody, job_key
from recorder.errors import DataCenterError, RecorderError
from recorder.instants import to_text
from recorder.model import ItemEvent, ItemOutcome, ItemRef, ItemState
from recorder.poll import ledger
from recorder.poll.keeper import Keeper
from recorder.poll.ledger import Item
from recorder.poll.poll_jobs import record_outcome, unfinished
from recorder.poll.poll_messages import (
    ItemRetryDue,
    OutcomeDue,
    OutcomeRecorded,
    PendingChecked,
)
from recorder.poll.poller_ports import PollerPorts
from recorder.poll.waking import SPREAD_S, Sign, Waking
from recorder.records.contacts import ItemRow
from recorder.status import Try

RECENT_MAX = 50_000
RECORD_AGAIN_S = 5.0
CHECK_AFTER_S = 120.0
CHECK_AT_ONCE = 200
_HANDED_OUT = frozenset({ItemState.FOUND, ItemState.ASSIGNED})


class Items:
    """The ledger of one source, by job key. Empty while this node has no duty."""

    def __init__(self, *, ports: PollerPorts, keeper: Keeper) -> None:
        self._ports = ports
        self._keeper = keeper
        self._items: dict[str, Item] = {}
        self._newest: dict[str, str] = {}
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._outcomes: dict[str, ItemOutcome] = {}
        self._writing: set[str] = set()
        self._waking = Waking(interval_s=ports.poll.interval_s, cap_s=ports.retry.cap_s)
        self._events = 0
        self._tried = 0
        self.failed = 0
        self.parked = 0

    # -- finding ----

    def is_known(self, ref: ItemRef) -> bool:
        """True when this item is under way, or ended a while ago, in this version."""
        key = job_key(ref)
        return key in self._items or key in self._recent

    def event(self, ref: ItemRef, what: str, detail: str = "") -> ItemEvent:
        """The next step in an item's story, told by this actor."""
        self._events += 1
        return ItemEvent(
            source=ref.source,
            item_key=ref.key,
            node=self._ports.node,
            boot=f"{self._ports.boot}.{self._ports.me.name}",
            number=self._events,
            at_us=self._ports.clock.wall_us(),
            what=what,
            term=self._keeper.term or 0,
            detail=detail,
        )

    def take(self, refs: Iterable[tuple[ItemRef, ItemEvent]], *, hold: bool = True) -> None:
        """New items are handed out; they hold the watermark, all of them or those not below it."""
        for ref, event in refs:
            key = job_key(ref)
            if key in self._items:
                continue
            older = self._newest.get(ref.key)
            now_ns = self._ports.clock.monotonic_ns()
            self._put(key, Item(ref=ref, found_us=event.at_us, found_ns=now_ns))
            self._newest[ref.key] = key
            watermark = self._keeper.watermark
            assert watermark is not None, "items are found in windows of a watermark"
            if hold or ref.changed_us >= watermark.mark.at_us:
                watermark.found(key, ref.changed_us)
            if older is not None:  # only now: without either, the watermark would pass both
                self._forget(older)
            self._give(key, self._items[key], 1, (event,))

    def has(self, ref: ItemRef) -> bool:
        """Whether the item is under way in this or a later version; a parked one is tried again now."""
        key = self._newest.get(ref.key, "")
        item = self._items.get(key)
        if item is None or (key != job_key(ref) and item.ref.changed_us < ref.changed_us):
            return False
        if item.parked:
            self._step(key, ledger.RetryDue())
        return True

    def hold(self, ref: ItemRef) -> None:
        """A poll listed it. What was taken in without holding the watermark does now, if it lies ahead."""
        watermark, item = self._keeper.watermark, self._items.get(job_key(ref))
        ahead = watermark is not None and ref.changed_us >= watermark.mark.at_us
        if watermark is not None and ahead and item is not None and not item.parked:
            watermark.found(job_key(ref), ref.changed_us)

    def skip(self, refs: Iterable[ItemRef]) -> None:
        """These are final in the Data Center; do not ask for them again."""
        for ref in refs:
            self._remember(job_key(ref))

    def adopt(self, row: ItemRow) -> None:
        """An item that an earlier reign left without an end: it holds the watermark and is tried again."""
        watermark = self._keeper.watermark
        assert watermark is not None, "there is a mark before anything is taken in"
        if row.ref.key not in self._newest and not self.is_known(row.ref):
            watermark.found(job_key(row.ref), row.ref.changed_us)
            self.retry(row.ref, row.attempts, row.found_us, parked=False)

    def retry(
        self, ref: ItemRef, attempts: int = 0, found_us: int | None = None, *, parked: bool
    ) -> None:
        """Try a failed item again now; one that this duty does not know holds no watermark."""
        key = job_key(ref)
        if key not in self._items:
            self._recent.pop(key, None)
            now = self._ports.clock
            found_us = now.wall_us() if found_us is None else found_us
            item = Item(ref, found_us, now.monotonic_ns(), ItemState.FAILED, attempts)
            self._put(key, replace(item, parked=parked))
            self._newest[ref.key] = key
        self._step(key, ledger.RetryDue())

    # -- news ----

    def news(self, message: JobNews) -> None:
        """What the distributor says of a job."""
        key = message.key
        match message:
            case JobAssigned(_, node, claim, attempt):
                item = self._items.get(key)
                if item is not None:
                    detail = f"to {node}, attempt {attempt}, claim {claim}"
                    self._keeper.tell(self.event(item.ref, "assigned", detail))
                self._step(key, ledger.Assigned(node))
            case JobFinished():
                self._remember(key)
                self._step(key, ledger.Finished())
                self.seems_well(Sign.FETCHED)
            case JobBroken(_, node, body):
                self._broken(key, node, body)
            case _:
                assert_never(message)

    def retry_due(self, message: ItemRetryDue) -> None:
        """A failed item waited long enough."""
        item = self._items.get(message.key)
        if item is not None and item.failures == message.failures:
            self._step(message.key, ledger.RetryDue())

    def seems_well(self, sign: Sign) -> None:
        """The source answers: what failed because it did not is due within seconds."""
        if not (self.failed or self.parked):
            return
        now_ns = self._ports.clock.monotonic_ns()
        for key in self._waking.keys(sign, self._items, now_ns):
            if sign is Sign.FETCHED:
                self._items[key] = replace(self._items[key], woken_ns=now_ns)
            self._wake(key)

    def _wake(self, key: str) -> None:
        delay_s = self._ports.randomness.uniform(0.0, SPREAD_S)
        due = ItemRetryDue(key, self._items[key].failures)
        self._ports.clock.call_later(delay_s, self._ports.me, due)

    # -- ends on record ----

    def outcome_recorded(self, message: OutcomeRecorded) -> StaleTerm | None:
        """The Data Center took an outcome or not. Returns the error that ends the duty."""
        key = message.key
        self._writing.discard(key)
        wanted = self._outcomes.get(key)
        if isinstance(message.outcome, Done):
            if wanted is message.asked:
                del self._outcomes[key]
                self._step(key, ledger.Recorded())
            else:
                self._record(key)
            return None
        error = message.outcome.error
        if isinstance(error, StaleTerm):
            return error
        if not isinstance(error, DataCenterError):
            raise error
        item = self._items.get(key)
        if item is not None and item.ending is not None:
            self._ports.clock.call_later(RECORD_AGAIN_S, self._ports.me, OutcomeDue(key))
        else:
            self._outcomes.pop(key, None)
        return None

    def outcome_due(self, key: str) -> None:
        """Try to put it on record again."""
        self._record(key)

    # -- what the distributor may have missed ----

    def check_pending(self) -> None:
        """Ask the Data Center for items that were handed out long ago: a result may have been lost."""
        old_ns = self._ports.clock.monotonic_ns() - int(CHECK_AFTER_S * 1e9)
        waiting = (item for item in self._items.values() if item.state in _HANDED_OUT)
        refs = [item.ref for item in waiting if item.found_ns <= old_ns][:CHECK_AT_ONCE]
        if refs:
            job = partial(unfinished, self._ports.db, tuple(refs))
            then = partial(PendingChecked, tuple(refs))
            self._ports.database_lane.submit(job, self._ports.me, then)

    def pending_checked(self, message: PendingChecked) -> None:
        """Those that are final after all are finished; the others are handed out again.

        Handing out what is under way changes nothing, so a job that got lost anywhere comes back.
        """
        still = {job_key(ref) for ref in message.refs}
        if isinstance(message.outcome, Done):
            still = {job_key(ref) for ref in message.outcome.value}
        finished: list[str] = []
        for key in map(job_key, message.refs):
            item = self._items.get(key)
            if item is None or item.state not in _HANDED_OUT:
                continue
            if key in still:
                self._give(key, item, item.attempts + 1, ())
            elif not item.parked:
                finished.append(key)
        for key in finished:
            self._remember(key)
            self._step(key, ledger.Finished())
        if finished:
            self._ports.distributor.tell(Withdraw(tuple(finished)))

    def tries(self) -> dict[str, Try]:
        """Items that failed and are not over, by job key."""
        if not self._tried:
            return {}
        return {
            key: Try(item.failures, item.reason)
            for key, item in self._items.items()
            if item.failures
        }

    # -- the duty's end ----

    def ask_again(self) -> None:
        """Trust nothing remembered: an operator wants everything looked at again."""
        self._recent.clear()

    def drop(self) -> None:
        """The duty is over: forget what was under way; whoever polls next finds it again."""
        self._items.clear()
        self._newest.clear()
        self._outcomes.clear()
        self._writing.clear()
        self.failed = self.parked = self._tried = 0

    # -- inside ----

    def _broken(self, key: str, node: str, body: bytes) -> None:
        item = self._items.get(key)
        if item is None:
            return
        try:
            fail = FAIL.decode(body)
        except RecorderError as error:
            fail = FailBody(item.ref, ItemState.FAILED, "bad_report", f"{node}: {error}", 1)
        chance = self._ports.randomness.uniform(0.0, 1.0)
        now_ns = self._ports.clock.monotonic_ns()
        retention_s = self._ports.source.capabilities.retention_s
        age_us = self._ports.clock.wall_us() - item.ref.changed_us
        forgotten = retention_s is not None and age_us > retention_s * 1e6
        self._step(key, ledger.Broken(fail, chance, now_ns, forgotten), fail.events)

    def _step(self, key: str, event: ledger.Event, events: tuple[ItemEvent, ...] = ()) -> None:
        old = self._items.get(key)
        if old is None:
            return
        item, decisions = ledger.step(old, event, self._ports.retry)
        self._put(key, item)
        for decision in decisions:
            match decision:
                case ledger.Give(attempt):
                    self._give(key, item, attempt, ())
                case ledger.RetryIn(delay_s):
                    due = ItemRetryDue(key, item.failures)
                    self._ports.clock.call_later(delay_s, self._ports.me, due)
                case ledger.Record():
                    self._outcomes[key] = self._outcome(item, decision, events)
                    self._record(key)
                case ledger.Passed():
                    assert self._keeper.watermark is not None
                    self._keeper.watermark.final(key)
                case _:
                    assert_never(decision)
        if item.is_over:
            self._remember(key)
            self._forget(key)

    def _outcome(
        self, item: Item, asked: ledger.Record, events: tuple[ItemEvent, ...]
    ) -> ItemOutcome:
        retry_at_us = None
        if asked.retry_in_s is not None:
            retry_at_us = self._ports.clock.wall_us() + int(asked.retry_in_s * 1e6)
        return ItemOutcome(
            ref=item.ref,
            state=asked.state,
            reason=asked.reason,
            attempts=asked.attempts,
            found_us=item.found_us,
            retry_at_us=retry_at_us,
            parked=asked.parked,
            events=(*events, *self._told(item.ref, asked, retry_at_us, events)),
        )

    def _told(
        self,
        ref: ItemRef,
        asked: ledger.Record,
        retry_at_us: int | None,
        events: tuple[ItemEvent, ...],
    ) -> tuple[ItemEvent, ...]:
        """What was decided here; the failure itself is told by the node that had it."""
        told: list[ItemEvent] = []
        if not any(event.detail == asked.reason for event in events):
            told.append(self.event(ref, asked.state.value, asked.reason))
        if retry_at_us is not None:
            detail = f"retry at {to_text(retry_at_us)}"
            told.append(self.event(ref, "parked" if asked.parked else "waiting", detail))
        return tuple(told)

    def _record(self, key: str) -> None:
        outcome, term = self._outcomes.get(key), self._keeper.term
        if outcome is None or term is None or key in self._writing:
            return
        self._writing.add(key)
        job = partial(record_outcome, self._ports.db, outcome, term)
        then = partial(OutcomeRecorded, key, outcome)
        self._ports.database_lane.submit(job, self._ports.me, then)

    def _give(self, key: str, item: Item, attempt: int, events: tuple[ItemEvent, ...]) -> None:
        body = JOB.encode(JobBody(item.ref, item.found_us, events))
        self._ports.distributor.tell(Distribute(Job(key, body), attempt, self._ports.me))

    def _put(self, key: str, item: Item) -> None:
        self._count(self._items.get(key), -1)
        self._items[key] = item
        self._count(item, 1)

    def _forget(self, key: str) -> None:
        item = self._items.pop(key, None)
        if item is None:
            return
        self._count(item, -1)
        self._outcomes.pop(key, None)
        if self._newest.get(item.ref.key) == key:
            del self._newest[item.ref.key]
        if not item.is_over:
            self._ports.distributor.tell(Withdraw((key,)))
        if self._keeper.watermark is not None:
            self._keeper.watermark.final(key)

    def _count(self, item: Item | None, by: int) -> None:
        if item is not None:
            self.parked += by * item.parked
            self.failed += by * (item.state is ItemState.FAILED and not item.parked)
            self._tried += by * (item.failures > 0)

    def _remember(self, key: str) -> None:
        self._recent[key] = None
        self._recent.move_to_end(key)
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
