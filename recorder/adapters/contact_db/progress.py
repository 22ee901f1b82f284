"""Progress of the sources: merged by maximum, written by compare and swap, fenced by term."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, Update, bindparam, select, update

from recorder.adapters.contact_db.columns import CleanText
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.fence import highest_term, not_stale, refuse_stale
from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.sql import Upsert, insert, to_json
from recorder.adapters.contact_db.tables import sources
from recorder.errors import DataCenterError
from recorder.model import SourceProgress, Window

_TRIES = 20


def merge_progress(one: SourceProgress, other: SourceProgress) -> SourceProgress:
    """What both say together; in whatever order and however often they are merged.

    A higher epoch replaces: an operator ordered that everything after a point be done again.
    """
    assert one.source == other.source, "progress of one source"
    if one.epoch != other.epoch:
        return max(one, other, key=lambda progress: progress.epoch)
    return SourceProgress(
        source=one.source,
        epoch=one.epoch,
        watermark_us=max(one.watermark_us, other.watermark_us),
        horizon_us=max(one.horizon_us, other.horizon_us),
        coverage=join_windows((*one.coverage, *other.coverage)),
    )


def join_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same instants in the fewest windows, in order; empty ones are dropped."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda window: (window.from_us, window.to_us)):
        if window.from_us >= window.to_us:
            continue
        if joined and window.from_us <= joined[-1].to_us:
            joined[-1] = Window(joined[-1].from_us, max(joined[-1].to_us, window.to_us))
        else:
            joined.append(window)
    return tuple(joined)


def load_progress(engine: Engine) -> tuple[SourceProgress, ...]:
    """Of every source, by name."""
    with engine.connect() as connection:
        rows = connection.execute(select(sources).order_by(sources.c.source))
        return tuple(_progress_of(row) for row in rows)


def save_progress(
    engine: Engine, cluster: str, progress: SourceProgress, term: int, now_us: int
) -> SourceProgress:
    """Merge into the row; returns what is in it now. Raises StaleTerm, DataCenterError."""
    for _ in range(_TRIES):
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            seen = highest_term(connection, cluster)
            refuse_stale(f"the progress of {progress.source}", term, seen)
            merged = _try(connection, cluster, progress, term, now_us)
            if merged is not None:
                return merged
    raise DataCenterError(
        f"the progress of {progress.source} was changed by others {_TRIES} times in a row",
        hint="It is saved again with the next poll.",
    )


def _try(
    connection: Connection, cluster: str, progress: SourceProgress, term: int, now_us: int
) -> SourceProgress | None:
    """One round of compare and swap; None when somebody else was faster, or the term is stale."""
    where = sources.c.source == progress.source
    row = connection.execute(select(sources).where(where)).one_or_none()
    old = None if row is None else _progress_of(row)
    merged = progress if old is None else merge_progress(old, progress)
    merged = merge_progress(merged, merged)
    if merged == old:
        return merged
    values: Values = {
        "of_cluster": cluster,
        "of_source": progress.source,
        "source": progress.source,
        "revision": 1 if row is None else row.revision + 1,
        "epoch": merged.epoch,
        "watermark_us": merged.watermark_us,
        "horizon_us": merged.horizon_us,
        "coverage": to_json([[window.from_us, window.to_us] for window in merged.coverage]),
        "term": term,
        "updated_us": now_us,
    }
    dialect = connection.dialect.name
    statement = _insert(dialect) if row is None else _update(dialect)
    return merged if connection.execute(statement, values).rowcount == 1 else None


def _progress_of(row: AnyRow) -> SourceProgress:
    return SourceProgress(
        source=row.source,
        epoch=row.epoch,
        watermark_us=row.watermark_us,
        horizon_us=row.horizon_us,
        coverage=tuple(Window(start, end) for start, end in json.loads(row.coverage or "[]")),
    )


# --- the statements ----------------------------------------------------------------------------------

_TYPES: dict[str, Any] = {
    "source": CleanText,
    "revision": BigInteger,
    "epoch": BigInteger,
    "watermark_us": BigInteger,
    "horizon_us": BigInteger,
    "coverage": CleanText,
    "term": BigInteger,
    "updated_us": BigInteger,
}


@cache
def _insert(dialect: str) -> Upsert:
    given = [bindparam(name, type_=kind) for name, kind in _TYPES.items()]
    fenced = select(*given).where(not_stale(bindparam("term", type_=BigInteger)))
    statement = insert(dialect, sources).from_select(list(_TYPES), fenced)
    done = statement.on_conflict_do_nothing(index_elements=["source"])
    return done.execution_options(preserve_rowcount=True)


@cache
def _update(dialect: str) -> Update:
    del dialect
    new = {name: bindparam(name, type_=kind) for name, kind in _TYPES.items()}
    return (
        update(sources)
        .where(sources.c.source == bindparam("of_source"))
        .where(sources.c.revision == new["revision"] - 1)
        .where(not_stale(new["term"]))
        .values({name: value for name, value in new.items() if name != "source"})
    )
