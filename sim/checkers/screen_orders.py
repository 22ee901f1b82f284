"""Whether a node tells each desktop in time to record, and to cover its screen, by what it knows itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from recorder.scn.model import Verdict
from recorder.tracing.rows import TraceRow
from sim.checkers.screen_told import Told, wrong
from sim.checkers.violation import Violation

ORDER_US: Final = 5_000_000
"""Within this a node that is awake tells a desktop what it is to do; it looks once a keep-alive."""
ASLEEP_US: Final = 2_000_000
"""A node that writes nothing for longer was stopped, or had nothing to do."""
RECORD: Final = "record"
COVER: Final = "cover its screen"


@dataclass(slots=True)
class _Desk:
    agents: tuple[str, ...]
    stream: str
    records: bool = False
    covered: bool = False
    due_us: dict[str, int] = field(default_factory=dict[str, int])
    """By order: until when it must be told."""


class Orders:
    """To the desktops that are connected to one node."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._desks: dict[str, _Desk] = {}
        self._last_us: int | None = None

    def row(self, row: TraceRow, now_us: int) -> None:
        """A row about a desktop."""
        name = str(row.data.get("connection", ""))
        stream = str(row.data.get("stream", ""))
        desk = self._desks.get(name)
        match row.what:
            case "desktop":
                self._desks[name] = _Desk(tuple(map(str, row.data.get("agents", ()))), stream)
            case "gone" | "hung_up" | "refused":
                self._desks.pop(name, None)
            case "stream" if desk is not None:
                desk.stream = stream
            case "ended" if desk is not None:
                desk.stream = "" if desk.stream == stream else desk.stream
            case "start" | "stop" if desk is not None:
                desk.records = row.what == "start"
            case "mask" | "unmask" if desk is not None:
                desk.covered = row.what == "mask"
            case _:
                return
        self.look(now_us)

    def look(self, now_us: int) -> None:
        """Something else is known: what is each of them to be told?"""
        for name, desk in self._desks.items():
            mine = [agent for agent in desk.agents if self._newest(agent) == name]
            lasts = any(
                leg.span.to_us is None and leg.verdict is not Verdict.DELETED
                for leg in self._told.legs_of(mine)
            )
            masked = any(
                mask.to_us is None for leg in self._told.legs_of(desk.agents) for mask in leg.masks
            )
            idle = not desk.stream and not desk.records
            for order, wanted in ((RECORD, lasts and idle), (COVER, masked and not desk.covered)):
                if wanted:
                    desk.due_us.setdefault(order, now_us + ORDER_US)
                else:
                    desk.due_us.pop(order, None)

    def passes(self, node: str, now_us: int) -> Iterator[Violation]:
        """The node wrote a row: it is awake."""
        last_us, self._last_us = self._last_us, now_us
        slept_us = 0 if last_us is None else now_us - last_us
        for desk in self._desks.values():
            for order, due_us in list(desk.due_us.items()):
                if slept_us > ASLEEP_US:
                    desk.due_us[order] = due_us + slept_us
                elif now_us > due_us:
                    del desk.due_us[order]
                    yield wrong(f"{node} did not tell a desktop to {order}", desk.agents)

    def _newest(self, agent: str) -> str:
        """The connection on which an agent is recorded."""
        desks = reversed(self._desks.items())
        return next((name for name, desk in desks if agent in desk.agents), "")
