"""Which platforms tell by messages as the real service writes them, and what can happen there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from sim.clockwork.chance import guid, stream
from sim.world.incident import Screens
from sim.world.kinds import kind_of
from sim.world.screens.dynamics_says import DynamicsSays
from sim.world.screens.saying import Mouth, Plain
from sim.world.screens.webex_says import WebexSays

_MOUTHS: Final[Mapping[str, Callable[[str], Mouth]]] = {
    "dynamics": DynamicsSays,
    "webex": WebexSays,
}


def mouth_of(source: str, screens: Screens) -> Mouth:
    """That of the platform behind a source; those that say nothing of agents tell events as they are."""
    made = _MOUTHS.get(kind_of(source).name) if screens.bodies else None
    return Plain(source, guids=screens.replayed > 0) if made is None else made(source)


def agent_of(source: str, number: int, screens: Screens) -> str:
    """The platform's id of an agent."""
    name = f"agent-{number}"
    return guid(stream(0, name)) if _speaks(source, screens) else name


def sayable(source: str, screens: Screens) -> Screens:
    """What can happen where this platform tells of it: Dynamics knows no masks, Webex always says that one is available."""
    if not _speaks(source, screens):
        return screens
    if kind_of(source).name == "dynamics":
        return replace(screens, masks=0.0)
    return replace(screens, missed_end=0.0)


def _speaks(source: str, screens: Screens) -> bool:
    return screens.bodies and kind_of(source).name in _MOUTHS
