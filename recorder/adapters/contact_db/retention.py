"""Holds and deletions in SQL.

Whoever places a hold, or takes a step of a deletion, does it alone: SQLite locks its file from the
beginning of a transaction that writes, PostgreSQL takes a lock of its own. So a hold comes before a step,
which then sees it, or after it. Objects are erased inside the transaction that takes the rows out, each one
after a look at the lease row and at the connection, which proves that the lock is held still.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import (
    Connection,
    Engine,
    and_,
    bindparam,
    exists,
    insert,
    select,
    text,
    tuple_,
    update,
)

from cluster.ports import Clock
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.fence import not_stale
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.proof_tables import deletions, holds
from recorder.adapters.contact_db.retention_facts import (
    OPEN,
    deleted_reason,
    facts_among,
    facts_of,
    facts_without_deletion,
    holds_in_force,
    lock_contact,
    next_numbers,
    own_objects,
    take_out,
)
from recorder.adapters.contact_db.retention_pages import page_of
from recorder.adapters.contact_db.retention_plans import SqlPlans
from recorder.adapters.contact_db.retention_rows_sql import (
    deletion_of,
    deletion_values,
    hold_of,
    hold_values,
)
from recorder.adapters.contact_db.screens_of_contacts import contacts_shown, forget_own, own_parts
from recorder.adapters.contact_db.sql import POSTGRES
from recorder.adapters.contact_db.tables import contacts
from recorder.keep.rules import judge
from recorder.keep.surveys import Stamp, decision, due_of, ended, set_aside, stepped, surveyed
from recorder.records.retention import (
    Deletion,
    DeletionList,
    DeletionQuery,
    DeletionState,
    Facts,
    Hold,
    Order,
    Placed,
    Rules,
    Surveyed,
    Trouble,
    Verdict,
    Walk,
)

_LOCK = 0x7A9D5E
"""Any number, but the same on every node, and another one than that of the audit trail."""


class SqlRetentionDb(SqlPlans):
    """Implements recorder.ports.retention.RetentionDb over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine, *, cluster: str, node: str, clock: Clock) -> None:
        super().__init__(engine, cluster=cluster, clock=clock)
        self._node = node

    # -- holds ----

    def place_hold(self, hold: Hold) -> Placed:
        """Put a hold on record; one with this id stays as it is."""
        with self._alone("placing a hold") as connection:
            there = _hold(connection, hold.hold_id)
            if there is None:
                connection.execute(insert(holds), hold_values(hold))
            return Placed(there or hold, _too_late(connection, hold))

    def release_hold(self, hold_id: str, by: str, because: str) -> Hold | None:
        """End a hold; released once, it stays as it is."""
        values = {
            "released_us": self._clock.wall_us(),
            "released_by": by,
            "released_because": because,
        }
        with self._alone("releasing a hold") as connection:
            mine = and_(holds.c.hold_id == hold_id, holds.c.released_us.is_(None))
            connection.execute(update(holds).where(mine).values(values))
            return _hold(connection, hold_id)

    def holds(self, *, released: bool = False) -> tuple[Hold, ...]:
        """Those in force, or those released too; by id."""
        with translated("listing holds"), self._engine.connect() as connection:
            if not released:
                return holds_in_force(connection)
            return tuple(map(hold_of, connection.execute(select(holds).order_by(holds.c.hold_id))))

    def facts(self, contact_ids: Sequence[str]) -> tuple[Facts, ...]:
        """Those of these contacts that are there, as rules and holds see them; by id."""
        with translated("reading contacts"), self._engine.connect() as connection:
            return facts_among(connection, contact_ids)

    def contacts_shown(self, part_key: str) -> tuple[str, ...]:
        """Ids of the contacts that a part of a screen shows."""
        with translated("looking whom a screen shows"), self._engine.connect() as connection:
            return contacts_shown(connection, part_key)

    def undelete(self, contact_id: str, hold: Hold) -> Deletion | None:
        """Withdraw a deletion that is DUE and place the hold, at once."""
        with self._alone("taking a deletion back") as connection:
            row = deletions.c
            statement = (
                select(deletions)
                .where(row.contact_id == contact_id)
                .order_by(row.number.desc())
                .limit(1)
            )
            found = connection.execute(statement).one_or_none()
            if found is None:
                return None
            old = deletion_of(found)
            if old.state is not DeletionState.DUE:
                return old
            new = replace(
                old,
                state=DeletionState.WITHDRAWN,
                reason=f"taken back by {hold.placed_by}: {hold.reason}; held by {hold.hold_id}",
                ended_us=self._clock.wall_us(),
            )
            if _hold(connection, hold.hold_id) is None:
                connection.execute(insert(holds), hold_values(hold))
            _write(connection, new)
            return new

    def deletions(self, query: DeletionQuery) -> DeletionList:
        """A page of deletions, newest decision first."""
        row, limit = deletions.c, bounded(query.limit)
        place = (row.decided_us, row.contact_id, row.number)
        statement = select(deletions).order_by(*(one.desc() for one in place)).limit(limit + 1)
        if query.states:
            statement = statement.where(row.state.in_([one.value for one in query.states]))
        if query.source is not None:
            statement = statement.where(row.source == query.source)
        if query.contact_id is not None:
            statement = statement.where(row.contact_id == query.contact_id)
        if query.stuck_tries:
            statement = statement.where(row.state.in_(OPEN), row.tries >= query.stuck_tries)
        if query.after is not None:
            after = decode_cursor(query.after, int, str, int)
            statement = statement.where(tuple_(*place) < tuple_(*after))
        with translated("listing deletions"), self._engine.connect() as connection:
            found = tuple(map(deletion_of, connection.execute(statement)))
        if len(found) <= limit:
            return DeletionList(found, None)
        last = found[limit - 1]
        return DeletionList(
            found[:limit], encode_cursor(last.decided_us, last.contact_id, last.number)
        )

    # -- the primary ----

    def survey(self, walk: Walk, rules: Rules, now_us: int) -> Surveyed:
        """What of a page would become due; changes nothing."""
        with translated("looking for what is due"), self._engine.connect() as connection:
            in_force = holds_in_force(connection)
            page = page_of(connection, walk, rules, in_force, now_us)
            judged = due_of(page.old, in_force, rules, now_us)
        return surveyed(page.looked_at, judged, page.following)

    def decide(self, contact_ids: Sequence[str], rules: Rules, now_us: int, term: int) -> Surveyed:
        """Judge these contacts anew, and put what is due on record as DUE."""
        stamp = Stamp(self._node, now_us, term)
        with self._alone("deciding what is due") as connection:
            self._fence("a decision to delete", connection, term)
            page = facts_without_deletion(connection, contact_ids)
            judged = due_of(page, holds_in_force(connection), rules, now_us)
            due = [one for one in judged if one.judgement.verdict is Verdict.DUE]
            numbers = next_numbers(connection, [one.facts.contact_id for one in due])
            rows = [
                deletion_values(decision(one, rules, numbers[one.facts.contact_id], stamp))
                for one in due
            ]
            if rows:
                connection.execute(insert(deletions), rows)
                self._fence("a decision to delete", connection, term)
        return surveyed(len(page), judged, None)

    def ready(self, now_us: int, limit: int) -> tuple[Deletion, ...]:
        """DUE ones whose recycle period is over, and those begun."""
        row = deletions.c
        statement = (
            select(deletions)
            .where(row.state.in_(OPEN), row.due_us <= now_us, row.again_us <= now_us)
            .order_by(row.due_us, row.contact_id, row.number)
            .limit(bounded(limit))
        )
        with translated("looking for deletions"), self._engine.connect() as connection:
            return tuple(map(deletion_of, connection.execute(statement)))

    def gone_since(self, from_us: int, after: str, limit: int) -> tuple[str, ...]:
        """Contacts that were deleted since, and are not there again."""
        row, known = deletions.c, contacts.c.contact_id
        statement = (
            select(row.contact_id)
            .distinct()
            .where(
                row.state == DeletionState.DELETED.value,
                row.ended_us >= from_us,
                row.contact_id > after,
                ~exists().where(known == row.contact_id),
            )
            .order_by(row.contact_id)
            .limit(bounded(limit))
        )
        with translated("looking for what was deleted"), self._engine.connect() as connection:
            return tuple(connection.scalars(statement))

    def set_aside(self, trouble: Trouble, term: int) -> Deletion:
        """The next try is later."""
        with self._alone("setting a deletion aside") as connection:
            self._fence("that a deletion failed", connection, term)
            old = _deletion(connection, trouble.contact_id, trouble.number)
            new = set_aside(old, trouble)
            if new != old:
                self._write_fenced(connection, new, term)
            return new

    def begin_deletion(self, order: Order, term: int) -> Deletion:
        """From DUE to DELETING, or to WITHDRAWN."""
        stamp = Stamp(self._node, order.now_us, term)
        with self._alone("beginning a deletion") as connection:
            self._fence("the beginning of a deletion", connection, term)
            old = _deletion(connection, order.contact_id, order.number)
            new = self._step(connection, old, order.rules, stamp, begins=True)
            if new != old:
                self._write_fenced(connection, new, term)
            return new

    def finish_deletion(self, order: Order, term: int, erase: Callable[[str], None]) -> Deletion:
        """From DELETING to DELETED, or to WITHDRAWN. One transaction."""
        stamp = Stamp(self._node, order.now_us, term)
        with self._alone("deleting a contact") as connection:
            self._fence("a deletion", connection, term)
            lock_contact(connection, order.contact_id)
            old = _deletion(connection, order.contact_id, order.number)
            new = self._step(connection, old, order.rules, stamp, begins=False)
            if new.state in {DeletionState.DELETING, DeletionState.AGAIN}:
                for key in own_objects(connection, new):
                    self._fence("a deletion", connection, term)
                    erase(key)
                if new.state is DeletionState.DELETING:
                    for part in own_parts(connection, new.contact_id):
                        self._fence("a deletion", connection, term)
                        erase(part.object_key)
                        forget_own(connection, part, deleted_reason(new))
                    take_out(connection, new, deleted_reason(new), self._node, order.now_us)
                new = ended(new, order.now_us)
            if new != old:
                self._write_fenced(connection, new, term)
            return new

    def _step(
        self, connection: Connection, old: Deletion, rules: Rules, stamp: Stamp, *, begins: bool
    ) -> Deletion:
        facts = facts_of(connection, old.contact_id)
        in_force = holds_in_force(connection)
        judged = None if facts is None else judge(facts, in_force, rules, stamp.now_us)
        return stepped(old, facts, judged, stamp, begins=begins)

    # -- transactions ----

    @contextmanager
    def _alone(self, doing: str) -> Generator[Connection]:
        with (
            translated(doing),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == POSTGRES:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    def _write_fenced(self, connection: Connection, one: Deletion, term: int) -> None:
        mine = and_(deletions.c.contact_id == one.contact_id, deletions.c.number == one.number)
        statement = update(deletions).where(mine, not_stale(bindparam("of_term")))
        given = {"of_cluster": self._cluster, "of_term": term}
        written = connection.execute(statement.values(deletion_values(one)), given)
        if written.rowcount == 0:
            self._fence("a deletion", connection, term)


def _hold(connection: Connection, hold_id: str) -> Hold | None:
    found = connection.execute(select(holds).where(holds.c.hold_id == hold_id)).one_or_none()
    return None if found is None else hold_of(found)


def _too_late(connection: Connection, hold: Hold) -> tuple[str, ...]:
    """The contact a hold names, when it was deleted before."""
    name, row = hold.scope.contact_id, deletions.c
    if not name:
        return ()
    statement = (
        select(row.contact_id)
        .where((row.contact_id == name) | (row.session_key == name))
        .where(row.state.in_((DeletionState.DELETED.value, DeletionState.AGAIN.value)))
    )
    found = sorted(set(connection.execute(statement).scalars()))
    return tuple(one for one in found if facts_of(connection, one) is None)


def _deletion(connection: Connection, contact_id: str, number: int) -> Deletion:
    mine = and_(deletions.c.contact_id == contact_id, deletions.c.number == number)
    return deletion_of(connection.execute(select(deletions).where(mine)).one())


def _write(connection: Connection, one: Deletion) -> None:
    mine = and_(deletions.c.contact_id == one.contact_id, deletions.c.number == one.number)
    connection.execute(update(deletions).where(mine).values(deletion_values(one)))
