"""Parts of screens and renditions in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.exc import IntegrityError

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.screen_tables import renditions, screen_agents, screen_parts
from recorder.adapters.contact_db.sql import among, insert, texts
from recorder.errors import DataCenterError
from recorder.model import Window
from recorder.scn.model import ClockOffset, Rendition, ScreenPart, ScreenStream

_TRIES = 5


class SqlScreenDb:
    """Implements recorder.ports.screens.ScreenDb over an engine of `open_engine`, after `migrate`. Any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record_parts(self, parts: Sequence[ScreenPart]) -> None:
        """See ScreenDb."""
        if not parts:
            return
        dialect = self._engine.dialect.name
        agents = [
            {
                "part_key": part.part_key,
                "agent_key": agent,
                "from_us": part.from_us,
                "to_us": part.to_us,
            }
            for part in parts
            for agent in dict.fromkeys(part.stream.agents)
        ]
        with (
            translated("recording parts of screens"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            rows = [_part_values(part) for part in parts]
            connection.execute(insert(dialect, screen_parts).on_conflict_do_nothing(), rows)
            connection.execute(insert(dialect, screen_agents).on_conflict_do_nothing(), agents)

    def forget_part(self, part_key: str, reason: str) -> None:
        """See ScreenDb."""
        assert reason, "why is on record"
        row = screen_parts.c
        with (
            translated("forgetting a part of a screen"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            connection.execute(
                update(screen_parts)
                .where(row.part_key == clean(part_key), row.forgotten == "")
                .values(forgotten=reason)
            )

    def parts(self, agent_keys: Sequence[str], window: Window) -> tuple[ScreenPart, ...]:
        """See ScreenDb."""
        if not agent_keys:
            return ()
        dialect = self._engine.dialect.name
        agent, row = screen_agents.c, screen_parts.c
        touching = (
            select(agent.part_key)
            .where(
                among(dialect, agent.agent_key, "agents"),
                agent.to_us >= window.from_us,
                agent.from_us < window.to_us,
            )
            .distinct()
        )
        statement = (
            select(screen_parts)
            .where(row.part_key.in_(touching), row.forgotten == "")
            .order_by(row.stream, row.from_us, row.part_key)
        )
        with translated("listing parts of screens"), self._engine.connect() as connection:
            found = connection.execute(statement, {"agents": texts(dialect, agent_keys)}).all()
            return _parts_of(connection, found)

    def parts_stored_since(self, from_us: int, limit: int) -> tuple[ScreenPart, ...]:
        """See ScreenDb."""
        row = screen_parts.c
        statement = (
            select(screen_parts)
            .where(row.stored_us >= from_us, row.forgotten == "")
            .order_by(row.stored_us, row.part_key)
            .limit(limit)
        )
        with translated("listing new parts of screens"), self._engine.connect() as connection:
            return _parts_of(connection, connection.execute(statement).all())

    def known(self, part_keys: Sequence[str]) -> frozenset[str]:
        """See ScreenDb."""
        dialect = self._engine.dialect.name
        statement = select(screen_parts.c.part_key).where(
            among(dialect, screen_parts.c.part_key, "keys")
        )
        with translated("looking for parts of screens"), self._engine.connect() as connection:
            found = connection.execute(statement, {"keys": texts(dialect, part_keys)})
            return frozenset(one.part_key for one in found)

    def objects_known(self, object_keys: Sequence[str]) -> frozenset[str]:
        """See ScreenDb."""
        dialect, part, row = self._engine.dialect.name, screen_parts.c, renditions.c
        given = {"keys": texts(dialect, object_keys)}
        found: set[str] = set()
        with translated("looking for objects of screens"), self._engine.connect() as connection:
            mine = select(part.object_key).where(
                among(dialect, part.object_key, "keys"), part.forgotten == ""
            )
            found |= {one[0] for one in connection.execute(mine, given)}
            for column in (row.object_key, row.peaks_key, row.timeline_key):
                chosen = select(column).where(among(dialect, column, "keys"))
                found |= {one[0] for one in connection.execute(chosen, given)}
        return frozenset(found)

    def record_rendition(self, rendition: Rendition) -> Rendition:
        """See ScreenDb."""
        for _ in range(_TRIES):
            try:
                with (
                    translated("recording a rendition"),
                    self._engine.connect().execution_options(**WRITES) as connection,
                    connection.begin(),
                ):
                    return _record_rendition(connection, rendition)
            except DataCenterError as error:
                if not isinstance(error.__cause__, IntegrityError):
                    raise  # else the other node took the number first
        raise DataCenterError(
            "a rendition could not be numbered: others kept taking its number",
            hint="It is tried again by itself.",
        )

    def renditions(self, contact_id: str) -> tuple[Rendition, ...]:
        """See ScreenDb."""
        row = renditions.c
        statement = (
            select(renditions).where(row.contact_id == clean(contact_id)).order_by(row.number)
        )
        with translated("listing renditions"), self._engine.connect() as connection:
            return tuple(_rendition_of(one) for one in connection.execute(statement))

    def forget_renditions(self, contact_id: str) -> None:
        """See ScreenDb."""
        with (
            translated("forgetting renditions"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            connection.execute(
                renditions.delete().where(renditions.c.contact_id == clean(contact_id))
            )


def _record_rendition(connection: Connection, rendition: Rendition) -> Rendition:
    row = renditions.c
    same = select(renditions).where(
        row.contact_id == clean(rendition.contact_id), row.digest == rendition.digest
    )
    found = connection.execute(same.order_by(row.number)).first()
    if found is not None:
        return _rendition_of(found)
    newest = select(func.max(row.number)).where(row.contact_id == clean(rendition.contact_id))
    number = (connection.execute(newest).scalar() or 0) + 1
    values = {name: getattr(rendition, name) for name in row.keys()} | {"number": number}  # noqa: SIM118 - columns
    connection.execute(renditions.insert(), values)
    return _rendition_of(connection.execute(same).one())


def _part_values(part: ScreenPart) -> dict[str, Any]:
    stream = part.stream
    return {
        "part_key": part.part_key,
        "stream": stream.stream,
        "desktop": stream.desktop,
        "node": part.node,
        "codec": stream.codec,
        "width": stream.width,
        "height": stream.height,
        "t0_us": stream.t0_us,
        "from_us": part.from_us,
        "to_us": part.to_us,
        "seq_first": part.seq_first,
        "seq_last": part.seq_last,
        "ahead_us": part.offset.ahead_us,
        "error_us": part.offset.error_us,
        "size_bytes": part.size_bytes,
        "sha256": part.sha256,
        "object_key": part.object_key,
        "stored_us": part.stored_us,
        "forgotten": "",
    }


def _parts_of(connection: Connection, rows: Sequence[Any]) -> tuple[ScreenPart, ...]:
    dialect, agent = connection.dialect.name, screen_agents.c
    statement = (
        select(agent.part_key, agent.agent_key)
        .where(among(dialect, agent.part_key, "keys"))
        .order_by(agent.part_key, agent.agent_key)
    )
    agents: dict[str, list[str]] = {row.part_key: [] for row in rows}
    given = {"keys": texts(dialect, list(agents))}
    for one in connection.execute(statement, given) if agents else ():
        agents[one.part_key].append(one.agent_key)
    return tuple(_part_of(row, tuple(agents[row.part_key])) for row in rows)


def _part_of(row: Any, agents: tuple[str, ...]) -> ScreenPart:
    return ScreenPart(
        part_key=row.part_key,
        stream=ScreenStream(
            row.stream, row.desktop, agents, row.codec, row.width, row.height, row.t0_us
        ),
        node=row.node,
        from_us=row.from_us,
        to_us=row.to_us,
        seq_first=row.seq_first,
        seq_last=row.seq_last,
        offset=ClockOffset(row.ahead_us, row.error_us),
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        object_key=row.object_key,
        stored_us=row.stored_us,
    )


def _rendition_of(row: Any) -> Rendition:
    return Rendition(**row._mapping)  # noqa: SLF001 - the documented door to a row's columns
