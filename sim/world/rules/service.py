"""The service: what lies before it, and everything the fake itself can do (sim.ucaas.faults)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from sim.ucaas.fault_parameters import checked
from sim.ucaas.faults import Fault as ServiceFault
from sim.ucaas.faults import FaultKind, Manners, Target
from sim.world.incident import Fault, Value
from sim.world.kinds import KINDS, kind_of
from sim.world.kinds.kind import client_id
from sim.world.rules.rule import End, Hits, Option, Rule, nodes_of, number

if TYPE_CHECKING:
    from sim.world.rules.rule import Begin
    from sim.world.service import Road, WorldService
    from sim.world.world import World

_LONG: Final = (5.0, 15.0, 40.0, 90.0)
_OWN: Final = frozenset({"requests", "hits", "source"})
_OFFSETS: Final[Mapping[str, tuple[Value, ...]]] = {
    "at_share": (0.5, 0.01, 0.99),
    "at_bytes": (0.0, 1.0, 1024.0),
}


def service_unreachable(world: World, fault: Fault) -> End:
    """The service cannot be reached."""
    roads = _roads(world, fault)

    def change(by: int) -> None:
        for road in roads:
            road.cut += by

    change(1)
    return lambda: change(-1)


def service_far(world: World, fault: Fault) -> End:
    """Requests take longer on their way."""
    seconds = fault.number("seconds", 1.0)
    roads = _roads(world, fault)

    def change(by_s: float) -> None:
        for road in roads:
            road.slow_s = max(0.0, round(road.slow_s + by_s, 9))

    change(seconds)
    return lambda: change(-seconds)


def _roads(world: World, fault: Fault) -> list[Road]:
    services = world.services.hit_by(fault)
    return [service.roads[node] for service in services for node in nodes_of(fault)]


def _begin(kind: FaultKind) -> Begin:
    def begin(world: World, fault: Fault) -> End | None:
        hits = fault.options.get("hits")
        client = client_id(fault.target) if fault.target and kind not in _FOR_ALL else ""
        rule = ServiceFault(
            kind,
            Target(_requests(fault), client),
            count=None if hits is None else int(hits),
            parameters={**_DEFAULTS.get(kind, {}), **_parameters(fault)},
        )
        ends: list[End] = []
        for service in world.services.hit_by(fault):
            if refusal(kind, fault, service.manners):
                continue
            number = service.fake.add_fault(rule)
            if number:
                ends.append(partial(_remove, service, number))
        return partial(_all, ends) if ends else None

    return begin


def _remove(service: WorldService, number: int) -> None:
    service.fake.remove_fault(number)


def _all(ends: Sequence[End]) -> None:
    for end in ends:
        end()


def _requests(fault: Fault) -> tuple[str, ...]:
    return tuple(name for name in fault.text("requests", "").split("+") if name)


def _parameters(fault: Fault) -> dict[str, Value]:
    return {name: value for name, value in fault.options.items() if name not in _OWN}


def refusal(kind: FaultKind, fault: Fault, manners: Manners) -> str:
    """Why a kind of service does not take this fault; nothing when it does."""
    try:
        checked(kind, _parameters(fault), _requests(fault), manners)
    except ValueError as error:
        return str(error)
    return ""


def _check_source(fault: Fault, sources: Sequence[str]) -> None:
    source = fault.text("source", "")
    if source not in {"", *sources}:
        raise ValueError(f"there is no source {source!r}; there are {', '.join(sources)}")


def _check(kind: FaultKind, fault: Fault, sources: Sequence[str]) -> None:
    """One of those it is about has to take it; it passes by the others."""
    _check_source(fault, sources)
    about = [fault.text("source", "")] if fault.text("source", "") else sources
    why = [refusal(kind, fault, kind_of(source).manners) for source in about]
    if all(why):
        raise ValueError(why[0])


def _any(_value: Value) -> None:
    """Checked together with the others."""


_SOURCE: Final = Option((), _any, "which one; all")


_FOR_ALL: Final = frozenset({FaultKind.LATE, FaultKind.CLOCK_SKEW})
_DEFAULTS: Final[Mapping[FaultKind, Mapping[str, Value]]] = {
    FaultKind.CLOCK_SKEW: {"seconds": 20.0},
}
"""Where the fake's own would be more than the settings of a world can look back on."""
_ONCE: Final = frozenset({FaultKind.TOKEN_REVOKED})
_DRAWS: Final[Mapping[FaultKind, Mapping[str, tuple[Value, ...]]]] = {
    FaultKind.THROTTLE: {
        "retry_after": ("seconds", "date", "absent"),
        "seconds": (2.0, 10.0, 30.0),
        "code": ("requests", "time", "concurrent"),
    },
    FaultKind.SERVER_ERROR: {"status": (503, 500, 502, 504), "retry_after_s": ("2", "20")},
    FaultKind.SLOW: {"delay_s": (0.5, 5.0, 20.0), "bytes_per_s": (50_000.0, 2_000.0)},
    FaultKind.STALL: {**_OFFSETS, "seconds": (5.0, 3600.0)},
    FaultKind.CUT: {**_OFFSETS, "reset": (True,)},
    FaultKind.TRUNCATE: {**_OFFSETS, "announced": ("short", "full")},
    FaultKind.REDIRECT: {"to": ()},
    FaultKind.FORBIDDEN: {"why": ("no_user", "privilege")},
    FaultKind.LATE: {"seconds": (15.0, 40.0, 90.0)},
    FaultKind.CLOCK_SKEW: {"seconds": (3.0, -3.0, 20.0, -20.0, 60.0, -60.0)},
    FaultKind.CHANGED_BEFORE_DOWNLOAD: {"how": ("bump", "replace")},
    FaultKind.WRONG_SIZE: {"by": (1.0, -1.0, 1000.0)},
    FaultKind.PAGE_EXPIRED: {"status": (400, 410)},
}
_REQUEST_DRAWS: Final[Mapping[FaultKind, tuple[str, ...]]] = {
    FaultKind.THROTTLE: ("list", "row", "sas", "blob"),
    FaultKind.SERVER_ERROR: ("list", "token", "sas", "blob"),
    FaultKind.SLOW: ("list", "token", "blob"),
    FaultKind.DROP: ("list", "sas", "blob"),
    FaultKind.STALL: ("list", "blob"),
    FaultKind.CUT: ("list", "row", "blob"),
    FaultKind.TRUNCATE: ("list", "blob"),
    FaultKind.HTML: ("list", "sas", "blob"),
    FaultKind.EMPTY: ("list", "blob"),
    FaultKind.REDIRECT: ("list", "token", "blob"),
}
_MEANS: Final[Mapping[str, str]] = {
    "retry_after": "seconds, date or absent; seconds",
    "seconds": "how long, or how far off",
    "code": "requests, time or concurrent; requests",
    "status": "HTTP status",
    "retry_after_s": "value of `Retry-After`; none",
    "delay_s": "before the answer; 1",
    "bytes_per_s": "of the body; unlimited",
    "at_share": "where in the body; 0.5",
    "at_bytes": "the same in bytes",
    "reset": "a reset instead of an orderly end",
    "announced": "short (a right length) or full; short",
    "to": "a URL; one of a host that is not allowed",
    "why": "no_user or privilege; no_user",
    "how": "bump (the row alone) or replace; replace",
    "by": "bytes; 1000",
}
_WHAT: Final[Mapping[FaultKind, str]] = {
    FaultKind.THROTTLE: "429, with `Retry-After` in seconds, as a date, or without.",
    FaultKind.SERVER_ERROR: "An error of the server's own (5xx).",
    FaultKind.SLOW: "The answer comes late, or its body slowly.",
    FaultKind.DROP: "The connection closes without an answer.",
    FaultKind.STALL: "No byte comes any more from some place of the body on.",
    FaultKind.CUT: "The connection ends in the middle of the body.",
    FaultKind.TRUNCATE: "Fewer bytes than there are, with a right length or the full one.",
    FaultKind.HTML: "A page instead of what was asked for, as 200.",
    FaultKind.EMPTY: "A body without a byte, as 200.",
    FaultKind.REDIRECT: "307 to another host.",
    FaultKind.TOKEN_REVOKED: "All tokens given so far are refused from now on.",
    FaultKind.SECRET_WRONG: "The authority refuses the node's secret.",
    FaultKind.FORBIDDEN: "403: no application user, or no privilege.",
    FaultKind.LINK_EXPIRED: "Download links are refused, however young.",
    FaultKind.LATE: "Recordings that are due appear later, with the stamps of when they were due.",
    FaultKind.CLOCK_SKEW: "The service's clock is off: dates, stamps, lives of tokens and links.",
    FaultKind.DELETED_BEFORE_DOWNLOAD: "The recording is deleted when somebody asks for its link.",
    FaultKind.CHANGED_BEFORE_DOWNLOAD: "The recording, or its row alone, changes at that moment.",
    FaultKind.WRONG_SIZE: "The size told with a link is not that of the file.",
    FaultKind.PAGE_EXPIRED: "The link of a next page is refused.",
    FaultKind.REPEAT_ROWS: "Every row of a page is listed twice.",
    FaultKind.EMPTY_PAGE: "A page comes without rows but with the way to the next, where they follow.",
    FaultKind.LOST_PARAMETERS: "The link of a next page lacks the parameters of the listing.",
    FaultKind.GRANT_EXPIRED: "The authority takes the long-lived token no more.",
    FaultKind.NO_LINK: "A recording is told without the link to its file.",
    FaultKind.NO_METADATA: "204: there is nothing to tell about a recording.",
    FaultKind.WRONG_REGION: "451: the data are elsewhere, and the answer says where.",
}


def _options(kind: FaultKind) -> dict[str, Option]:
    options = {
        name: Option(draw, _any, _MEANS[name]) for name, draw in _DRAWS.get(kind, {}).items()
    }
    if kind not in _FOR_ALL | _ONCE:
        manners = next(one.manners for one in KINDS.values() if kind in one.manners.hits)
        usual = manners.hits[kind]
        options["requests"] = Option(
            _REQUEST_DRAWS.get(kind, ()),
            _any,
            f"which ones; {'+'.join(usual) if usual != manners.requests else 'all'}",
        )
        options["hits"] = number(1, 3, what="over after so many", low=1, high=1e6)
    return options | {"source": _SOURCE}


def _rule(kind: FaultKind) -> Rule:
    return Rule(
        _begin(kind),
        Hits.WORLD if kind in _FOR_ALL else Hits.NODE,
        _WHAT[kind],
        () if kind in _ONCE else _LONG,
        _options(kind),
        partial(_check, kind),
    )


KNOWN: Final = tuple(
    kind for kind in FaultKind if any(kind in one.manners.hits for one in KINDS.values())
)
"""What any service can do wrong."""
RULES: Final[Mapping[str, Rule]] = {
    "service_unreachable": Rule(
        service_unreachable,
        Hits.NODE,
        "The node does not reach the service.",
        _LONG,
        {"source": _SOURCE},
        _check_source,
    ),
    "service_far": Rule(
        service_far,
        Hits.NODE,
        "The node's requests take longer on their way.",
        _LONG,
        {
            "seconds": number(0.2, 1.0, 4.0, 12.0, what="how much longer; 1", high=600.0),
            "source": _SOURCE,
        },
        _check_source,
    ),
    **{f"service_{kind.value}": _rule(kind) for kind in KNOWN},
}
