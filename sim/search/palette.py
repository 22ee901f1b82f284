"""What a search may draw: every kind of fault with its targets, durations and parameters, mild first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from recorder.errors import ConfigError
from sim.world.incident import FIRST_SOURCE, Incident, Value
from sim.world.kinds import kind_of
from sim.world.points import points
from sim.world.rules import RULES
from sim.world.rules.check import check_incident
from sim.world.rules.service import KNOWN

KEEPING: Final = (
    *("hold", "recovery", "id_file", "compare"),
    *("object_damage", "object_stray", "rows_lost", "accept"),
)
"""Kinds that mean nothing without more: drawn only where they are asked for."""
STITCHING: Final = ("stitch_slow", "stitch_fails", "stitch_disk_full")
OF_SCREENS: Final = ("desktops_cut", "desktop_crash", *STITCHING)
"""The same where nobody has a screen."""
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


def with_screens(sources: Sequence[str]) -> Sequence[Colour]:
    """What may go wrong where screens are recorded: clocks of nodes are right there, and so is the service's."""
    usual = (colour for colour in palette(sources) if "clock" not in colour.kind)
    return (*(colour_of(kind) for kind in OF_SCREENS), *usual)


def _severity(kind: str) -> int:
    return _FATAL.index(kind) + 1 if kind in _FATAL else 0


def palette(sources: Sequence[str]) -> Sequence[Colour]:
    """What may go wrong with these sources; what kills comes last."""
    return tuple(
        colour_of(kind) for kind in _ORDER if any(can_happen(kind, source) for source in sources)
    )


def can_happen(kind: str, source: str) -> bool:
    """Whether this kind of fault, if it is one of a service, is known to that of `source`."""
    own = _OF_SERVICE.get(kind)
    return own is None or own in kind_of(source).manners.hits


def narrowed(colour: Colour, source: str) -> Colour:
    """The same with the words and the requests that the service of `source` knows."""
    manners = kind_of(source).manners
    own = _OF_SERVICE.get(colour.kind)
    usual = () if own is None else manners.hits[own]
    options: dict[str, Sequence[Value]] = {}
    for name, values in colour.options.items():
        if name == "requests":
            fitting = tuple(one for one in (*values, *usual) if one in manners.requests)
        else:
            words = manners.words.get(name)
            fitting = tuple(values) if words is None else words
        if fitting:
            options[name] = tuple(dict.fromkeys(fitting))
    return replace(colour, options=options)


def is_of_service(kind: str) -> bool:
    """Whether it is a fault of one service, or of all."""
    return "source" in RULES[kind].options


def colour_of(kind: str) -> Colour:
    """A kind with all that may be drawn of it."""
    rule = RULES[kind]
    return Colour(
        kind=kind,
        targets=rule.targets,
        durations_s=rule.durations_s or (0.0,),
        options={name: option.draw for name, option in rule.options.items() if option.draw},
    )


_OF_SERVICE: Final = {f"service_{kind.value}": kind for kind in KNOWN}
_ORDER: Final = sorted(
    (kind for kind in RULES if kind not in (*KEEPING, *OF_SCREENS)), key=_severity
)
PALETTE: Final[Sequence[Colour]] = palette((FIRST_SOURCE,))
"""For worlds with one source."""
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
