"""What a listing of recordings is asked for, and its pages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from sim.ucaas.webex.errors import bad
from sim.ucaas.webex.instants import DAY_US, read
from sim.ucaas.webex.scripts import KINDS
from sim.ucaas.webex.shelf import AVAILABLE, DELETED, PURGED, Row, Wanted

_SPAN_US = 30 * DAY_US
_DEFAULT_SPAN_US = 7 * DAY_US
_SIZE_MAX, _SIZE_DEFAULT = 100, 10
_REGIONS = ("US", "SG", "GB", "JP", "DE", "AU", "IN", "CA")
HOLE = "after"
"""A parameter of our own in links: the page before this one was left empty."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """What this very listing does worse than it should."""

    repeat_rows: bool = False
    empty_page: bool = False
    lost_parameters: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and the `Link` header, empty when there is nothing to link to."""

    rows: list[Row]
    link: str


def wanted_of(given: Mapping[str, str], now_us: int, *, everybody: bool) -> Wanted:
    """The filter in a query. Raises Refusal (400)."""
    from_us, to_us = _period(given, now_us)
    if from_us > to_us:
        raise bad("from cannot be after to.")
    if everybody and to_us - from_us > _SPAN_US:
        raise bad("The interval between from and to must be within 30 days.")
    statuses = (AVAILABLE, DELETED, PURGED) if everybody else (AVAILABLE, DELETED)
    _one_of(given, "format", ("MP3",))
    return Wanted(
        from_us=from_us,
        to_us=to_us,
        status=_one_of(given, "status", statuses) or AVAILABLE,
        service_type=_one_of(given, "serviceType", ("calling", "customerAssist")),
        owner=given.get("ownerId", "") if everybody else "",
        email=given.get("ownerEmail", "") if everybody else "",
        owner_type=_one_of(given, "ownerType", KINDS),
        region=_one_of(given, "storageRegion", _REGIONS),
        location=given.get("locationId", ""),
        topic=given.get("topic", ""),
    )


def page_of(rows: Iterable[Row], given: Mapping[str, str], url: str, quirks: Quirks) -> Page:
    """One page of `rows`; `url` is the address of the listing. Raises Refusal (400)."""
    size = _number(given, "max", _SIZE_DEFAULT)
    if not 1 <= size <= _SIZE_MAX:
        raise bad(f"max must be between 1 and {_SIZE_MAX}.")
    at = _number(given, "offset", 0)
    if quirks.empty_page and HOLE not in given:
        return Page([], _link(url, given, size, at, quirks, hole=True))
    found = list(islice(rows, at, at + size + 1))
    is_last = len(found) <= size
    link = "" if is_last else _link(url, given, size, at + size, quirks, hole=False)
    repeats = 2 if quirks.repeat_rows else 1
    return Page([row for row in found[:size] for _ in range(repeats)], link)


def _link(
    url: str, given: Mapping[str, str], size: int, at: int, quirks: Quirks, *, hole: bool
) -> str:
    kept = {} if quirks.lost_parameters else {k: v for k, v in given.items() if k != HOLE}
    asked = kept | {"max": str(size), "offset": str(at)} | ({HOLE: "1"} if hole else {})
    first = f'<{url}?{urlencode(asked | {"offset": "0"})}>; rel="first"'
    return f'{first}, <{url}?{urlencode(asked)}>; rel="next"'


def _period(given: Mapping[str, str], now_us: int) -> tuple[int, int]:
    from_us, to_us = _instant(given, "from"), _instant(given, "to")
    if from_us is None:
        to_us = now_us if to_us is None else to_us
        return to_us - _DEFAULT_SPAN_US, to_us
    return from_us, from_us + _DEFAULT_SPAN_US if to_us is None else to_us


def _instant(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    at_us = read(given[name])
    if at_us is None:
        raise bad(f"{name} must be an ISO 8601 date and time.")
    return at_us


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isdecimal():
        raise bad(f"{name} must be a number.")
    return int(text)


def _one_of(given: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    word = given.get(name, "")
    if word and word not in words:
        raise bad(f"{name} must be one of {', '.join(words)}.")
    return word
