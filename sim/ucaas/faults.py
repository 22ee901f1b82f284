"""Faults as rules: data that says what goes wrong, for whom, how often and until when.

Every fault is an interval in an active set, so overlapping faults are safe: what happens is a
function of the set, and nothing is ever saved and restored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MEDIA = ("blob", "value")
ORG = ("list", "query", "row", "sas", "value", "block", "schema", "whoami")
EVERYTHING = ("token", "openid", *ORG, "blob")


class FaultKind(StrEnum):
    """What can go wrong; parameters and defaults are in each docstring below."""

    THROTTLE = "throttle"
    """429: `code` requests|time|concurrent, `retry_after` seconds|date|absent, `seconds` 5."""
    SERVER_ERROR = "server_error"
    """`status` 503, `retry_after_s` none."""
    SLOW = "slow"
    """`delay_s` 1 before the answer, `bytes_per_s` none for the body."""
    DROP = "drop"
    """The connection closes without an answer."""
    STALL = "stall"
    """No byte for `seconds` 3600 at `at_bytes`, or at `at_share` 0.5 of the body."""
    CUT = "cut"
    """The connection ends at `at_bytes` or `at_share` 0.5; `reset` false."""
    TRUNCATE = "truncate"
    """Fewer bytes (`at_bytes`, `at_share` 0.5); `announced` short (a right length) or full."""
    HTML = "html"
    """A page instead of audio, as 200."""
    EMPTY = "empty"
    """A body of zero bytes, as 200."""
    REDIRECT = "redirect"
    """307 to `to`: another host than the allowed ones by default."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of a fault
    """At once: every token given to the client so far is refused. Momentary."""
    SECRET_WRONG = "secret_wrong"  # noqa: S105 - the name of a fault
    """The authority refuses the client's secret."""
    FORBIDDEN = "forbidden"
    """403: `why` no_user (no application user) or privilege."""
    LINK_EXPIRED = "link_expired"
    """A download link is refused, however young."""
    LATE = "late"
    """Recording rows that are due appear `seconds` 60 later, stamped with the instant they were due."""
    CLOCK_SKEW = "clock_skew"
    """The service's clock is `seconds` off: Date header, stamps, token and link life."""
    DELETED_BEFORE_DOWNLOAD = "deleted_before_download"
    """The recording is deleted at the moment somebody asks for it."""
    CHANGED_BEFORE_DOWNLOAD = "changed_before_download"
    """At the moment somebody asks for it the recording changes: `how` replace (another file) or bump."""
    WRONG_SIZE = "wrong_size"
    """The size told with a download link is `by` 1000 bytes off."""
    PAGE_EXPIRED = "page_expired"
    """The link of a next page is refused: `status` 400."""
    REPEAT_ROWS = "repeat_rows"
    """Every row of a page is listed twice."""
    WRONG_BYTES = "wrong_bytes"
    """One byte of the body is another, at `at_bytes` or `at_share` 0.5; size and hash told stay right."""
    EMPTY_PAGE = "empty_page"
    """A page of a listing comes without rows but with the way to the next; the rows follow there."""
    LOST_PARAMETERS = "lost_parameters"
    """The link of a next page lacks the parameters of the listing."""
    GRANT_EXPIRED = "grant_expired"
    """The authority no longer takes what long-lived tokens it gave."""
    NO_LINK = "no_link"
    """An item is told without the link that leads to its file."""
    NO_METADATA = "no_metadata"
    """204: there is nothing to tell about an item."""
    WRONG_REGION = "wrong_region"
    """451: the data are elsewhere, and the answer says where."""


DEFAULT_REQUESTS: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.THROTTLE: ORG,
    FaultKind.SERVER_ERROR: (*ORG, "blob"),
    FaultKind.SLOW: EVERYTHING,
    FaultKind.DROP: EVERYTHING,
    FaultKind.SECRET_WRONG: ("token",),
    FaultKind.FORBIDDEN: ORG,
    FaultKind.LINK_EXPIRED: ("blob",),
    FaultKind.DELETED_BEFORE_DOWNLOAD: ("sas",),
    FaultKind.CHANGED_BEFORE_DOWNLOAD: ("sas",),
    FaultKind.WRONG_SIZE: ("sas",),
    FaultKind.PAGE_EXPIRED: ("list",),
    FaultKind.REPEAT_ROWS: ("list",),
    FaultKind.LATE: (),
    FaultKind.CLOCK_SKEW: (),
    FaultKind.TOKEN_REVOKED: (),
}
"""Which kinds of requests a fault hits when its target names none; MEDIA where absent here."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What one kind of service makes of faults."""

    requests: tuple[str, ...]
    """Every kind of request it tells apart."""
    hits: Mapping[FaultKind, tuple[str, ...]]
    """Each fault it knows, with the requests it hits when its target names none."""
    words: Mapping[str, tuple[str, ...]]
    """What parameters may be that are one of some words."""


_OF_MEDIA = frozenset(
    {
        FaultKind.STALL,
        FaultKind.CUT,
        FaultKind.TRUNCATE,
        FaultKind.HTML,
        FaultKind.EMPTY,
        FaultKind.REDIRECT,
    }
)
DYNAMICS = Manners(
    requests=EVERYTHING,
    hits={
        kind: DEFAULT_REQUESTS.get(kind, MEDIA)
        for kind in FaultKind
        if kind in DEFAULT_REQUESTS or kind in _OF_MEDIA
    },
    words={
        "code": ("requests", "time", "concurrent"),
        "retry_after": ("seconds", "date", "absent"),
        "why": ("no_user", "privilege"),
        "how": ("replace", "bump"),
    },
)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a fault hits; empty means any."""

    requests: tuple[str, ...] = ()
    """For Dynamics: token, openid, whoami, schema, list (recordings by period), query, row, sas, blob,
    value, block."""
    client: str = ""
    item: str = ""
    """Key of one item."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. It ends after `count` hits or at `until_us`, whichever is first; None is never."""

    kind: FaultKind
    target: Target = Target()
    count: int | None = None
    until_us: int | None = None
    parameters: Mapping[str, str | float | bool] = field(
        default_factory=dict[str, "str | float | bool"]
    )

    def text(self, name: str, default: str) -> str:
        """A parameter as text."""
        return str(self.parameters.get(name, default))

    def number(self, name: str, default: float) -> float:
        """A parameter as a number. Raises ValueError when it is none."""
        return float(self.parameters.get(name, default))

    def flag(self, name: str) -> bool:
        """A parameter that is absent or false, or true."""
        return self.parameters.get(name, False) in {True, "true", "1"}

    def offset(self, size_bytes: int) -> int:
        """Where in a body of that size it strikes: always before its end."""
        if "at_bytes" in self.parameters:
            at_bytes = int(self.number("at_bytes", 0))
        else:
            at_bytes = math.floor(size_bytes * self.number("at_share", 0.5))
        return max(min(at_bytes, size_bytes - 1), 0)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a request when faults are looked up."""

    request: str
    client: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault in the set: its number, hits so far, and the rule."""

    number: int
    hits: int
    fault: Fault


class FaultSet:
    """The active faults, in the order they were added. Not thread-safe: the service locks."""

    def __init__(self, manners: Manners = DYNAMICS) -> None:
        self.manners = manners
        self._active: dict[int, ActiveFault] = {}
        self._next = 1

    def add(self, fault: Fault) -> int:
        """Switch a fault on; returns its number."""
        number, self._next = self._next, self._next + 1
        self._active[number] = ActiveFault(number, 0, fault)
        return number

    def remove(self, number: int) -> bool:
        """Switch it off; False when it is over already."""
        return self._active.pop(number, None) is not None

    def clear(self) -> int:
        """Switch all off; returns how many there were."""
        count = len(self._active)
        self._active.clear()
        return count

    def active(self, now_us: int) -> tuple[ActiveFault, ...]:
        """Those not over, in order."""
        for number, entry in list(self._active.items()):
            until_us = entry.fault.until_us
            if until_us is not None and now_us >= until_us:
                del self._active[number]
        return tuple(self._active.values())

    def of_kind(self, kind: FaultKind, now_us: int) -> tuple[Fault, ...]:
        """Active faults of one kind, without counting a hit."""
        return tuple(entry.fault for entry in self.active(now_us) if entry.fault.kind is kind)

    def strike(self, subject: Subject, now_us: int) -> tuple[Fault, ...]:
        """The faults that hit this request; each counts one hit and ends with its last."""
        struck: list[Fault] = []
        for entry in self.active(now_us):
            if not self._hits(entry.fault, subject):
                continue
            struck.append(entry.fault)
            hits = entry.hits + 1
            if entry.fault.count is not None and hits >= entry.fault.count:
                del self._active[entry.number]
            else:
                self._active[entry.number] = ActiveFault(entry.number, hits, entry.fault)
        return tuple(struck)

    def _hits(self, fault: Fault, subject: Subject) -> bool:
        target = fault.target
        requests = target.requests or self.manners.hits.get(fault.kind, ())
        return (
            subject.request in requests
            and target.client in {"", subject.client}
            and target.item in {"", subject.item}
        )
