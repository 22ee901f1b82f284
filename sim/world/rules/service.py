"""The service: what lies before it, and everything the fake itself can do (sim.ucaas.faults)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from sim.ucaas.fault_parameters import checked
from sim.ucaas.faults import DYNAMICS, EVERYTHING, FaultKind, Target
from sim.ucaas.faults import Fault as ServiceFault
from sim.world.incident import Fault, Value
from sim.world.rules.rule import End, Hits, Option, Rule, nodes_of, number
from sim.world.settings import client_id

if TYPE_CHECKING:
    from sim.world.rules.rule import Begin
    from sim.world.world import World

_LONG: Final = (5.0, 15.0, 40.0, 90.0)
_OWN: Final = frozenset({"requests", "hits"})
_OFFSETS: Final[Mapping[str, tuple[Value, ...]]] = {
    "at_share": (0.5, 0.01, 0.99),
    "at_bytes": (0.0, 1.0, 1024.0),
}


def service_unreachable(world: World, fault: Fault) -> End:
    """The service cannot be reached."""
    roads = [world.service.roads[node] for node in nodes_of(fault)]

    def change(by: int) -> None:
        for road in roads:
            road.cut += by

    change(1)
    return lambda: change(-1)


def service_far(world: World, fault: Fault) -> End:
    """Requests take longer on their way."""
    seconds = fault.number("seconds", 1.0)
    roads = [world.service.roads[node] for node in nodes_of(fault)]

    def change(by_s: float) -> None:
        for road in roads:
            road.slow_s = max(0.0, round(road.slow_s + by_s, 9))

    change(seconds)
    return lambda: change(-seconds)


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
        number = world.service.fake.add_fault(rule)
        return partial(_remove, world, number) if number else None

    return begin


def _remove(world: World, number: int) -> None:
    world.service.fake.remove_fault(number)


def _requests(fault: Fault) -> tuple[str, ...]:
    return tuple(name for name in fault.text("requests", "").split("+") if name)


def _parameters(fault: Fault) -> dict[str, Value]:
    return {name: value for name, value in fault.options.items() if name not in _OWN}


def _check(kind: FaultKind, fault: Fault) -> None:
    checked(kind, _parameters(fault), _requests(fault))


def _any(_value: Value) -> None:
    """Checked together with the others."""


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
}


def _options(kind: FaultKind) -> dict[str, Option]:
    options = {
        name: Option(draw, _any, _MEANS[name]) for name, draw in _DRAWS.get(kind, {}).items()
    }
    if kind not in _FOR_ALL | _ONCE:
        usual = DYNAMICS.hits[kind]
        options["requests"] = Option(
            _REQUEST_DRAWS.get(kind, ()),
            _any,
            f"which ones; {'+'.join(usual) if usual != EVERYTHING else 'all'}",
        )
        options["hits"] = number(1, 3, what="over after so many", low=1, high=1e6)
    return options


def _rule(kind: FaultKind) -> Rule:
    return Rule(
        _begin(kind),
        Hits.WORLD if kind in _FOR_ALL else Hits.NODE,
        _WHAT[kind],
        () if kind in _ONCE else _LONG,
        _options(kind),
        partial(_check, kind),
    )


RULES: Final[Mapping[str, Rule]] = {
    "service_unreachable": Rule(
        service_unreachable, Hits.NODE, "The node does not reach the service.", _LONG
    ),
    "service_far": Rule(
        service_far,
        Hits.NODE,
        "The node's requests take longer on their way.",
        _LONG,
        {"seconds": number(0.2, 1.0, 4.0, 12.0, what="how much longer; 1", high=600.0)},
    ),
    **{f"service_{kind.value}": _rule(kind) for kind in DYNAMICS.hits},
}
