"""Which faults, calls and settings bring which bugs to light: random incidents of a narrower kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.search.palette import KEEPING, OF_SCREENS, PALETTE, Colour, colour_of
from sim.search.swarm import USUAL, Profile
from sim.world.incident import Value

_BY_KIND = {colour.kind: colour for colour in (*PALETTE, *map(colour_of, (*KEEPING, *OF_SCREENS)))}
_MINUTES = 3.0


@dataclass(frozen=True, slots=True)
class Mix:
    """Random incidents of one kind."""

    profile: Profile = USUAL
    workload: Mapping[str, float] = field(default_factory=dict[str, float])
    """Instead of what the swarm draws."""
    screens: Mapping[str, float | bool] = field(default_factory=dict[str, float | bool])
    """The same, of agents and their screens."""
    points: Sequence[str] = ()
    """Instead of any point at which a fault may wait to strike."""
    always: Mapping[str, Mapping[str, Value]] = field(
        default_factory=dict[str, Mapping[str, Value]]
    )
    """Options that every fault of a kind has."""


def of(
    *kinds: str | Colour,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    always: Mapping[str, Mapping[str, Value]] | None = None,
    points: Sequence[str] = (),
    faults_max: int = 8,
    sources: Sequence[str] = USUAL.sources,
    **workload: float,
) -> Mix:
    """These kinds of faults alone, or all of them without one."""
    colours = [_BY_KIND[kind] if isinstance(kind, str) else kind for kind in kinds] or PALETTE
    profile = replace(
        USUAL,
        minutes=_MINUTES,
        faults_max=faults_max,
        colours=tuple(colours),
        settings=settings or {},
        sources=tuple(sources),
    )
    return Mix(profile, workload, points=points, always=always or {})


def of_screens(mix: Mix, **screens: float | bool) -> Mix:
    """The same with agents and their screens, and few calls at the source."""
    profile = replace(mix.profile, screens=True, calls_per_minute=(1.0,))
    return replace(mix, profile=profile, screens={"bodies": False, "replayed": 0.0, **screens})


def both(kind: str, *durations_s: float) -> Colour:
    """A fault that hits both nodes, or the world, for one of these times."""
    return replace(_BY_KIND[kind], targets=("",), durations_s=durations_s)


def one(kind: str, *durations_s: float) -> Colour:
    """A fault that hits any target, for one of these times."""
    return replace(_BY_KIND[kind], durations_s=durations_s)


EVERYTHING = of()
_RETRY = {"park_after_tries": 3, "base_s": 1.0, "cap_s": 5.0, "parked_every_s": 60.0}
_BODIES = (
    *("service_empty", "service_truncate", "service_html", "service_cut", "service_redirect"),
)
_MEDIA = {kind: {"requests": "blob"} for kind in _BODIES} | {
    "service_redirect": {"requests": "blob+value"}
}
_LISTS = {
    kind: {"requests": "list"}
    for kind in ("service_server_error", "service_throttle", "service_drop")
}
_PLAIN = {"late": 0.0, "equal_stamps": 0.0}
_POWER = {"crash": {"power": True}}

NO_OVERLAP = of(
    *("crash", "pause", "cut", "service_slow"),
    settings={"poll": {"overlap_s": 0.0, "tiers": []}},
    **_PLAIN,
)
NO_TIERS = of(
    *("crash", "pause", "service_server_error", "service_throttle"),
    settings={"poll": {"tiers": []}},
    always=_LISTS,
    late=0.3,
    late_s=30.0,
    equal_stamps=0.0,
)
LISTS_FAIL = of(
    *("service_server_error", "service_throttle", "service_drop", "crash"),
    settings={"poll": {"tiers": [], "overlap_s": 10.0}},
    always=_LISTS,
    **_PLAIN,
)
SHORT_OVERLAP = of("crash", settings={"poll": {"overlap_s": 8.0}}, late=0.3, late_s=30.0)
SMALL_PAGES = of(
    *("crash", "service_server_error", "service_throttle", "service_drop"),
    settings={
        "sources": {"dynamics": {"page_size": 1}},
        "poll": {"overlap_s": 0.0, "tiers": []},
    },
    always=_LISTS,
    points=("request:list:2", "request:list:3"),
    calls_per_minute=30.0,
    **_PLAIN,
)
PARKING = of(*_BODIES, settings={"retry": _RETRY}, always=_MEDIA)
ENDS = of(
    *("data_center_down", "service_deleted_before_download", "answers_lost"),
    points=("call:record_outcome",),
)
THROTTLED = of("service_throttle", "crash", "pause", always=_LISTS)
FENCED = of(
    *(one("pause", 10.0, 20.0), "cut"), points=("call:save_progress", "call:record_outcome")
)
TOKENS = of("service_token_revoked", "crash", "pause")
STOPS = of("pause", "cut", "data_center_down")
BODIES = of(*_BODIES, "service_link_expired", always=_MEDIA)
PARTS = of(
    *(one("service_stall", 40.0, 90.0), one("crash", 1.0, 4.0)),
    settings={"ingest": {"stall_s": 6.0}},
    always={**_POWER, "service_stall": {"requests": "blob", "seconds": 3600.0}},
    calls_per_minute=12.0,
)
SEALED = of(
    *(both("data_center_down", 30.0, 60.0), one("crash", 1.0, 4.0, 10.0)),
    always=_POWER,
    points=("put", "append", "call:commit", "ingester:FetchEnded"),
    calls_per_minute=30.0,
)
DELETED = of(
    *(both("data_center_down", 30.0, 60.0), one("crash", 1.0, 4.0)),
    always=_POWER,
    deleted=0.9,
    calls_per_minute=40.0,
    **_PLAIN,
)
REPLACED_MEANWHILE = of(
    *(one("data_center_down", 30.0, 60.0, 90.0), both("service_changed_before_download", 40.0)),
    always={"service_changed_before_download": {"how": "replace", "hits": 100.0}},
    calls_per_minute=30.0,
    late=0.0,
    equal_stamps=1.0,
)
COMMITS = of("data_center_down", "data_center_restart", "answers_lost", points=("call:commit",))
DATA_CENTER_POWER = of("data_center_restart", "answers_lost", "data_center_slow")
SLOW_WITNESS = of(
    *(one("pause", 6.0, 10.0), one("data_center_slow", 60.0)),
    always={"data_center_slow": {"seconds": 0.45}},
    points=("done:renew",),
)
ALONE = of(
    *(both("data_center_down", 30.0, 60.0, 90.0), one("crash", 1.0, 4.0, 10.0, 20.0), "cut"),
)
IMPATIENT = of(
    *(both("data_center_down", 60.0), one("pause", 5.0, 6.0, 8.0)),
)
CLOCKS = of(one("clock_jump", 10.0, 60.0), both("data_center_down", 30.0, 60.0))
CUTS = of("cut", "link_reset", "crash")
DEATHS = of("crash", faults_max=3)
HAND_OVERS = of("switchover", "pause", "data_center_down")
LONG_CLAIMS = of(
    *("crash", replace(both("service_slow", 90.0), options={})),
    settings={"pair": {"claim_s": 3600.0}},
    always={"service_slow": {"requests": "blob", "delay_s": 20.0}},
    faults_max=4,
    calls_per_minute=20.0,
)
PARTED = of("data_center_down", "crash", "cut")
_DAY_S = 86_400.0
_KEEP_SHORT = {
    "retention": {
        "policies": [{"name": "all", "keep_days": 30 / _DAY_S}],
        "recycle_days": 15 / _DAY_S,
        "every_s": 5.0,
        "first_s": 1.0,
        "pause_s": 0.2,
    }
}
HOLDS = of(
    *(one("hold", 30.0, 90.0), one("crash", 4.0, 10.0), "cut"),
    settings=_KEEP_SHORT,
    points=("done:decide", "done:begin_deletion", "call:delete"),
    calls_per_minute=12.0,
)
DELETIONS = of(
    *(one("pause", 10.0, 20.0), "cut"),
    settings=_KEEP_SHORT,
    points=("call:decide", "call:begin_deletion", "call:finish_deletion", "call:done_deletion"),
    calls_per_minute=12.0,
)
_COMPARES: Mapping[str, Mapping[str, Any]] = {"reconcile": {}}
COMPARED = of(
    *("object_damage", "object_stray", "crash", "switchover"),
    settings=_COMPARES,
    points=("call:record_step", "done:record_step"),
    calls_per_minute=12.0,
)
STORED = of(
    *(one("crash", 4.0, 10.0), "pause", one("data_center_down", 2.0, 5.0)),
    settings=_COMPARES,
    points=("done:put", "call:commit"),
    calls_per_minute=40.0,
)
PURGED = of(
    *("cut", one("crash", 4.0, 10.0)),
    settings={**_KEEP_SHORT, **_COMPARES},
    points=("done:begin_deletion", "call:delete", "done:delete"),
    calls_per_minute=12.0,
)
MISNAMED = of(
    replace(_BY_KIND["service_wrong_size"], targets=("",), durations_s=(60.0, 90.0), options={}),
    replace(both("service_drop", 10.0, 30.0), options={}),
    settings=_COMPARES,
    always={"service_drop": {"requests": "row"}},
    sources=("zoom",),
    calls_per_minute=12.0,
)
FETCHED = of(
    *(one("data_center_down", 12.0, 30.0), "recovery"),
    always={"data_center_down": {"silent": True}},
)
_ONE_FOLDER = {"recovery": {"drop_folder": "/share/ids"}}
ID_FILES = of(
    *("id_file", replace(both("service_slow", 20.0, 60.0), options={}), "crash"),
    settings=_ONE_FOLDER,
    always={"service_slow": {"requests": "blob+value", "delay_s": 10.0}},
    points=("drop:claim", "drop:decide", "drop:result"),
    calls_per_minute=12.0,
)
ID_FILES_LEFT = of(
    *("id_file", "id_file", "id_file"),
    replace(one("crash", 80.0), targets=("alpha",), options={}),
    both("service_unreachable", 60.0),
    settings=_ONE_FOLDER,
    points=("drop:decide", "drop:read", "drop:result"),
    calls_per_minute=12.0,
)
CALM = of("clock_jump", faults_max=1, calls_per_minute=12.0)
SCREENS = of_screens(
    of(
        *("crash", "desktops_cut"),
        settings={"screens": {"undecided_s": 3600.0}},
        faults_max=2,
    ),
    agents=4,
    together=0.6,
    not_responding=0.4,
)
SCREENS_MASKED = of_screens(
    of("crash", "desktops_cut", faults_max=2), agents=4, masks=0.8, late=0.6, not_responding=0.1
)
SCREENS_APART = of_screens(
    of(
        *(one("crash", 10.0, 20.0), both("desktops_cut", 30.0), one("pause", 20.0)),
        points=("append",),
    ),
    agents=4,
    not_responding=0.1,
)
SCREENS_UNKNOWN = of_screens(
    of(both("crash", 4.0), both("data_center_down", 90.0), faults_max=6),
    agents=4,
    not_responding=0.1,
)
SCREENS_UNDECIDED = of_screens(
    of(
        both("service_unreachable", 90.0),
        settings={"screens": {"undecided_s": 40.0}},
        faults_max=2,
    ),
    agents=4,
    abandoned=0.6,
    unheard=0.0,
)
SCREENS_RECONNECT = of_screens(
    of(
        *(one("desktops_cut", 4.0, 10.0), one("crash", 4.0, 10.0)),
        faults_max=8,
    ),
    agents=4,
    masks=0.9,
    together=0.0,
    not_responding=0.1,
)
_KEEP_LONGER = {
    "retention": {
        **_KEEP_SHORT["retention"],
        "policies": [{"name": "all", "keep_days": 120 / _DAY_S}],
    },
    "replay": {"settle_s": 5.0},
}
REPLAYED = of_screens(
    of(*("crash", "stitch_slow"), points=("make",), faults_max=2),
    replayed=1.0,
    not_responding=0.1,
)
REPLAYED_MASKED = of_screens(
    of(one("stitch_slow", 30.0), faults_max=1),
    replayed=1.0,
    agents=4,
    masks=0.9,
    mask_late_s=90.0,
    together=0.0,
    not_responding=0.0,
    abandoned=0.0,
)
REPLAYED_POWER = of_screens(
    of("data_center_restart", points=("done:screens_record_rendition",), faults_max=4),
    replayed=1.0,
    agents=4,
    not_responding=0.1,
)
REPLAYED_DELETED = of_screens(
    of("crash", settings=_KEEP_LONGER, faults_max=1), replayed=1.0, agents=4, not_responding=0.1
)
