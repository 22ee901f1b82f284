"""Pages of a listing: the `Link` header, and where a listing goes on. Pure.

A next link is the service's own and is used as it came. But links were seen that had lost parameters of the
first request; followed as they are, they would list another period. What is lost is put back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from recorder.adapters.http.errors import safe_text
from recorder.errors import BadAnswer

_LINK: Final = re.compile(
    r"<+([^<>]*)>((?:\s*;\s*[A-Za-z0-9*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;<>]*))?)*)"
)
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))", re.IGNORECASE)
_HEADER_CHARS_MAX: Final = 65_536
_STATUS: Final = re.compile(r"^[a-z]{1,20}$")


def next_link(header: str | None) -> str | None:
    """The address behind `rel="next"` as it came; None when there is none.

    Raises BadAnswer for a header without end.
    """
    if not header:
        return None
    if len(header) > _HEADER_CHARS_MAX:
        raise BadAnswer("a Link header without end")
    for match in _LINK.finditer(header):
        rel = _REL.search(match.group(2))
        words = (rel.group(1) or rel.group(2) or "").lower().split() if rel else []
        if "next" in words:
            return match.group(1).strip()
    return None


def followed(link: str, *, asked: httpx.URL, wanted: Mapping[str, str]) -> str:
    """The address to ask for the next page, with every parameter of `wanted` that `link` lost.

    `asked` is the address of the page that named the link, `link` may be relative to it. Raises BadAnswer
    when it leads to another host or path, or to the page it came from.
    """
    try:
        url = asked.join(link)
        lost = [name for name in wanted if name not in url.params]
    except (httpx.InvalidURL, ValueError, TypeError):
        raise BadAnswer("a next link that is no address") from None
    if (url.scheme, url.host, url.port) != (asked.scheme, asked.host, asked.port) or url.userinfo:
        raise BadAnswer(f"a next link to another host: {safe_text(url.host)}")
    if url.path != asked.path:
        raise BadAnswer("a next link to another path")
    if url == asked:
        raise BadAnswer("the next link leads to the same page again")
    text = str(url.copy_with(fragment=None))
    if not lost:
        return text
    more = str(httpx.QueryParams({name: wanted[name] for name in lost}))
    return f"{text}{'&' if url.query else '?'}{more}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing goes on: which status, and the address of the page; None for the first."""

    status: str
    url: str | None = None

    def token(self) -> str:
        """As the `page` of a listing: the same position is the same token."""
        return json.dumps([self.status, self.url], separators=(",", ":"))


def position_of(token: str) -> Position:
    """Raises BadAnswer for a token of another making."""
    try:
        parts: Any = json.loads(token)
    except (ValueError, RecursionError):
        parts = None
    match parts:
        case [str(status), None] if _STATUS.match(status):
            return Position(status)
        case [str(status), str(url)] if _STATUS.match(status):
            return Position(status, url)
        case _:
            raise BadAnswer("a page that this source did not give out: begin the listing again")
