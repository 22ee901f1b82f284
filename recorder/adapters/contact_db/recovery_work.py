"""The work of recoveries in the contact database: counting, giving, ending.

Every change of counts is one statement that holds only while the recovery runs and its term is not stale;
the rows of its items change in the same transaction, or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from recorder.adapters.contact_db.bulk import Shape, write_rows
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.conflicts import first_stays
from recorder.adapters.contact_db.fence import highest_term, not_stale, refuse_stale
from recorder.adapters.contact_db.proof_tables import recoveries, recovery_items
from recorder.adapters.contact_db.recovery_ids import KnownIds
from recorder.adapters.contact_db.recovery_rows_sql import (
    COUNTED,
    details_text,
    item_values,
    on_record,
    recovery_of,
    ref_of,
)
from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.sql import Upsert, among, in_sql, texts
from recorder.adapters.contact_db.tables import items
from recorder.model import ItemRef, ItemState
from recorder.records.recoveries import (
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryRow,
    RecoveryStatus,
    Stage,
    Tending,
    Verdict,
    judge_given,
    judge_waiting,
    must_be_made_due,
    waits_for_another_try,
)

_RUNNING = RecoveryStatus.RUNNING.value
_ALL = 1_000_000_000
_LOOK_MIN = 100
"""Pending items looked at for those that have an end by now, even where there is little room."""


@dataclass(frozen=True, slots=True)
class Hand:
    """A primary at work on one recovery, whose row is locked."""

    connection: Connection
    cluster: str
    node: str
    row: RecoveryRow
    term: int
    now_us: int

    @property
    def recovery_id(self) -> str:
        """Of the recovery."""
        return self.row.recovery_id

    @property
    def runs(self) -> bool:
        """Whether it is still to be worked on."""
        return self.row.status is RecoveryStatus.RUNNING


# --- what was listed -------------------------------------------------------------------------------


def stage(
    connection: Connection,
    missing: Sequence[RecoveryItem],
    recovery_id: str,
    now_us: int,
    *,
    first: bool,
) -> None:
    """Keep them as LISTED; those of an earlier section stay what they are, but for a new version."""
    if first:
        row = recovery_items.c
        left = and_(row.recovery_id == recovery_id, row.state == Stage.LISTED.value)
        connection.execute(delete(recovery_items).where(left))
    unique = {item.ref.key: item for item in missing}
    rows = [
        item_values(item, recovery_id, Stage.LISTED, now_us) for _, item in sorted(unique.items())
    ]
    write_rows(connection, recovery_items, _newer_version, rows)


def _newer_version(statement: Upsert, shape: Shape) -> Upsert:
    row, new = recovery_items.c, statement.excluded
    del shape
    names = ("version", "changed_us", "session_key", "hints", "expires_us", "updated_us")
    waits = row.state.in_([in_sql(Stage.LISTED), in_sql(Stage.PENDING)])
    return statement.on_conflict_do_update(
        index_elements=["recovery_id", "item_key"],
        set_={name: new[name] for name in names},
        where=waits,
    )


def record_section(hand: Hand, section: ListedSection) -> None:
    """Raises StaleTerm; a section that is not the next one changes nothing."""
    connection, recovery_id = hand.connection, hand.recovery_id
    if not hand.runs or hand.row.listed != section.begin:
        seen = highest_term(connection, hand.cluster)
        refuse_stale("what a recovery listed", hand.term, seen)
        return
    waiting = [item for item in section.missing if item.stage is Stage.PENDING]
    stage(connection, waiting, recovery_id, hand.now_us, first=not section.staged)
    listed = and_(
        recovery_items.c.recovery_id == recovery_id,
        recovery_items.c.state == Stage.LISTED.value,
    )
    moves = Counter[str](already_here=section.already_here, not_recordable=section.not_recordable)
    moves["pending"] = connection.execute(
        update(recovery_items).where(listed).values(state=Stage.PENDING.value)
    ).rowcount
    over = [item for item in section.missing if item.stage is not Stage.PENDING]
    moves.update(_put_ended(connection, over, recovery_id, hand.now_us))
    more: Values = {
        "detected": recoveries.c.detected + sum(moves.values()),
        "listed": section.to,
        "api_calls": recoveries.c.api_calls + section.api_calls,
    }
    if section.to >= hand.row.end:
        more["fetching_us"] = hand.now_us
    _count(hand, moves, more)


def _put_ended(
    connection: Connection, over: Sequence[RecoveryItem], recovery_id: str, now_us: int
) -> Counter[str]:
    """What has an end without an item: ids that lead to none. Returns how many are new."""
    keys = [item.ref.key for item in over]
    column = recovery_items.c.item_key
    question = select(column).where(
        recovery_items.c.recovery_id == recovery_id,
        among(connection.dialect.name, column, "item_keys"),
    )
    given = {"item_keys": texts(connection.dialect.name, keys)}
    known = set(connection.execute(question, given).scalars()) if keys else set[str]()
    new = {item.ref.key: item for item in over if clean(item.ref.key) not in known}
    rows = [item_values(item, recovery_id, item.stage, now_us) for _, item in sorted(new.items())]
    write_rows(connection, recovery_items, first_stays, rows)
    return Counter(item.stage.value for item in new.values())


# --- looking after items ---------------------------------------------------------------------------


def tend(hand: Hand, tending: Tending) -> tuple[tuple[ItemRef, ...], int]:
    """What the poller is to take in, and how many are in hand now. Raises StaleTerm."""
    connection, row = hand.connection, hand.row
    if not hand.runs:
        return (), 0
    verdicts: dict[str, Verdict] = {}
    give: list[ItemRef] = []
    given = connection.execute(_joined(), _asked(row, Stage.GIVEN, _ALL)).all()
    in_hand = 0
    for one in given:
        ref, found = ref_of(one, row.source), on_record(one)
        verdict = judge_given(ref, found, one.made_due_us)
        if verdict is not None:
            verdicts[ref.key] = verdict
            continue
        in_hand += not waits_for_another_try(found)
        if tending.again:
            give.append(ref)
    left = len(given) - len(verdicts)
    room = min(tending.room, tending.given_max - left)
    due: list[str] = []
    if room > 0:
        limit = max(room, _LOOK_MIN)
        for one in connection.execute(_joined(), _asked(row, Stage.PENDING, limit)):
            ref, found = ref_of(one, row.source), on_record(one)
            verdict = judge_waiting(ref, found)
            if verdict.stage is Stage.GIVEN:
                if room == 0:
                    continue
                room -= 1
                in_hand += 1
                give.append(ref)
                due += [ref.key] if must_be_made_due(ref, found) else []
            verdicts[ref.key] = verdict
    if verdicts:
        _make_due(hand, due)
        _move(hand, verdicts, due)
    return tuple(give), in_hand


def _move(hand: Hand, verdicts: Mapping[str, Verdict], due: Sequence[str]) -> None:
    changed = recovery_items.c
    statement = (
        update(recovery_items)
        .where(changed.recovery_id == bindparam("of_recovery"))
        .where(changed.item_key == bindparam("of_item"))
        .values(
            state=bindparam("now_state"),
            reason=bindparam("now_reason"),
            made_due_us=bindparam("now_due", type_=BigInteger),
            updated_us=hand.now_us,
        )
    )
    made_due = set(due)
    hand.connection.execute(
        statement,
        [
            {
                "of_recovery": hand.recovery_id,
                "of_item": clean(key),
                "now_state": verdict.stage.value,
                "now_reason": clean(verdict.reason),
                "now_due": hand.now_us if key in made_due else None,
            }
            for key, verdict in sorted(verdicts.items())
        ],
    )
    ended = [one for one in verdicts.values() if one.stage is not Stage.GIVEN]
    moves = Counter(one.stage.value for one in ended)
    moves["pending"] = -len(ended)
    size_bytes = sum(one.size_bytes for one in ended)
    _count(hand, moves, {"bytes": recoveries.c.bytes + size_bytes})


def _make_due(hand: Hand, due: Sequence[str]) -> None:
    """Parked and gone ones are tried again at once; whoever polls would pass them by otherwise."""
    if not due:
        return
    its, dialect, now_us = items.c, hand.connection.dialect.name, hand.now_us
    statement = (
        update(items)
        .where(its.source == hand.row.source, among(dialect, its.item_key, "item_keys"))
        .where(its.state.in_([ItemState.FAILED.value, ItemState.GONE.value]))
        .values(state=ItemState.FAILED.value, parked=True, retry_at_us=now_us, updated_us=now_us)
    )
    hand.connection.execute(statement, {"item_keys": texts(dialect, due)})


@cache
def _joined() -> Select[Any]:
    """Items of a recovery in one stage with their rows in the ledger, soonest lost first."""
    one, its = recovery_items.c, items.c
    return (
        select(
            recovery_items,
            its.version.label("its_version"),
            its.changed_us.label("its_changed_us"),
            its.state.label("its_state"),
            its.parked.label("its_parked"),
            its.reason.label("its_reason"),
            its.updated_us.label("its_updated_us"),
            its.size_bytes.label("its_size_bytes"),
        )
        .join_from(
            recovery_items,
            items,
            and_(its.item_key == one.item_key, its.source == bindparam("of_source")),
            isouter=True,
        )
        .where(one.recovery_id == bindparam("of_recovery"), one.state == bindparam("of_stage"))
        .order_by(one.expires_us, one.changed_us, one.item_key)
        .limit(bindparam("at_most"))
    )


def _asked(row: RecoveryRow, stage: Stage, limit: int) -> Values:
    return {
        "of_source": row.source,
        "of_recovery": row.recovery_id,
        "of_stage": stage.value,
        "at_most": limit,
    }


# --- the recovery itself ---------------------------------------------------------------------------


def read(
    connection: Connection, known: KnownIds, recovery_id: str, *, lock: bool = False
) -> RecoveryRow | None:
    """A recovery; `lock` keeps others from changing it until the end of the transaction."""
    statement = small().where(recoveries.c.recovery_id == recovery_id)
    if lock:
        statement = statement.with_for_update()
    found = connection.execute(statement).one_or_none()
    return None if found is None else whole(connection, known, found)


@cache
def small() -> Select[Any]:
    """Recoveries without their ids, which may be megabytes; dry runs are told whole, for their forecasts."""
    row = recoveries.c
    columns = [one for one in row if one is not row.details]
    return select(*columns, case((row.dry_run, row.details), else_="").label("details"))


def whole(connection: Connection, known: KnownIds, row: AnyRow) -> RecoveryRow:
    """With its ids, which are read once."""
    found = recovery_of(row)
    if found.window is not None or found.dry_run:
        return found
    return replace(found, ids=known.of(connection, found.recovery_id))


def end(hand: Hand, status: RecoveryStatus, reason: str, forecast: Forecast | None) -> None:
    """Raises StaleTerm."""
    if not hand.runs:
        return
    more: Values = {"status": status.value, "reason": reason, "ended_us": hand.now_us}
    if forecast is not None:
        more["details"] = details_text(hand.row.ids, forecast)
    _count(hand, Counter(), more)


def _count(hand: Hand, moves: Mapping[str, int], more: Values) -> None:
    """Move items between counts and note who did. Raises StaleTerm, and then nothing is changed."""
    column = recoveries.c
    counts: Values = {name: column[name] + moves[name] for name in COUNTED if moves.get(name)}
    statement = (
        update(recoveries)
        .where(column.recovery_id == hand.recovery_id, column.status == _RUNNING)
        .where(not_stale(bindparam("of_term", type_=BigInteger)))
        .values(
            **counts,
            **more,
            started_us=func.coalesce(column.started_us, hand.now_us),
            node=hand.node,
            term=hand.term,
            updated_us=hand.now_us,
        )
    )
    given = {"of_term": hand.term, "of_cluster": hand.cluster}
    if hand.connection.execute(statement, given).rowcount == 0:
        seen = highest_term(hand.connection, hand.cluster)
        refuse_stale(f"what became of recovery {hand.recovery_id}", hand.term, seen)
        raise AssertionError("a recovery that is locked and runs is changed by nobody else")
