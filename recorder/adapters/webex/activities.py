"""What agents of Webex Contact Center did within a period, page by page."""

from __future__ import annotations

from typing import Final

import httpx

from recorder.adapters.http.json_body import rows_of
from recorder.adapters.webex.api import NotThere, WebexClient
from recorder.errors import BadAnswer
from recorder.model import Window

PAGE_SIZE: Final = 1000
PAGES_MAX: Final = 10
"""The service shows no more."""
DAY_US: Final = 86_000 * 1_000_000
"""A little less than what it takes at once."""


def activities(api: WebexClient, window: Window, *, org: str) -> tuple[object, ...]:
    """Rows of states that began within the period, or within the last day of it. Raises SourceError."""
    since_us = max(window.from_us, window.to_us - DAY_US)
    found: list[object] = []
    for page in range(PAGES_MAX):
        asked = {
            "from": str(since_us // 1000),
            "to": str(window.to_us // 1000),
            "page": str(page),
            "pageSize": str(PAGE_SIZE),
        } | ({"orgId": org} if org else {})
        try:
            body, _ = api.object(f"agents/activities?{httpx.QueryParams(asked)}")
        except NotThere:
            raise BadAnswer(
                "there is no list of activities of agents at this address",
                hint="Compare contact_center_url with the region of the organisation.",
            ) from None
        rows = rows_of(body or {}, "data") or []
        found += rows
        if len(rows) < PAGE_SIZE:
            break
    return tuple(found)
