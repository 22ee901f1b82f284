"""Random incidents: every run has its own mix of faults and intensities.

Reproducible from the swarm's own seed: run `index` of swarm `seed` is the same incident in any process,
whatever ran before it. Each purpose draws from a stream of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sim.clockwork.chance import Stream, stream
from sim.search.palette import (
    KEEPING,
    PALETTE,
    POINTS,
    STITCHING,
    Colour,
    can_happen,
    colour_of,
    is_legal,
    is_of_service,
    narrowed,
    palette,
    with_screens,
)
from sim.world.incident import FIRST_SOURCE, Fault, Incident, Screens, Value, Workload
from sim.world.points import keeping_points, more_points, replay_points

_NEAR_S: Final = 12.0
_NEAR: Final = 0.5
"""Share of faults that strike soon after the one before: overlaps are where bugs live."""
_AT_POINT: Final = 0.25
_OPTION: Final = 0.6
_KINDS_MAX: Final = 6
_DRAWS_MAX: Final = 5
_DEADLY: Final = 0.6
"""Share of runs that are sure to have something that makes the pair change its roles."""
_KILLERS: Final = ("crash", "pause", "cut", "data_center_down")


_VARIANTS: Final[Sequence[Mapping[str, Mapping[str, Any]]]] = (
    *({}, {}, {}, {}),
    {"retry": {"park_after_tries": 2, "base_s": 0.5}},
    {"retry": {"park_after_tries": 1}},
    {"pair": {"when_alone": "stop"}},
    {"pair": {"return_to_primary": "when_equal", "return_after_s": 20.0}},
    {"ingest": {"downloads": 1, "queue": 0}},
    {"archive": {"batch_max": 1}},
)
"""What operators may choose; half of the runs keep the usual settings."""


_KEPT_MAX: Final = 4
_DELETES: Final = 0.4
_DAY_S: Final = 86_400.0
_SHORT_KEPT: Final[Mapping[str, Any]] = {
    "policies": [{"name": "all", "keep_days": 60 / _DAY_S}],
    "recycle_days": 15 / _DAY_S,
    "every_s": 5.0,
    "first_s": 1.0,
    "pause_s": 0.2,
}
"""A policy under which a run of minutes sees contacts go."""
_SHARES: Final = 0.6
"""Share of runs with files with ids in which both nodes look into one folder."""
SHARED: Final[Mapping[str, Any]] = {"drop_folder": "/share/ids"}
_ALL_SOURCES: Final = 0.5
_ONE_SOURCE: Final = 0.85
"""Share of faults of a service that leave the others alone."""
_DECIDES: Final = 0.5
"""Share of runs with screens in which what nobody decided about goes within the run."""
_SOON_DECIDED: Final[Mapping[str, Mapping[str, Any]]] = {"screens": {"undecided_s": 40.0}}
_SCENE: Final = 0.25
"""Share of runs with a scene: what must meet to matter, and would meet too rarely by chance."""
_SCENES: Final = (
    (
        Fault("service_throttle", for_s=25.0, options={"requests": "list", "seconds": 2.0}),
        Fault("crash", "alpha", at_s=2.0, for_s=20.0),
        Fault("crash", "beta", at_s=15.0, for_s=20.0),
    ),
    tuple(
        Fault("crash", at_s=at_s, at_next="append", for_s=4.0, options=options)
        for at_s in (0.0, 15.0, 30.0)
        for options in ({"power": True, "after_effects": 1},)
    ),
    (
        Fault("answers_lost", for_s=20.0),
        Fault("crash", at_next="done:commit", for_s=10.0),
        Fault("crash", at_s=15.0, at_next="done:acquire", for_s=10.0),
    ),
    (Fault("cut", for_s=30.0), Fault("data_center_down", at_s=5.0, for_s=35.0)),
    (Fault("pause", at_next="call:save_progress", for_s=15.0), Fault("cut", for_s=20.0)),
)
"""Instants count from the begin of the scene."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What runs of a swarm have in common."""

    minutes: float = 4.0
    faults_max: int = 8
    calls_per_minute: Sequence[float] = (3.0, 6.0, 12.0)
    colours: Sequence[Colour] = PALETTE
    sources: Sequence[str] = (FIRST_SOURCE,)
    """Of several, each run has some,"""
    every_source: bool = False
    """or all of them."""
    keeping: bool = False
    """With recoveries, reconciliation, damage that only it finds, and in some runs retention and holds."""
    screens: bool = False
    """Whether agents have desktops whose screens are recorded."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Tables of the configuration of both nodes, over the world's own; without any, each run draws some."""


USUAL: Final = Profile()


def random_incident(seed: int, index: int, profile: Profile = USUAL) -> Incident:
    """Run `index` of the swarm `seed`."""

    def chance(purpose: str) -> Stream:
        return stream(seed, "swarm", str(index), purpose)

    several = len(profile.sources) > 1
    if several:
        profile = replace(profile, sources=_sources(chance("sources"), profile))
    if profile.colours == PALETTE:
        drawn = with_screens if profile.screens else palette
        profile = replace(profile, colours=drawn(profile.sources))
    incident = Incident(
        seed=chance("seed").randrange(1 << 16),
        minutes=profile.minutes,
        faults=_faults(chance("mix"), chance("faults"), profile),
        sources=tuple(profile.sources),
        workload=_workload(chance("workload"), profile),
        workloads=_workloads(chance("workloads"), profile) if several else {},
        screens=_screens(chance("screens")) if profile.screens else None,
        settings=profile.settings or chance("settings").choice(_VARIANTS),
    )
    soon = profile.screens and not profile.settings
    if soon and chance("undecided").random() < _DECIDES:
        incident = replace(incident, settings={**incident.settings, **_SOON_DECIDED})
    return _keeping(chance("keeping"), incident) if profile.keeping else incident


def _keeping(chance: Stream, incident: Incident) -> Incident:
    """The same with something to find, to fetch, and in some runs to delete."""
    end_s = incident.minutes * 60
    faults = [*incident.faults]
    for _ in range(chance.randint(1, _KEPT_MAX)):
        colour = colour_of(chance.choice(KEEPING))
        fault = _fault(chance, colour, round(chance.uniform(0, end_s * 0.95), 1), keeping_points())
        faults.append(fault)
    settings: dict[str, Mapping[str, Any]] = {**incident.settings, "reconcile": {}}
    if chance.random() < _DELETES:
        settings["retention"] = _SHORT_KEPT
    if any(fault.kind == "id_file" for fault in faults) and chance.random() < _SHARES:
        settings["recovery"] = SHARED
    faults.sort(key=lambda fault: fault.at_s)
    return replace(incident, faults=tuple(faults), settings=settings)


def _screens(chance: Stream) -> Screens:
    return Screens(
        agents=chance.choice((1, 2, 4)),
        not_responding=chance.choice((0.1, 0.25, 0.5)),
        abandoned=chance.choice((0.0, 0.1, 0.3)),
        masks=chance.choice((0.0, 0.25, 0.6)),
        together=chance.choice((0.0, 0.3, 0.6)),
        missed_end=chance.choice((0.0, 0.15, 0.5)),
        two_urls=chance.random() < 1 / 2,
        late=chance.choice((0.0, 0.15, 0.4)),
        doubled=chance.choice((0.0, 0.15, 0.5)),
        unheard=chance.choice((0.0, 0.05, 0.2)),
        bodies=chance.random() < 1 / 2,
        replayed=chance.choice((0.5, 1.0)),
        mask_late_s=chance.choice((0.0, 0.0, 30.0, 90.0)),
    )


def _sources(chance: Stream, profile: Profile) -> tuple[str, ...]:
    """All of them in half of the runs; else some, in any order."""
    every = tuple(profile.sources)
    if profile.every_source or chance.random() < _ALL_SOURCES:
        return every
    return tuple(chance.sample(every, chance.randint(1, len(every))))


def _workloads(chance: Stream, profile: Profile) -> dict[str, Workload]:
    """One busy source beside quiet ones, now and then."""
    return {
        source: replace(
            _workload(chance, profile),
            calls_per_minute=rate,
            rooms=chance.choice((0.0, 0.1, 0.6)),
            processing=chance.choice((0.0, 0.15, 0.6)),
            late_files=chance.choice((0.0, 0.3, 0.9)),
            hints=chance.choice((0.0, 0.7, 1.0)),
        )
        for source in profile.sources
        if (rate := chance.choice((0.0, 0.0, 1.0, 24.0)))
    }


def _faults(mix: Stream, chance: Stream, profile: Profile) -> tuple[Fault, ...]:
    kinds = min(mix.randint(1, _KINDS_MAX), len(profile.colours))
    colours = mix.sample(profile.colours, kinds)
    killers = [one for one in profile.colours if one.kind in _KILLERS]
    if killers and mix.random() < _DEADLY:
        colours[0] = mix.choice(killers)
    faults: list[Fault] = []
    last_s = 0.0
    end_s = profile.minutes * 60
    for _ in range(mix.randint(1, profile.faults_max)):
        colour = colours[chance.randrange(kinds)]
        at_s = chance.uniform(0, end_s * 0.9)
        if faults and chance.random() < _NEAR:
            at_s = min(last_s + chance.uniform(0, _NEAR_S), end_s * 0.95)
        last_s = round(at_s, 1)
        faults.append(_legal_fault(chance, colour, last_s, profile))
    if profile.colours != palette(profile.sources) or mix.random() >= _SCENE:
        return tuple(sorted(faults, key=lambda fault: fault.at_s))
    begin_s = round(mix.uniform(10.0, max(10.0, end_s * 0.8)), 1)
    scene = (replace(one, at_s=begin_s + one.at_s) for one in mix.choice(_SCENES))
    return tuple(sorted((*faults, *scene), key=lambda fault: fault.at_s))


def _legal_fault(chance: Stream, colour: Colour, at_s: float, profile: Profile) -> Fault:
    """Some parameters exclude each other: drawn again, and at last left out."""
    sources = tuple(profile.sources)
    replays = any(one.kind in STITCHING for one in profile.colours)
    if len(sources) == 1 and sources != (FIRST_SOURCE,) and is_of_service(colour.kind):
        colour = narrowed(colour, sources[0])
    for _ in range(_DRAWS_MAX):
        source = _source(chance, colour, sources)
        points = POINTS if sources == (FIRST_SOURCE,) else (*POINTS, *more_points())
        if replays:
            points = (*points, *replay_points())
        fault = _fault(chance, narrowed(colour, source) if source else colour, at_s, points)
        if source:
            fault = replace(fault, options={**fault.options, "source": source})
        if is_legal(Incident(sources=sources, settings=profile.settings, faults=(fault,))):
            return fault
    return _plain_fault(colour, at_s, sources)


def _plain_fault(colour: Colour, at_s: float, sources: tuple[str, ...]) -> Fault:
    """With no parameter, or the first that makes it right: not every service knows the usual ones."""
    plain = Fault(colour.kind, colour.targets[0], at_s, for_s=colour.durations_s[0])
    fitting = (narrowed(colour, source) for source in sources if can_happen(colour.kind, source))
    single = (
        replace(plain, options={name: value})
        for one in fitting
        for name, values in one.options.items()
        for value in values
    )
    right = (one for one in (plain, *single) if is_legal(Incident(sources=sources, faults=(one,))))
    return next(right, plain)


def _source(chance: Stream, colour: Colour, sources: Sequence[str]) -> str:
    """Whose service a fault hits; mostly one of several."""
    if len(sources) == 1 or not is_of_service(colour.kind) or chance.random() >= _ONE_SOURCE:
        return ""
    return chance.choice([source for source in sources if can_happen(colour.kind, source)])


def _fault(chance: Stream, colour: Colour, at_s: float, points: Sequence[str]) -> Fault:
    options: dict[str, Value] = {
        name: chance.choice(values)
        for name, values in colour.options.items()
        if chance.random() < _OPTION
    }
    return Fault(
        kind=colour.kind,
        target=chance.choice(colour.targets),
        at_s=at_s,
        at_next=chance.choice(points) if chance.random() < _AT_POINT else "",
        for_s=chance.choice(colour.durations_s),
        options=options,
    )


def _workload(chance: Stream, profile: Profile) -> Workload:
    return Workload(
        calls_per_minute=chance.choice(profile.calls_per_minute),
        late=chance.choice((0.0, 0.05, 0.3)),
        late_s=chance.choice((10.0, 30.0)),
        deleted=chance.choice((0.0, 0.05)),
        replaced=chance.choice((0.0, 0.02, 0.1)),
        unrecorded=chance.choice((0.0, 0.1)),
        bump=chance.choice((0.0, 0.15, 0.5)),
        second_recording=chance.choice((0.0, 0.1, 0.5)),
        equal_stamps=chance.choice((0.0, 0.1, 0.5)),
    )
