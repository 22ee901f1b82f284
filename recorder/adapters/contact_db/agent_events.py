"""What platforms said of agents, in SQL. Rows are only ever added; one that is there stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Select, select

from recorder.adapters.contact_db.bulk import write_rows
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.conflicts import first_stays
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.pages import bounded
from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.screen_tables import agent_events
from recorder.adapters.contact_db.sql import among, texts
from recorder.model import Window
from recorder.scn.model import AgentEvent, AgentEventKind

_ORDER = (agent_events.c.at_us, agent_events.c.source, agent_events.c.event_id)
_KINDS = {kind.value: kind for kind in AgentEventKind}


class SqlAgentEventDb:
    """Implements recorder.ports.screens.AgentEventDb over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, events: Sequence[AgentEvent]) -> None:
        """Add; an event that is there stays as it is."""
        rows = {(clean(one.source), clean(one.event_id)): _values(one) for one in reversed(events)}
        with (
            translated("recording events of agents"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            write_rows(connection, agent_events, first_stays, [rows[key] for key in sorted(rows)])

    def since(self, from_us: int, limit: int) -> tuple[AgentEvent, ...]:
        """Those that happened at or after an instant, oldest first."""
        row = agent_events.c
        chosen = select(agent_events).where(row.at_us >= from_us).limit(bounded(limit))
        return self._read(chosen, {})

    def of_calls(self, calls: Sequence[str]) -> tuple[AgentEvent, ...]:
        """Those that name one of these calls, oldest first."""
        wanted = [call for call in calls if call]
        chosen = select(agent_events).where(among(self._dialect, agent_events.c.call, "calls"))
        return self._read(chosen, {"calls": texts(self._dialect, wanted)}) if wanted else ()

    def of_agents(self, agent_keys: Sequence[str], window: Window) -> tuple[AgentEvent, ...]:
        """Those of these agents within a period, oldest first."""
        row = agent_events.c
        chosen = select(agent_events).where(
            among(self._dialect, row.agent_key, "agents"),
            row.at_us >= window.from_us,
            row.at_us < window.to_us,
        )
        return self._read(chosen, {"agents": texts(self._dialect, agent_keys)})

    @property
    def _dialect(self) -> str:
        return self._engine.dialect.name

    def _read(self, chosen: Select[Any], given: Values) -> tuple[AgentEvent, ...]:
        with translated("reading events of agents"), self._engine.connect() as connection:
            found = connection.execute(chosen.order_by(*_ORDER), given)
            # A newer node may know kinds that this one does not: they are none of its business.
            return tuple(_event(row) for row in found if row.kind in _KINDS)


def _values(event: AgentEvent) -> Values:
    return {
        "source": event.source,
        "event_id": event.event_id,
        "agent_key": event.agent_key,
        "agent": event.agent,
        "call": event.call,
        "kind": event.kind.value,
        "at_us": event.at_us,
        "heard_us": event.heard_us,
        "heard_by": event.heard_by,
    }


def _event(row: AnyRow) -> AgentEvent:
    return AgentEvent(
        source=row.source,
        event_id=row.event_id,
        agent=row.agent,
        call=row.call,
        kind=_KINDS[row.kind],
        at_us=row.at_us,
        heard_us=row.heard_us,
        heard_by=row.heard_by,
    )
