"""The listing of archived meetings: windows, both meanings of their bounds, pages and their tokens.

A page token remembers where the page before ended, not how far it was: what appears or goes meanwhile
moves nothing else across a border of pages.
"""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.clockwork.chance import stream
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.archive import Meeting
from sim.ucaas.zoom.environment import DAY_US, Environment
from sim.ucaas.zoom.errors import bad_field, no_page
from sim.ucaas.zoom.instants import instant_text, instant_us

PAGE_DEFAULT, PAGE_MAX = 30, 300
SPAN_MAX_US = 7 * DAY_US
TOKEN_LIFE_US = 15 * 60 * SECOND_US
GROUPS_MAX = 7
_LONG_AGO_US = 400 * DAY_US
BY_START, BY_COMPLETE = "meeting_start_time", "archive_complete_time"
_TOKEN_BYTES = 24
_Place = tuple[int, str]
_Rows = list[tuple[_Place, Meeting]]
_BEFORE_ALL: _Place = (-(2**62), "")
_KEPT_QUERIES = 8


@dataclass(frozen=True, slots=True)
class Query:
    """What a listing asks for. Bounds are closed; `begin` and `end` are as they were told."""

    begin: str
    end: str
    page_size: int = PAGE_DEFAULT
    date_type: str = BY_START
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    query: Query
    given: Mapping[str, str]
    after: _Place
    expires_us: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of meetings, and what to ask for the next; an empty token ends it."""

    query: Query
    meetings: Sequence[Meeting]
    total: int
    next_token: str = field(repr=False)

    def head(self) -> dict[str, Any]:
        """What the answer tells beside the meetings."""
        return {
            "from": self.query.begin,
            "to": self.query.end,
            "page_size": self.query.page_size,
            "total_records": self.total,
            "next_page_token": self.next_token,
        }


class Listing:
    """Answers listings from the archive and remembers the tokens of its pages."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._chance = stream(env.seed, "pages")
        self._tokens: dict[str, _Token] = {}
        self._known: dict[Query, _Rows] = {}
        self._changes = 0

    def page(self, given: Mapping[str, str], now_us: int, *, empty: bool = False) -> Page:
        """The page asked for. `empty`: none of its meetings, they follow. Raises Refusal (400)."""
        token = given.get("next_page_token", "")
        asked = {name: value for name, value in given.items() if name != "next_page_token"}
        query, after = self._resumed(token, asked, now_us) if token else (read(asked, now_us), None)
        rows = self.rows(query)
        begin = 0 if after is None else bisect_right(rows, after, key=lambda row: row[0])
        shown = [] if empty else rows[begin : begin + query.page_size]
        next_token = ""
        if begin + len(shown) < len(rows):
            last = shown[-1][0] if shown else (after or _BEFORE_ALL)
            next_token = self._remember(_Token(query, asked, last, now_us + TOKEN_LIFE_US))
        return Page(query, [one for _, one in shown], len(rows), next_token)

    def rows(self, query: Query) -> _Rows:
        """All meetings of a window, the newest first. What was found is kept while nothing changes."""
        changes = self._env.archive.changes
        if changes != self._changes or len(self._known) >= _KEPT_QUERIES:
            self._known.clear()
            self._changes = changes
        found = self._known.get(query)
        if found is None:
            found = self._known[query] = self._found(query)
        return found

    def _found(self, query: Query) -> _Rows:
        low_us, high_us = instant_us(query.begin), instant_us(query.end)
        rows: _Rows = []
        for one in self._env.archive:
            at_us = self._date_us(one, query.date_type)
            if at_us is None or not low_us <= at_us <= high_us:
                continue
            if query.groups and not set(query.groups).intersection(one.script.group.split(",")):
                continue
            rows.append(((-at_us, one.uuid), one))
        return sorted(rows, key=lambda row: row[0])

    def _date_us(self, one: Meeting, date_type: str) -> int | None:
        if date_type == BY_START:
            return one.start_us // SECOND_US * SECOND_US
        if one.complete_us is None and self._env.lists_processing:
            return one.listed_us
        return one.complete_us

    def _remember(self, token: _Token) -> str:
        text = base64.urlsafe_b64encode(self._chance.randbytes(_TOKEN_BYTES)).decode()
        self._tokens[text] = token
        return text

    def _resumed(self, text: str, asked: Mapping[str, str], now_us: int) -> tuple[Query, _Place]:
        """Every other parameter is as it was, but for a `to` that was replaced: then as it was told."""
        token = self._tokens.get(text)
        if token is None or now_us >= token.expires_us:
            raise no_page()
        wanted = dict(token.given)
        for name, told in (("from", token.query.begin), ("to", token.query.end)):
            if name in wanted or asked.get(name) == told:
                wanted[name] = told
        if dict(asked) != wanted:
            raise no_page()
        return token.query, token.after


def read(asked: Mapping[str, str], now_us: int) -> Query:
    """A query as it is carried out: defaults filled in, a future end replaced. Raises Refusal (400)."""
    end_us = _instant(asked, "to", now_us)
    begin_us = _instant(asked, "from", min(end_us, now_us) - DAY_US)
    end_us = max(min(end_us, now_us), begin_us) if end_us >= begin_us else end_us
    if end_us < begin_us:
        raise bad_field("from", "The start date must not be after the end date.")
    if end_us - begin_us > SPAN_MAX_US:
        raise bad_field("from", "The date range must not be more than 7 days.")
    date_type = asked.get("query_date_type", BY_START)
    if date_type not in {BY_START, BY_COMPLETE}:
        raise bad_field("query_date_type", "Invalid field.")
    groups = tuple(name for name in asked.get("group_ids", "").split(",") if name)
    if len(groups) > GROUPS_MAX:
        raise bad_field("group_ids", f"At most {GROUPS_MAX} groups.")
    return Query(
        begin=instant_text(begin_us),
        end=instant_text(end_us),
        page_size=_page_size(asked.get("page_size", str(PAGE_DEFAULT))),
        date_type=date_type,
        groups=groups,
    )


def is_check(asked: Mapping[str, str], now_us: int) -> bool:
    """Whether a listing only tries if it may: it asks for a whole week, or for a second long ago."""
    try:
        begin_us, end_us = (instant_us(asked.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return False
    return end_us - begin_us >= SPAN_MAX_US or end_us < now_us - _LONG_AGO_US


def _instant(asked: Mapping[str, str], name: str, default_us: int) -> int:
    if name not in asked:
        return default_us
    try:
        return instant_us(asked[name])
    except ValueError:
        raise bad_field(name, "Invalid field.") from None


def _page_size(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise bad_field("page_size", "Invalid field.")
    return min(int(text), PAGE_MAX)


def statistics(rows: Sequence[Meeting]) -> dict[str, Any]:
    """Files of these meetings by extension and by status."""
    files = [one for meeting in rows for one in meeting.files]
    kinds = {"M4A": "m4a", "MP4": "mp4", "CHAT": "txt", "CC": "vtt"}
    extensions = [kinds.get(one.script.file_type, "json") for one in files]
    return {
        "total_records": len(files),
        "statistic_by_file_extension": {
            f"{name}_file_count": extensions.count(name)
            for name in ("mp4", "m4a", "txt", "json", "vtt")
        },
        "statistic_by_file_status": {
            f"{name}_file_count": [one.status for one in files].count(name)
            for name in ("processing", "completed", "failed")
        },
    }
