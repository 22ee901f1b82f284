"""What a search may draw: every kind of fault with its targets, durations and parameters, mild first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from recorder.errors import ConfigError
from sim.world.incident import Incident, Value
from sim.world.points import points
from sim.world.rules import RULES
from sim.world.rules.check import check_incident

_FATAL: Final = ("pause", "crash")


@dataclass(frozen=True, slots=True)
class Colour:
    """One kind of fault as a search draws it."""

    kind: str
    targets: Sequence[str]
    durations_s: Sequence[float]
    """(0,) for one that is over at once."""
    options: Mapping[str, Sequence[Value]] = field(default_factory=dict[str, Sequence[Value]])
    """Values each parameter may have; each may also be left out."""


def _severity(kind: str) -> int:
    return _FATAL.index(kind) + 1 if kind in _FATAL else 0


def _colour(kind: str) -> Colour:
    rule = RULES[kind]
    return Colour(
        kind=kind,
        targets=rule.targets,
        durations_s=rule.durations_s or (0.0,),
        options={name: option.draw for name, option in rule.options.items() if option.draw},
    )


PALETTE: Final[Sequence[Colour]] = tuple(map(_colour, sorted(RULES, key=_severity)))
"""What kills comes last."""
POINTS: Final = points()
"""Every point at which a fault may wait to strike."""


def is_legal(incident: Incident) -> bool:
    """Whether the world takes it: some parameters, and some settings, exclude each other."""
    try:
        check_incident(incident)
    except ConfigError:
        return False
    return True


def targets_of(kind: str) -> Sequence[str]:
    """Every target a kind of fault may have."""
    return RULES[kind].targets
