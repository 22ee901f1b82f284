"""Holds and deletions over plain dictionaries, for the simulator: a second telling of the database's rules."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from cluster.ports import Clock
from recorder.adapters.contact_db.fence import refuse_stale
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.retention_facts import deleted_reason, deletion_events
from recorder.errors import DataCenterDown
from recorder.keep.rules import judge
from recorder.keep.surveys import (
    Stamp,
    decision,
    due_of,
    ended,
    set_aside,
    stepped,
    surveyed,
)
from recorder.records.retention import (
    Deletion,
    DeletionList,
    DeletionQuery,
    DeletionState,
    Facts,
    Hold,
    Order,
    Placed,
    Plan,
    Rules,
    Run,
    Surveyed,
    Trouble,
    Verdict,
    Walk,
)
from sim.tables.data_center import DataCenterFaults, MemoryContactStore
from sim.tables.retention_reading import gone_since, own_objects, page_of, too_late
from sim.tables.screens_of_contacts import ScreensOfContacts

_HIDDEN = {DeletionState.DUE, DeletionState.DELETING}


@dataclass(frozen=True, eq=False)
class _Transaction:
    """One that deletes. `lives`: whether the process behind it does."""

    lives: Callable[[], bool]


@dataclass
class RetentionTables:
    """What the database keeps of retention, beside the deletions themselves. Outlives the nodes."""

    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    plans: dict[str, Plan] = field(default_factory=dict[str, Plan])
    runs: dict[str, Run] = field(default_factory=dict[str, Run])
    erasing: _Transaction | None = None
    """What holds the lock until it is over, or its process is."""
    gone: Callable[[Deletion, Facts], None] = lambda _one, _facts: None
    """Called just before the rows of a contact go, with how it is; for checkers."""
    held: Callable[[Hold], None] = lambda _hold: None
    """Called when a hold was placed; for checkers."""


class MemoryRetentionDb:
    """Implements `recorder.ports.retention.RetentionDb` beside the contacts of `store`. Any thread."""

    def __init__(
        self,
        tables: RetentionTables,
        store: MemoryContactStore,
        *,
        node: str,
        clock: Clock,
        faults: DataCenterFaults | None = None,
        now_us: Callable[[], int] | None = None,
        lives: Callable[[], bool] = lambda: True,
        screens: ScreensOfContacts | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._tables = tables
        self._store = store
        self._node = node
        self._clock = clock
        self._now_us = now_us or clock.wall_us
        self._lives = lives
        self._screens = screens or ScreensOfContacts()

    def now_us(self) -> int:
        """See RetentionDb."""
        with self._call("retention_now"):
            return self._now_us()

    # -- holds ----

    def place_hold(self, hold: Hold) -> Placed:
        """See RetentionDb."""
        with self._alone("place_hold"):
            there = self._tables.holds.setdefault(hold.hold_id, hold)
            self._tables.held(there)
            return Placed(there, too_late(self._store, hold))

    def release_hold(self, hold_id: str, by: str, because: str) -> Hold | None:
        """See RetentionDb."""
        with self._alone("release_hold"):
            old = self._tables.holds.get(hold_id)
            if old is None or old.released_us is not None:
                return old
            at_us = self._clock.wall_us()
            new = replace(old, released_us=at_us, released_by=by, released_because=because)
            self._tables.holds[hold_id] = new
            return new

    def holds(self, *, released: bool = False) -> tuple[Hold, ...]:
        """See RetentionDb."""
        with self._call("holds"):
            return self._holds(released=released)

    def facts(self, contact_ids: Sequence[str]) -> tuple[Facts, ...]:
        """See RetentionDb."""
        with self._call("facts"):
            found = (self._store.contacts.facts(home) for home in sorted(set(contact_ids)))
            return tuple(one for one in found if one is not None)

    def contacts_shown(self, part_key: str) -> tuple[str, ...]:
        """See RetentionDb."""
        with self._call("contacts_shown"):
            return self._screens.contacts_shown(self._store.contacts, part_key)

    def undelete(self, contact_id: str, hold: Hold) -> Deletion | None:
        """See RetentionDb."""
        with self._alone("undelete"):
            mine = [one for one in self._store.deletions.values() if one.contact_id == contact_id]
            if not mine:
                return None
            old = max(mine, key=lambda one: one.number)
            if old.state is not DeletionState.DUE:
                return old
            reason = f"taken back by {hold.placed_by}: {hold.reason}; held by {hold.hold_id}"
            at_us = self._clock.wall_us()
            new = replace(old, state=DeletionState.WITHDRAWN, reason=reason, ended_us=at_us)
            self._tables.held(self._tables.holds.setdefault(hold.hold_id, hold))
            return self._put(new)

    def deletions(self, query: DeletionQuery) -> DeletionList:
        """See RetentionDb."""
        after = None if query.after is None else decode_cursor(query.after, int, str, int)
        with self._call("deletions"):
            rows = [
                one
                for one in self._store.deletions.values()
                if (not query.states or one.state in query.states)
                and query.source in {None, one.source}
                and query.contact_id in {None, one.contact_id}
                and (not query.stuck_tries or _is_stuck(one, query.stuck_tries))
                and (after is None or list(_decided(one)) < after)
            ]
        rows.sort(key=_decided, reverse=True)
        limit = bounded(query.limit)
        more = len(rows) > limit
        next_page = encode_cursor(*_decided(rows[limit - 1])) if more else None
        return DeletionList(tuple(rows[:limit]), next_page)

    # -- plans and runs ----

    def save_plan(self, plan: Plan) -> None:
        """See RetentionDb."""
        with self._call("save_plan"):
            self._tables.plans.setdefault(plan.plan_id, plan)

    def plan(self, plan_id: str) -> Plan | None:
        """See RetentionDb."""
        with self._call("plan"):
            return self._tables.plans.get(plan_id)

    def confirm_plan(self, plan_id: str, by: str) -> Plan | None:
        """See RetentionDb."""
        with self._call("confirm_plan"):
            plan = self._tables.plans.get(plan_id)
            if plan is None:
                return None
            newest = max((one.confirmed_us or 0 for one in self._tables.plans.values()), default=0)
            at_us = max(self._clock.wall_us(), newest + 1)
            self._tables.plans[plan_id] = replace(plan, confirmed_us=at_us, confirmed_by=by)
            return self._tables.plans[plan_id]

    def confirmed_plan(self) -> Plan | None:
        """See RetentionDb."""
        with self._call("confirmed_plan"):
            agreed = [one for one in self._tables.plans.values() if one.confirmed_us is not None]
            return max(agreed, key=lambda one: one.confirmed_us or 0, default=None)

    def runs(self, limit: int) -> tuple[Run, ...]:
        """See RetentionDb."""
        with self._call("retention_runs"):
            rows = sorted(self._tables.runs.values(), key=_started, reverse=True)
            return tuple(rows[:limit])

    def record_run(self, run: Run, term: int) -> None:
        """See RetentionDb."""
        with self._call("record_run"):
            self._fence("a run of retention", term)
            self._tables.runs[run.run_id] = run
            self._store.control_written("record_run", term)

    # -- the primary ----

    def survey(self, walk: Walk, rules: Rules, now_us: int) -> Surveyed:
        """See RetentionDb."""
        with self._call("survey"):
            page, following = page_of(self._store.contacts, walk)
            hidden = self._hidden()
            free = [one for one in page if one.contact_id not in hidden]
            return surveyed(len(page), due_of(free, self._holds(), rules, now_us), following)

    def decide(self, contact_ids: Sequence[str], rules: Rules, now_us: int, term: int) -> Surveyed:
        """See RetentionDb."""
        with self._alone("decide"):
            self._fence("a decision to delete", term)
            hidden = self._hidden()
            asked = [one for one in dict.fromkeys(contact_ids) if one not in hidden]
            page = tuple(one for home in asked if (one := self._store.contacts.facts(home)))
            judged = due_of(page, self._holds(), rules, now_us)
            for one in judged:
                if one.judgement.verdict is Verdict.DUE:
                    number = self._next_number(one.facts.contact_id)
                    self._put(decision(one, rules, number, Stamp(self._node, now_us, term)))
            self._store.control_written("decide", term)
            return surveyed(len(page), judged, None)

    def ready(self, now_us: int, limit: int) -> tuple[Deletion, ...]:
        """See RetentionDb."""
        with self._call("ready"):
            found = [
                one
                for one in self._store.deletions.values()
                if one.state.is_open and one.due_us <= now_us and one.again_us <= now_us
            ]
        found.sort(key=lambda one: (one.due_us, one.contact_id, one.number))
        return tuple(found[: bounded(limit)])

    def gone_since(self, from_us: int, after: str, limit: int) -> tuple[str, ...]:
        """See RetentionDb."""
        with self._call("gone_since"):
            return gone_since(self._store, from_us, after)[: bounded(limit)]

    def set_aside(self, trouble: Trouble, term: int) -> Deletion:
        """See RetentionDb."""
        with self._alone("set_aside"):
            self._fence("that a deletion failed", term)
            old = self._store.deletions[trouble.contact_id, trouble.number]
            self._store.control_written("set_aside", term)
            return self._put(set_aside(old, trouble))

    def begin_deletion(self, order: Order, term: int) -> Deletion:
        """See RetentionDb."""
        stamp = Stamp(self._node, order.now_us, term)
        with self._alone("begin_deletion"):
            self._fence("the beginning of a deletion", term)
            old = self._store.deletions[order.contact_id, order.number]
            self._store.control_written("begin_deletion", term)
            return self._put(self._step(old, order.rules, stamp, begins=True))

    def finish_deletion(self, order: Order, term: int, erase: Callable[[str], None]) -> Deletion:
        """See RetentionDb. Whoever erases holds the lock; others hear that the database is busy."""
        stamp, mine = Stamp(self._node, order.now_us, term), _Transaction(self._lives)
        try:
            with self._alone("finish_deletion"):
                self._fence("a deletion", term)
                self._tables.erasing = mine
            old = self._store.deletions[order.contact_id, order.number]
            new = self._step(old, order.rules, stamp, begins=False)
            if new.state in {DeletionState.DELETING, DeletionState.AGAIN}:
                for key in own_objects(self._store.contacts, new):
                    self._fence("a deletion", term)
                    erase(key)
            if new.state is DeletionState.DELETING:
                for part in self._screens.own_parts(self._store.contacts, new.contact_id):
                    self._fence("a deletion", term)
                    erase(part.object_key)
                    self._screens.forget(part, deleted_reason(new))
            return self._finished(new, order.now_us, term)
        finally:
            if self._tables.erasing is mine:
                self._tables.erasing = None

    def _finished(self, new: Deletion, now_us: int, term: int) -> Deletion:
        """The end of the transaction."""
        with self._call("done_deletion"):
            self._fence("a deletion", term)
            facts = self._store.contacts.facts(new.contact_id)
            if new.state is DeletionState.DELETING and facts and facts.media != new.media:
                raise DataCenterDown("a commit came between, which a database would have kept out")
            if new.state in {DeletionState.DELETING, DeletionState.AGAIN}:
                self._take_out(new, now_us)
                new = ended(new, now_us)
            self._store.control_written("finish_deletion", term)
            return self._put(new)

    def _take_out(self, one: Deletion, now_us: int) -> None:
        if one.state is DeletionState.AGAIN:
            return
        store = self._store
        facts = store.contacts.facts(one.contact_id)
        if facts is not None:
            self._tables.gone(one, facts)
        keys = store.items.take_out(one.contact_id, deleted_reason(one), now_us)
        store.items.add_events(deletion_events(one, keys, self._node, now_us))
        store.contacts.take_out(one.contact_id)
        self._screens.forget_renditions(one.contact_id)

    # -- what the tables say ----

    def _step(self, old: Deletion, rules: Rules, stamp: Stamp, *, begins: bool) -> Deletion:
        facts = self._store.contacts.facts(old.contact_id)
        holds = self._holds()
        judged = None if facts is None else judge(facts, holds, rules, stamp.now_us)
        return stepped(old, facts, judged, stamp, begins=begins)

    def _put(self, one: Deletion) -> Deletion:
        self._store.deletions[one.contact_id, one.number] = one
        return one

    def _holds(self, *, released: bool = False) -> tuple[Hold, ...]:
        found = [one for _, one in sorted(self._tables.holds.items())]
        return tuple(one for one in found if released or one.released_us is None)

    def _hidden(self) -> set[str]:
        return {one.contact_id for one in self._store.deletions.values() if one.state in _HIDDEN}

    def _next_number(self, contact_id: str) -> int:
        return 1 + max((n for one, n in self._store.deletions if one == contact_id), default=0)

    # -- transactions ----

    def _fence(self, what: str, term: int) -> None:
        highest = self._store.highest_term()
        self._store.refused += term < highest
        refuse_stale(what, term, highest)

    @contextmanager
    def _alone(self, name: str) -> Generator[None]:
        """As `_call`, and not while somebody erases."""
        with self._call(name):
            if self._tables.erasing is not None and self._tables.erasing.lives():
                raise DataCenterDown(f"the contact database is busy while {name} is asked")
            yield

    @contextmanager
    def _call(self, name: str) -> Generator[None]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._store.lock:
            yield
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            self._store.unanswered += 1
            raise DataCenterDown(f"the contact database did not answer {name}")


def _decided(one: Deletion) -> tuple[int, str, int]:
    return (one.decided_us, one.contact_id, one.number)


def _is_stuck(one: Deletion, tries: int) -> bool:
    return one.state.is_open and one.tries >= tries


def _started(run: Run) -> tuple[int, str]:
    return (run.started_us, run.run_id)
