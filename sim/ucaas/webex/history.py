"""Detailed call history: which records a window of the feed or of the stream holds, page by page. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sim.ucaas.webex.errors import Refusal, bad
from sim.ucaas.webex.instants import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    millis_text,
    read,
    read_millis,
)

FEED, STREAM = "cdr_feed", "cdr_stream"
_PAGE_MIN, _PAGE_MAX = 500, 5000
_LOCATIONS_MAX = 10
_PAGES_A_MINUTE = 10


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a window may be: its length, how old it may begin and how young it may end."""

    longest_us: int
    oldest_us: int
    youngest_us: int
    text: str


_RULES = {
    FEED: _Rule(12 * HOUR_US, 30 * DAY_US, 5 * MINUTE_US, "12 hours, 5 minutes and 30 days"),
    STREAM: _Rule(2 * HOUR_US, 12 * HOUR_US, MINUTE_US, "2 hours, 1 minute and 12 hours"),
}


@dataclass(order=True, frozen=True, slots=True)
class _Kept:
    at_us: int
    number: int
    record: Mapping[str, Any] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Records, how many the window holds in all, and the query of the next page."""

    records: list[Mapping[str, Any]]
    next_query: str


class History:
    """All records, by the time of their call and by the time of their insertion."""

    def __init__(self) -> None:
        self._kept: dict[str, list[_Kept]] = {FEED: [], STREAM: []}
        self._count = 0

    def insert(self, record: Mapping[str, Any], now_us: int) -> None:
        """A record arrives in the cloud; a second time is a repetition."""
        self._count += 1
        start_us = read(str(record["Start time"]))
        assert start_us is not None, "the fake writes instants that it can read"
        insort(self._kept[FEED], _Kept(start_us, self._count, record))
        insort(self._kept[STREAM], _Kept(now_us // 1000 * 1000, self._count, record))

    def page(
        self, which: str, parameters: Mapping[str, str], *, now_us: int, cap: int, org: str
    ) -> Page:
        """One page of a window. Raises Refusal (400). `cap` is the server's own limit to a page."""
        from_us, to_us = _window(which, parameters, now_us)
        wanted = [name for name in parameters.get("locations", "").split(",") if name]
        if len(wanted) > _LOCATIONS_MAX:
            raise bad(f"At most {_LOCATIONS_MAX} locations can be provided.")
        page_from_us = _instant(parameters, "startTimeForNextFetch", from_us)
        kept = self._kept[which]
        first, last = (bisect_left(kept, at) for at in (_bound(from_us), _bound(to_us)))
        window = [k for k in kept[first:last] if not wanted or k.record["Location"] in wanted]
        left = [k for k in window if k.at_us >= page_from_us]
        size = min(_size(parameters), cap)
        end = size
        while 0 < end < len(left) and left[end].at_us == left[end - 1].at_us:
            end += 1
        records = [k.record for k in left[:end]]
        if end >= len(left):
            return Page(records, "")
        following = {
            "endTime": parameters["endTime"],
            "startTime": parameters["startTime"],
            "startTimeForNextFetch": millis_text(left[end].at_us),
            "totalCount": str(len(window)),
            "max": str(_size(parameters)),
            "orgId": org,
        }
        return Page(records, urlencode(following))


class Pace:
    """One first page a minute for each token, and ten further pages."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, bool], deque[int]] = {}

    def spend(self, client: str, now_us: int, *, first_page: bool) -> None:
        """Count a request. Raises Refusal (429) when it comes too early."""
        asked = self._asked.setdefault((client, first_page), deque())
        while asked and asked[0] <= now_us - MINUTE_US:
            asked.popleft()
        if len(asked) >= (1 if first_page else _PAGES_A_MINUTE):
            wait_s = max((asked[0] + MINUTE_US - now_us + SECOND_US - 1) // SECOND_US, 1)
            headers = (("Retry-After", str(wait_s)),)
            raise Refusal(429, "Too many requests for call history.", headers=headers)
        asked.append(now_us)


def _bound(at_us: int) -> _Kept:
    return _Kept(at_us, 0, {})


def _window(which: str, parameters: Mapping[str, str], now_us: int) -> tuple[int, int]:
    from_us = _instant(parameters, "startTime", None)
    to_us = _instant(parameters, "endTime", None)
    rule = _RULES[which]
    if from_us >= to_us:
        raise bad("startTime must be before endTime.")
    if (
        to_us - from_us > rule.longest_us
        or from_us < now_us - rule.oldest_us
        or to_us > now_us - rule.youngest_us
    ):
        raise bad(f"The limits of a window's length and of its age are {rule.text}.")
    return from_us, to_us


def _instant(parameters: Mapping[str, str], name: str, default_us: int | None) -> int:
    text = parameters.get(name)
    if text is None and default_us is not None:
        return default_us
    at_us = read_millis(text or "")
    if at_us is None:
        raise bad(f"{name} must be given as YYYY-MM-DDTHH:MM:SS.mmmZ.")
    return at_us


def _size(parameters: Mapping[str, str]) -> int:
    text = parameters.get("max", str(_PAGE_MAX))
    if not text.isdecimal():
        raise bad("max must be a number.")
    return min(max(int(text), _PAGE_MIN), _PAGE_MAX)
