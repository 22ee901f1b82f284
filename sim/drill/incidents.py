"""The standard set: what every operator should know of their own settings before it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sim.world.incident import FIRST_SOURCE, NODES, Fault, Incident, Workload

_CALM_S: Final = 300.0
"""The pair settles before anything happens; all begins after it."""
_AFTER_S: Final = 300.0
_HOUR_S: Final = 3600.0
_DAY_S: Final = 24 * _HOUR_S
QUICK_S: Final = 2 * _HOUR_S
"""What the longest outage lasts in a quick drill."""
_FIRST, _SECOND = NODES


@dataclass(frozen=True, slots=True)
class Drill:
    """One incident. `disruption` is the kind of takeover it calls for, if any: see promise L1."""

    name: str
    what: str
    faults: tuple[Fault, ...]
    lasts_s: float
    disruption: str = ""

    def incident(
        self,
        *,
        settings: Mapping[str, Mapping[str, Any]],
        seed: int,
        calls_per_minute: float,
        sources: tuple[str, ...] = (FIRST_SOURCE,),
    ) -> Incident:
        """The run: calm, the faults, and time to see what comes after. Calls are those of all sources."""
        backlog = calls_per_minute / 60 * self.lasts_s
        return Incident(
            seed=seed,
            minutes=(_CALM_S + self.lasts_s + _AFTER_S) / 60,
            faults=self.faults,
            sources=sources,
            workload=Workload(calls_per_minute=calls_per_minute / len(sources), equal_stamps=0.0),
            patience_s=_HOUR_S + 2 * backlog,
            settings=settings,
            story=self.what,
        )

    @property
    def began_s(self) -> float:
        """When the first fault strikes."""
        return min(fault.at_s for fault in self.faults)


def _fault(kind: str, target: str = "", for_s: float = 0.0, after_s: float = 0.0) -> Fault:
    return Fault(kind, target, at_s=_CALM_S + after_s, for_s=for_s)


def drills(
    *, longest_s: float = _DAY_S, sources: tuple[str, ...] = (FIRST_SOURCE,)
) -> tuple[Drill, ...]:
    """All of them; `longest_s` shortens the longest outage. The first node is the primary."""
    single = _of_single_sources(sources) if len(sources) > 1 else ()
    return (*_of_nodes(), *_of_paths(), *_of_the_source(longest_s), *single)


def _of_single_sources(sources: tuple[str, ...]) -> tuple[Drill, ...]:
    return tuple(
        Drill(
            f"{source} away",
            f"{source} alone cannot be reached for an hour; the others must not feel it",
            (replace(_fault("service_unreachable", for_s=_HOUR_S), options={"source": source}),),
            _HOUR_S,
        )
        for source in sources
    )


def _of_nodes() -> tuple[Drill, ...]:
    return (
        Drill(
            "node death",
            "the primary's process dies and is back after two minutes",
            (_fault("crash", _FIRST, 120.0),),
            120.0,
            "death",
        ),
        Drill(
            "standby death",
            "the secondary's process dies and is back after two minutes",
            (_fault("crash", _SECOND, 120.0),),
            120.0,
        ),
        Drill(
            "host silence",
            "the primary is frozen for two minutes, without a word",
            (_fault("pause", _FIRST, 120.0),),
            120.0,
            "silence",
        ),
        Drill(
            "both nodes cold",
            "both nodes die and start again together after five minutes",
            (_fault("crash", _FIRST, 300.0), _fault("crash", _SECOND, 300.0)),
            300.0,
        ),
    )


def _of_paths() -> tuple[Drill, ...]:
    return (
        Drill(
            "link cut",
            "the nodes do not hear each other for two minutes; both reach the Data Center",
            (_fault("cut", for_s=120.0),),
            120.0,
        ),
        Drill(
            "Data Center outage",
            "database and archive are away for ten minutes",
            (_fault("data_center_down", for_s=600.0),),
            600.0,
        ),
        Drill(
            "alone",
            "no peer and no Data Center for ten minutes, on either side",
            (_fault("cut", for_s=600.0), _fault("data_center_down", for_s=600.0)),
            600.0,
        ),
    )


def _of_the_source(longest_s: float) -> tuple[Drill, ...]:
    refused = (
        _fault("service_secret_wrong", for_s=_HOUR_S),
        _fault("service_token_revoked", _FIRST),
        _fault("service_token_revoked", _SECOND),
    )
    return (
        Drill(
            "link cut, tokens refused",
            "the link is cut for two minutes during a token outage of an hour",
            (*refused, _fault("cut", for_s=120.0, after_s=120.0)),
            _HOUR_S,
        ),
        Drill("token revoked", "the source refuses every credential for an hour", refused, _HOUR_S),
        Drill(
            "one token revoked",
            "the source refuses the primary's credentials for an hour",
            (
                _fault("service_secret_wrong", _FIRST, _HOUR_S),
                _fault("service_token_revoked", _FIRST),
            ),
            _HOUR_S,
        ),
        Drill(
            "source outage",
            f"the source cannot be reached for {longest_s / _HOUR_S:g} hours",
            (_fault("service_unreachable", for_s=longest_s),),
            longest_s,
        ),
    )
