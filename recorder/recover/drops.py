"""The actor that looks after files with ids: takes them when they lie still, and answers each with a result.

It runs on both nodes, whoever is primary: a request may be made anywhere. A file is taken once nobody wrote to it
for a while, one step at a time, and everything about it is found again in its name. What a node took that gives no
sign of life any more is taken over by another one that sees the folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias, assert_never

import structlog

from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.errors import DataCenterDown, FileTakenOver
from recorder.messages import (
    FindingClosed,
    FindingOpened,
    MonitorMessage,
    RecoveriesChanged,
    RecoveryCommand,
)
from recorder.model import Finding, Level
from recorder.records.drops import Claimed, Dropped, Foreign
from recorder.recover.drop_jobs import Advanced, DropTools, Folder, Taken, advance, look, take

_log = structlog.get_logger(__name__)

LOOK_S: Final = 5.0
STILL_S: Final = 10.0
"""A file that did not change for so long is whole."""
GONE_S: Final = 300.0
"""A node that gave no sign of life for so long does not finish what it took."""
CODE: Final = "id_files_failing"
_SUBJECT: Final = "TextCapture"


@dataclass(frozen=True, slots=True)
class _LookDue:
    """Time to look."""


@dataclass(frozen=True, slots=True)
class _Looked:
    outcome: Outcome[Folder]


@dataclass(frozen=True, slots=True)
class _Taken:
    outcome: Outcome[Taken]


@dataclass(frozen=True, slots=True)
class _Advanced:
    outcome: Outcome[Advanced]


_Message: TypeAlias = Ping | _LookDue | _Looked | _Taken | _Advanced


class Stillness:
    """Which files nobody wrote to for a while, by what was seen of them. Pure."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[int, int, int]] = {}

    def still(self, found: Sequence[Dropped], now_ns: int) -> tuple[Dropped, ...]:
        """Those that looked the same in every look of the last STILL_S seconds."""
        seen: dict[tuple[str, str], tuple[int, int, int]] = {}
        still: list[Dropped] = []
        for one in found:
            key = (one.kind, one.name)
            size_bytes, changed_us, since_ns = self._seen.get(key, (-1, -1, now_ns))
            if (size_bytes, changed_us) != (one.size_bytes, one.changed_us):
                since_ns = now_ns
            seen[key] = (one.size_bytes, one.changed_us, since_ns)
            if now_ns - since_ns >= STILL_S * 1e9:
                still.append(one)
        self._seen = seen
        return tuple(still)


class Absence:
    """What nodes left behind that are gone, by the signs this node saw of them. No clock but its own. Pure."""

    def __init__(self, gone_s: float = GONE_S) -> None:
        self._gone_s = gone_s
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}

    def left_behind(self, found: Sequence[Foreign], now_ns: int) -> tuple[Foreign, ...]:
        """Of nodes whose sign was the same in every look of the last `gone_s` seconds."""
        seen: dict[tuple[str, str], tuple[int, int]] = {}
        left: list[Foreign] = []
        for one in found:
            key = (one.claimed.kind, one.node)
            sign, since_ns = self._seen.get(key, (one.sign, now_ns))
            seen[key] = (one.sign, since_ns if sign == one.sign else now_ns)
            if now_ns - seen[key][1] >= self._gone_s * 1e9:
                left.append(one)
        self._seen = seen
        return tuple(left)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropsPorts:
    """What the actor is given."""

    me: Address[_Message]
    tools: DropTools
    sources: Mapping[str, tuple[str, ...]]
    """Names of the sources of each kind that can be asked by id."""
    lane: Workers
    clock: Clock
    monitor: Address[MonitorMessage]
    recovery: Address[RecoveryCommand]
    gone_s: float = GONE_S


@dataclass
class Drops:
    """One job at a time: what a look found is worked off, then comes the next look."""

    ports: DropsPorts
    _stillness: Stillness = field(default_factory=Stillness)
    _absence: Absence = field(init=False)
    _left: list[Claimed] = field(default_factory=list[Claimed])
    _problem: Finding | None = None
    """Of this round; one file that cannot be read does not stop the others."""

    def __post_init__(self) -> None:
        """As its ports say."""
        self._absence = Absence(self.ports.gone_s)

    def on_start(self) -> None:
        """Look at once: a crash may have left something."""
        self._look()

    def on_stop(self) -> None:
        """What was taken is found again."""

    def on_message(self, message: _Message) -> None:
        """See the union."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self.ports.me.name, number))
            case _LookDue():
                self._look()
            case _Looked(outcome):
                self._looked(outcome)
            case _Taken(outcome):
                self._taken(outcome)
            case _Advanced(outcome):
                self._advanced(outcome)
            case _:
                assert_never(message)

    def _look(self) -> None:
        self.ports.lane.submit(partial(look, self.ports.tools.folder), self.ports.me, _Looked)

    def _looked(self, outcome: Outcome[Folder]) -> None:
        match outcome:
            case Failed(error):
                self._left = []
                self._failed(error)
            case Done(found):
                known = self.ports.sources
                incoming = [one for one in found.incoming if one.kind in known]
                self._left = [one for one in found.claimed if one.kind in known]
                foreign = [one for one in found.foreign if one.claimed.kind in known]
                now_ns = self.ports.clock.monotonic_ns()
                still = self._stillness.still(incoming, now_ns)
                left = self._absence.left_behind(foreign, now_ns)
                for one in left:
                    _log.info("id_file_left_behind", file=one.claimed.name, by=one.node)
                if still or left:
                    job = partial(take, self.ports.tools.folder, (*still, *left))
                    self.ports.lane.submit(job, self.ports.me, _Taken)
                else:
                    self._next()

    def _taken(self, outcome: Outcome[Taken]) -> None:
        match outcome:
            case Failed(error):
                self._failed(error)
            case Done(taken):
                if taken.trouble is not None:
                    self._problem = _finding(taken.trouble)
                if taken.files:
                    _log.info("id_files_taken", files=taken.files)
                    self._look()
                else:
                    self._next()

    def _next(self) -> None:
        if not self._left:
            self._round_over()
            return
        claimed = self._left.pop(0)
        sources = self.ports.sources[claimed.kind]
        job = partial(advance, self.ports.tools, claimed, sources, self.ports.clock.wall_us())
        self.ports.lane.submit(job, self.ports.me, _Advanced)

    def _advanced(self, outcome: Outcome[Advanced]) -> None:
        match outcome:
            case Failed(error):
                self._failed(error)
            case Done(made):
                if made.requested:
                    self.ports.recovery.tell(RecoveriesChanged())
                if made.result:
                    _log.info(
                        "id_file_done", file=made.name, result=made.result, **dict(made.outcomes)
                    )
                self._next()

    def _failed(self, error: Exception) -> None:
        """A Data Center that is away is waited for: others alarm about it."""
        if isinstance(error, DataCenterDown):
            self._left = []
        elif isinstance(error, FileTakenOver):
            _log.info("id_file_taken_over", told=str(error))
        else:
            self._problem = _finding(error)
        self._next()

    def _round_over(self) -> None:
        problem, self._problem = self._problem, None
        told = FindingClosed(CODE, _SUBJECT) if problem is None else FindingOpened(problem)
        self.ports.monitor.tell(told)
        self.ports.clock.call_later(LOOK_S, self.ports.me, _LookDue())


def _finding(error: Exception) -> Finding:
    hint = getattr(error, "hint", "") or "Look at the folder, and at its rights."
    return Finding(CODE, Level.WARNING, _SUBJECT, f"{error}", hint)
