"""Calls for agents at desks whose screens are recorded, for `tandem up --screens`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sim.audio import Recording
from sim.desk.on_the_phone import PhoneCall, levels_of
from sim.ucaas.dynamics.people import agent_id, person

SOURCE: Final = "dynamics"
SECRET_FILE: Final = "desktop-secret"  # noqa: S105 - the name of a file
INSTALL: Final = "sudo apt-get install xvfb libx11-6"
TABLES: Final[dict[str, dict[str, Any]]] = {
    "screens": {"enabled": True, "desktops_expected": False},
    "web.tokens.desktops": {"token": f"file:{SECRET_FILE}", "roles": ["desktop"]},
    "replay": {"settle_s": 1.0},
}
"""For both nodes. The other agents have no desks, which is no finding here."""
AGENTS: Final = (30, 31)
"""Numbers of agents whom no drawn call goes to."""
SHORTEST_S, LONGEST_S = 14.0, 32.0
RING_S: Final = 3
PAUSE_S: Final = 20
"""From the end of a call to the next, of which the wrap-up takes five."""
APART_S: Final = 9
"""The second desk begins so much later: not everything at once."""
_S: Final = 1_000_000
_SEED: Final = 1
"""That of the served fake, who invents its people by it."""


class Desk(Protocol):
    """Where an agent works; see `sim.desk.seat.Seat`."""

    @property
    def is_known(self) -> bool:
        """Whether a node has its service's connection."""
        ...

    def hear(self, call: PhoneCall) -> None:
        """Show this call while it is heard."""
        ...


class CallPlacer(Protocol):
    """The fake that the calls are placed at; see SimAdmin."""

    def place_calls(self, *calls: dict[str, Any]) -> list[dict[str, Any]]:
        """Place calls; returns their ids."""
        ...


@dataclass(frozen=True, slots=True)
class Show:
    """What the calls are placed with, and who is told."""

    bank: Sequence[Recording]
    admin: CallPlacer
    event: Callable[[str], None]
    replayed: Callable[[str], str | None]
    """The contact of a call, once it can be replayed with screen and sound."""
    page: str
    """Address of a node."""
    wall_us: Callable[[], int]


@dataclass(slots=True)
class _Agent:
    number: int
    desk: Desk
    wait_s: int
    next_us: int | None = None
    """When the next call is placed; None until a node knows the desk."""
    placed: int = 0
    calls: list[str] = field(default_factory=list[str])
    """Those that may be replayed, until the first one was told."""
    is_told: bool = False


def agent_of(number: int) -> tuple[str, str]:
    """Id and name of an agent."""
    return agent_id(_SEED, number), " ".join(person(number))


class Desks:
    """Call `look` again and again."""

    def __init__(self, show: Show, desks: Sequence[Desk]) -> None:
        """`desks` are those of AGENTS."""
        self._show = show
        self._heard = [one for one in show.bank if SHORTEST_S <= one.seconds <= LONGEST_S]
        self._levels = [levels_of(one.data) for one in self._heard]
        self._agents = [
            _Agent(number, desk, turn * APART_S)
            for turn, (number, desk) in enumerate(zip(AGENTS, desks, strict=True))
        ]

    def look(self) -> None:
        """Place the calls whose time has come, and tell what can be replayed now."""
        for one in self._agents:
            now_us = self._show.wall_us()
            if one.next_us is None and one.desk.is_known:
                one.next_us = now_us + one.wait_s * _S
            if one.next_us is not None and one.next_us <= now_us:
                self._call(one, now_us)
            self._tell(one)

    def _call(self, one: _Agent, now_us: int) -> None:
        """A call that rings in a moment. Platforms tell whole seconds: so it begins with one."""
        number = one.placed % len(self._heard)
        audio = self._heard[number]
        heard_us = (now_us // _S + 2 + RING_S) * _S
        ends_us = heard_us + round(audio.seconds * _S)
        call = {
            "ends_in_s": (ends_us - now_us) / _S + 0.005,
            "legs": [{"agent": one.number, "seconds": audio.seconds + RING_S}],
            "recordings": [{"audio": self._show.bank.index(audio)}],
            "customer": 100 * one.number + one.placed,
        }
        (placed,) = self._show.admin.place_calls(call)
        one.desk.hear(PhoneCall(begins_us=heard_us, levels=self._levels[number]))
        one.placed += 1
        one.next_us = ends_us + PAUSE_S * _S
        if not one.is_told:
            one.calls.append(placed["conversation"])

    def _tell(self, one: _Agent) -> None:
        found = next((made for call in one.calls if (made := self._show.replayed(call))), None)
        if found is not None:
            one.is_told = True
            one.calls.clear()
            _, name = agent_of(one.number)
            self._show.event(f"replay of {name}: {self._show.page}/app/contact?id={found}")
