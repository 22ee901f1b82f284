"""What a search may draw: every kind of fault with its targets, durations and parameters, mild first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sim.world.incident import NODES, Value

_SOME: Final = (*NODES, "")
_WAYS: Final = ("alpha>beta", "beta>alpha", "")
_SHORT_S: Final = (1.0, 3.0, 8.0, 20.0)
_LONG_S: Final = (2.0, 6.0, 15.0, 40.0, 90.0)


@dataclass(frozen=True, slots=True)
class Colour:
    """One kind of fault as a search draws it."""

    kind: str
    targets: Sequence[str] = _SOME
    durations_s: Sequence[float] = _LONG_S
    """(0,) for one that is momentary."""
    options: Mapping[str, Sequence[Value]] = field(default_factory=dict[str, Sequence[Value]])
    """Values each parameter may have."""
    points: Sequence[str] = ()
    """Points in the code it may wait for."""


POINTS: Final = ("append", "fsync", "rename", "commit", "note", "discard")

PALETTE: Final[Sequence[Colour]] = (
    Colour("service_slow", options={"delay_s": (1.0, 5.0)}),
    Colour("service_repeat_rows"),
    Colour("service_late", ("",), options={"seconds": (10.0, 60.0)}),
    Colour(
        "service_throttle",
        options={"retry_after": ("seconds", "date", "absent"), "seconds": (1.0, 5.0, 20.0)},
    ),
    Colour("service_server_error", options={"status": (500.0, 503.0)}),
    Colour("service_drop"),
    Colour("service_token_revoked", durations_s=(0.0,)),
    Colour("service_link_expired"),
    Colour("service_cut"),
    Colour("service_truncate", options={"announced": ("short", "full")}),
    Colour("service_stall", durations_s=_SHORT_S, options={"at_share": (0.0, 0.5)}),
    Colour("service_html"),
    Colour("service_empty"),
    Colour("service_redirect"),
    Colour("service_secret_wrong"),
    Colour("service_forbidden", options={"why": ("no_user", "privilege")}),
    Colour("service_clock_skew", ("",), options={"seconds": (-3.0, 3.0)}),
    Colour("service_deleted_before_download", durations_s=_SHORT_S),
    Colour("cut", _WAYS),
    Colour("data_center_down"),
    Colour("answers_lost", durations_s=_SHORT_S),
    Colour("pause", NODES, points=POINTS),
    Colour("crash", _SOME, options={"power": (0.0, 1.0)}, points=POINTS),
)
"""Ordered from what costs time to what kills."""
