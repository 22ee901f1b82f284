"""Tells when a platform says nothing of its agents any more while their calls go on. A part of the actor `StatesAsker`.

A call with an agent that began a minute or more after the last event of its source, when that is long ago, is one
that nobody told of: its screen was not recorded. Without calls nothing follows from silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

from cluster.board import Board
from cluster.ports import Address, Clock, Done, Failed, Outcome, Timer, Workers
from recorder.instants import to_text
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level, Window
from recorder.ports.recording import ContactDb
from recorder.records.contacts import ContactQuery
from recorder.scn.ris_status import RisStatus
from recorder.settings.screens import ScreenSettings

EVENTS_QUIET: Final = "agent_events_quiet"
LOOK_EVERY_S: Final = 300.0
CLOCKS_US: Final = 60_000_000
"""A call and its first event are not told with the same instant."""
CALLS_LOOKED_AT: Final = 50
AGENT: Final = "agent"
_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class QuietDue:
    """Time to look. `number` tells a timer that was replaced."""

    number: int


@dataclass(frozen=True, slots=True)
class Untold:
    """A call that nobody told of."""

    source: str
    call: str
    began_us: int
    heard_us: int | None
    """The last event of the source at hand; None when there is none."""


@dataclass(frozen=True, slots=True)
class QuietLooked:
    """Somebody looked."""

    outcome: Outcome[tuple[Untold, ...]]


QuietMessage: TypeAlias = QuietDue | QuietLooked


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be looked up about one source."""

    source: str
    heard_us: int | None
    window: Window
    """In which a call is evidence."""


def asked_of(
    source: str, heard_us: int | None, now_us: int, *, quiet_us: int, back_us: int
) -> Asked | None:
    """None while it is not silent for so long."""
    from_us = now_us - back_us
    if heard_us is not None:
        from_us = max(from_us, heard_us + CLOCKS_US)
        if now_us - heard_us < quiet_us:
            return None
    return Asked(source, heard_us, Window(from_us, now_us)) if from_us < now_us else None


def look(db: ContactDb, asked: tuple[Asked, ...]) -> tuple[Untold, ...]:
    """Job: a call of each silent source that had an agent. Raises DataCenterError."""
    return tuple(found for one in asked if (found := _untold(db, one)) is not None)


def _untold(db: ContactDb, asked: Asked) -> Untold | None:
    query = ContactQuery(source=asked.source, window=asked.window, limit=CALLS_LOOKED_AT)
    for row in db.contacts(query).rows:
        contact = db.contact(row.contact_id)
        began_us = row.started_us
        if contact is None or began_us is None or began_us < asked.window.from_us:
            continue
        parties = [party for one in contact.interactions for party in one.parties]
        if any(party.role == AGENT for party in parties):
            return Untold(asked.source, row.session_key, began_us, asked.heard_us)
    return None


def quiet(untold: Untold) -> Finding:
    """What an operator is told."""
    last = (
        "nothing at all was heard lately"
        if untold.heard_us is None
        else f"the last event is of {to_text(untold.heard_us)}"
    )
    return Finding(
        EVENTS_QUIET,
        Level.ERROR,
        untold.source,
        f"{untold.source} tells nothing of its agents although calls go on: {last}, and call {untold.call} "
        f"of {to_text(untold.began_us)} had an agent. Screens of such calls are not recorded.",
        "See the platform's log of webhooks (Dynamics: failed System Jobs; Webex: the webhook's state), "
        f"`tandem source check {untold.source}`, and docs/agent-events.md.",
    )


@dataclass(slots=True, kw_only=True)
class QuietWatch:
    """Of a node; it looks while the node is on duty."""

    me: Address[Any]
    monitor: Address[MonitorMessage]
    clock: Clock
    database: Workers
    contact_db: ContactDb
    board: Board
    settings: ScreenSettings
    sources: tuple[str, ...]
    _number: int = 0
    _timer: Timer | None = None
    _told: dict[str, None] = field(default_factory=dict[str, None])

    def begin(self) -> None:
        """The duty begins: events of before are taken up meanwhile."""
        self._arm()

    def end(self) -> None:
        """The duty is another node's, and so are the findings."""
        self._number += 1
        self._tell(())

    def on(self, message: QuietMessage, *, on_duty: bool) -> None:
        """A timer, or an answer."""
        match message:
            case QuietDue(number):
                if number == self._number:
                    self._look() if on_duty else self._arm()
            case QuietLooked(outcome):
                match outcome:
                    case Done(found):
                        self._tell(found if on_duty else ())
                    case Failed():
                        pass  # the Data Center is away, which is told elsewhere
                self._arm()

    def _look(self) -> None:
        now_us = self.clock.wall_us()
        heard = self._heard()
        asked = [
            asked_of(
                source,
                heard.get(source),
                now_us,
                quiet_us=int(self.settings.quiet_s * _US),
                back_us=int(self.settings.events_kept_s * _US),
            )
            for source in self.sources
        ]
        job = partial(look, self.contact_db, tuple(one for one in asked if one is not None))
        self.database.submit(job, self.me, QuietLooked)

    def _heard(self) -> Mapping[str, int]:
        """By source: its newest event at hand."""
        ris = self.board.read("ris", RisStatus)
        newest: dict[str, int] = {}
        for agent in () if ris is None else ris.agents.values():
            source = agent.agent_key.partition("/")[0]
            newest[source] = max(newest.get(source, 0), agent.last_us)
        return newest

    def _tell(self, found: tuple[Untold, ...]) -> None:
        for source in [one for one in self._told if one not in {each.source for each in found}]:
            del self._told[source]
            self.monitor.tell(FindingClosed(EVENTS_QUIET, source))
        for one in found:
            self._told[one.source] = None
            self.monitor.tell(FindingOpened(quiet(one)))

    def _arm(self) -> None:
        self._number += 1
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.clock.call_later(LOOK_EVERY_S, self.me, QuietDue(self._number))
