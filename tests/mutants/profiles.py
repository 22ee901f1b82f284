"""Which faults, calls and settings bring which bugs to light: random incidents of a narrower kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.search.palette import PALETTE, Colour
from sim.search.swarm import USUAL, Profile
from sim.world.incident import Value

_BY_KIND = {colour.kind: colour for colour in PALETTE}
_MINUTES = 3.0


@dataclass(frozen=True, slots=True)
class Mix:
    """Random incidents of one kind."""

    profile: Profile = USUAL
    workload: Mapping[str, float] = field(default_factory=dict[str, float])
    """Instead of what the swarm draws."""
    points: Sequence[str] = ()
    """Instead of any point at which a fault may wait to strike."""


def of(
    *kinds: str,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    options: Mapping[str, Mapping[str, Sequence[Value]]] | None = None,
    points: Sequence[str] = (),
    **workload: float,
) -> Mix:
    """These kinds of faults alone, or all of them without one; `options` narrows what is drawn."""
    colours = [_BY_KIND[kind] for kind in kinds] or [*PALETTE]
    narrow = options or {}
    colours = [replace(one, options=_drawn(one, narrow.get(one.kind, {}))) for one in colours]
    profile = replace(USUAL, minutes=_MINUTES, colours=tuple(colours), settings=settings or {})
    return Mix(profile, workload, points)


def _drawn(colour: Colour, narrow: Mapping[str, Sequence[Value]]) -> Mapping[str, Sequence[Value]]:
    return {name: values for name, values in {**colour.options, **narrow}.items() if values}


EVERYTHING = of()
_RETRY = {"park_after_tries": 3, "base_s": 1.0, "cap_s": 5.0, "parked_every_s": 60.0}
_BODIES = (
    *("service_empty", "service_truncate", "service_html", "service_cut", "service_redirect"),
)
_MEDIA = {kind: {"requests": ("blob", "blob+value")} for kind in _BODIES}
_LISTS = {
    kind: {"requests": ("list",)}
    for kind in ("service_server_error", "service_throttle", "service_drop", "service_stall")
}

NO_OVERLAP = of(
    *("crash", "pause", "cut", "service_slow"),
    settings={"poll": {"overlap_s": 0.0, "tiers": []}},
    late=0.0,
)
NO_TIERS = of(
    *("crash", "pause", "service_server_error", "service_throttle"),
    settings={"poll": {"tiers": []}},
    options=_LISTS,
    late=0.3,
    late_s=30.0,
)
LISTS_FAIL = of(
    *("service_server_error", "service_throttle", "service_drop", "crash"),
    settings={"poll": {"tiers": [], "overlap_s": 10.0}},
    options=_LISTS,
    late=0.0,
)
SHORT_OVERLAP = of("crash", settings={"poll": {"overlap_s": 8.0}}, late=0.3, late_s=30.0)
SMALL_PAGES = of(
    *("crash", "pause", "service_server_error", "service_throttle", "service_drop"),
    settings={
        "sources": {"dynamics": {"page_size": 2}},
        "poll": {"overlap_s": 0.0, "tiers": []},
    },
    options=_LISTS,
    calls_per_minute=20.0,
    late=0.0,
)
PARKING = of(*_BODIES, settings={"retry": _RETRY}, options=_MEDIA)
ENDS = of("data_center_down", "service_deleted_before_download", "crash", "answers_lost")
THROTTLED = of("service_throttle", "crash", "pause", options=_LISTS)
STOPS = of("pause", "cut", "data_center_down")
BODIES = of(*_BODIES, "service_link_expired", options=_MEDIA)
POWER = of(
    *("crash", "service_cut", "service_stall"),
    options={
        "crash": {"power": (True,)},
        "service_cut": {"requests": ("blob+value",), "at_share": (0.5,), "at_bytes": ()},
        "service_stall": {"requests": ("blob+value",), "at_share": (0.5,), "at_bytes": ()},
    },
    calls_per_minute=12.0,
)
SEALED = of(
    *("crash", "data_center_down"),
    options={"crash": {"power": (True,)}},
    points=("put", "append", "call:commit", "ingester:FetchEnded"),
    calls_per_minute=30.0,
)
DELETED = of(
    *("data_center_down", "crash", "answers_lost"),
    options={"crash": {"power": (True,)}},
    deleted=0.4,
    calls_per_minute=12.0,
)
DATA_CENTER_POWER = of("data_center_restart", "answers_lost", "data_center_slow")
SLOW_WITNESS = of(
    *("pause", "data_center_slow"),
    options={"data_center_slow": {"seconds": (0.3, 0.4, 0.45)}},
)
ALONE = of("data_center_down", "crash", "cut")
CLOCKS = of("clock_jump", "data_center_down", "crash", options={"crash": {"power": (True,)}})
CUTS = of("cut", "link_reset", "crash")
DEATHS = of("crash")
HAND_OVERS = of("switchover", "pause", "data_center_down")
LONG_CLAIMS = of(
    *("crash", "service_slow"),
    settings={"pair": {"claim_s": 3600.0}},
    options={"service_slow": {"requests": ("blob",)}},
)
BUSY = of("crash", "service_slow", "service_stall", calls_per_minute=40.0)
COMMITS = of("data_center_down", "data_center_restart", "answers_lost", points=("call:commit",))
