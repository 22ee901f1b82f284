"""Agents who are on a call and have no desktop on either node: who they are. Pure.

Each node tells the other whose desktops are connected to it, at every change. An agent is missed from some seconds
after the call began until a desktop comes, also between calls, so that one trouble is one finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from cluster.packing import pack, unpack
from recorder.model import Finding, Level
from recorder.scn.model import Leg
from recorder.scn.verdicts import wish

TOPIC: Final = "desktops"
"""Of the peer link."""
SHARE_BYTES: Final = 200_000
ABSENT_NS: Final = 15 * 10**9
"""So long a call may last before its desktop is missed."""
UNKNOWN_NS: Final = 60 * 10**9
"""So long after the link came or went it is waited for what the other node says; then it has none."""
NAMED_MAX: Final = 5
DESKTOP_ABSENT: Final = "desktop_absent"


def bodies(agents: Iterable[str]) -> Iterator[bytes]:
    """All agents with a desktop here, as bodies of shares, none too large; the last one says so."""
    part: list[str] = []
    size = 0
    for agent in agents:
        size += len(agent.encode()) + 8
        if size > SHARE_BYTES:
            yield pack([False, part])
            part, size = [], len(agent.encode()) + 8
        part.append(agent)
    yield pack([True, part])


@dataclass(slots=True)
class PeersDesktops:
    """What the other node said of its desktops since the link came up."""

    agents: frozenset[str] = frozenset()
    _coming: list[str] = field(default_factory=list[str])
    _is_heard: bool = False
    _is_up: bool = False
    _since_ns: int | None = None

    def link(self, *, is_up: bool, now_ns: int) -> None:
        """How the link is."""
        if self._since_ns is None or is_up is not self._is_up:
            # What came since it went is of the connection that is seen only now.
            self._is_heard = self._is_heard and is_up
            self._is_up, self._since_ns = is_up, now_ns

    def listens(self) -> None:
        """It says everything anew."""
        self._coming = []

    def heard(self, body: bytes) -> None:
        """A share; one that makes no sense is passed over."""
        try:
            told = unpack(body)
        except ValueError:
            return
        parts = cast("list[object]", told) if isinstance(told, list) else []
        if len(parts) != 2 or not isinstance(parts[1], list):  # noqa: PLR2004 - last or not, and names
            return
        names = cast("list[object]", parts[1])
        self._coming += [name for name in names if isinstance(name, str)]
        is_last = parts[0]
        if is_last is True:
            self.agents, self._coming, self._is_heard = frozenset(self._coming), [], True

    def known(self, now_ns: int) -> frozenset[str] | None:
        """Agents with a desktop there; None while that is not known."""
        if self._is_heard:
            return self.agents
        if self._since_ns is None or now_ns - self._since_ns < UNKNOWN_NS:
            return None
        return frozenset()


class Absentees:
    """Who is missed."""

    def __init__(self) -> None:
        self._since_ns: dict[str, int] = {}
        """On a call without a desktop."""
        self._missed: dict[str, None] = {}

    def look(
        self,
        legs: Mapping[str, tuple[Leg, ...]],
        present: frozenset[str],
        elsewhere: frozenset[str] | None,
        now_ns: int,
    ) -> tuple[str, ...]:
        """Who is missed now, sorted. `present`: here; `elsewhere`: at the other node, None while unknown.

        Nobody is missed of whom nothing is at hand any more.
        """
        there = present | (elsewhere or frozenset())
        for agent in list(self._missed):
            if agent in there or not legs.get(agent):
                del self._missed[agent]
        talking = [agent for agent in legs if agent not in there and wish(legs[agent], None).record]
        self._since_ns = {agent: self._since_ns.get(agent, now_ns) for agent in talking}
        for agent, since_ns in self._since_ns.items() if elsewhere is not None else ():
            if now_ns - since_ns >= ABSENT_NS:
                self._missed[agent] = None
        return tuple(sorted(self._missed))


def absent(agents: tuple[str, ...]) -> Finding:
    """Of all of them together."""
    named = ", ".join(agents[:NAMED_MAX])
    more = f" and {len(agents) - NAMED_MAX} more" if len(agents) > NAMED_MAX else ""
    return Finding(
        code=DESKTOP_ABSENT,
        level=Level.ERROR,
        subject="screens",
        what=f"{len(agents)} agent(s) were on a call and have no desktop on either node, so no screen "
        f"is recorded: {named}{more}.",
        hint="On the agent's computer run `tandem agent-desktop --status`, and `--check` where it does not run; "
        "its desktop.agents must name the agent as `tandem agent list` does. Where not everybody has a "
        "desktop: screens.desktops_expected = false.",
    )
