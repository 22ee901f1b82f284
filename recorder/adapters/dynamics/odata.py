"""The Dataverse Web API as this adapter speaks it: reading only, one call at a time.

A next link is followed as it came, with the same headers, and only on the environment's own host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote

import httpx

from cluster.ports import Clock
from recorder.adapters.dynamics.settings import DynamicsSettings
from recorder.adapters.http.budget import Budget
from recorder.adapters.http.client import Answer, build_request, exchange
from recorder.adapters.http.errors import from_status, safe_text, where
from recorder.adapters.http.json_body import json_object, rows_of
from recorder.adapters.http.patience import Patience
from recorder.budgets import BudgetFigures
from recorder.errors import AuthRefused, BadAnswer
from recorder.instants import to_text
from recorder.model import SourceTime

LOOKUP_TYPE: Final = "@Microsoft.Dynamics.CRM.lookuplogicalname"
NO_APPLICATION_USER: Final = "0x80072560"
OR_TERMS_MAX: Final = 10
"""Ids in one filter: a long address is refused by proxies and by the service."""
_GUID: Final = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_PAGES_MAX: Final = 50
_LINK_CHARS_MAX: Final = 65_536
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = frozenset({404, 410})
_SECOND_US: Final = 1_000_000
_WINDOW_S: Final = 300.0
"""The service counts over 5 minutes; nothing it asks for needs to last longer."""
_HEADERS: Final = {
    "Accept": "application/json",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
    "If-None-Match": "null",
}


class PrivilegeMissing(AuthRefused):
    """Raised when the application user's role does not cover a table."""

    code = "privilege_missing"


class NoApplicationUser(AuthRefused):
    """Raised when Entra knows the application but the environment has no user for it."""

    code = "application_user_missing"


class NotThere(BadAnswer):
    """Raised when the service does not know a row, a table or a function."""

    code = "not_there"


# --- literals and addresses ------------------------------------------------------------------------


def is_guid(value: str) -> bool:
    """Whether `value` may stand for a row in an address."""
    return _GUID.match(value) is not None


def guid(value: str) -> str:
    """`value` in lower case when it is a GUID. Raises BadAnswer: it would become part of an address."""
    if not is_guid(value):
        raise BadAnswer(f"{safe_text(value, 60)!r} is no row id")
    return value.lower()


def text_literal(value: str) -> str:
    """A string as a filter literal, its quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def instant_literal(instant_us: int, *, up: bool) -> str:
    """An instant as a filter literal in whole seconds, the only ones the service keeps."""
    seconds = -(-instant_us // _SECOND_US) if up else instant_us // _SECOND_US
    return to_text(seconds * _SECOND_US)


def any_of(column: str, ids: Iterable[str]) -> str:
    """A filter for rows whose `column` is one of `ids` (at most OR_TERMS_MAX of them)."""
    terms = [f"{column} eq {guid(one)}" for one in ids]
    assert 0 < len(terms) <= OR_TERMS_MAX
    return " or ".join(terms)


def query(**options: str | int | None) -> str:
    """`?$select=…&$filter=…` with every value percent-encoded; None leaves an option out."""
    parts = [
        f"${name}={quote(str(value), safe='(),:$')}"
        for name, value in options.items()
        if value is not None
    ]
    return "?" + "&".join(parts) if parts else ""


# --- answers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawPage:
    """Rows as they came, the link to the next page, and the service's clock."""

    rows: tuple[Mapping[str, Any], ...]
    next_link: str | None
    time: SourceTime | None


def parse_page(body: bytes) -> tuple[tuple[Mapping[str, Any], ...], str | None]:
    """Rows and next link of a collection; a row that is no object counts as an empty one. Raises BadAnswer."""
    page = json_object(body)
    rows = rows_of(page, "value")
    if rows is None:
        raise BadAnswer("an answer that is no page of rows")
    link: object = page.get("@odata.nextLink") or None
    if link is not None and not (isinstance(link, str) and len(link) <= _LINK_CHARS_MAX):
        raise BadAnswer("a next link that is no address")
    objects = (cast("dict[str, Any]", row) if isinstance(row, dict) else {} for row in rows)
    return tuple(objects), link


def error_of(body: bytes) -> tuple[str, str]:
    """Code (lower case) and message of an error body; empty when it is none."""
    try:
        part: object = json_object(body).get("error")
    except BadAnswer:
        return "", ""
    if not isinstance(part, dict):
        return "", ""
    texts = (cast("dict[str, Any]", part).get(name) for name in ("code", "message"))
    code, message = (text if isinstance(text, str) else "" for text in texts)
    return safe_text(code, 20).lower(), safe_text(message)


def refuse(answer: Answer) -> None:
    """Return when the answer is 2xx; otherwise raise what status and error code mean."""
    if answer.ok:
        return
    code, message = error_of(answer.body)
    detail = " ".join(part for part in (code, message) if part)
    at = where(answer.url)
    if answer.status in _NOT_FOUND:
        raise NotThere(f"{at} answered {answer.status} {detail}".rstrip())
    if code == NO_APPLICATION_USER:
        raise NoApplicationUser(
            f"{at} answered {answer.status} {detail}",
            hint="Make an application user for this client id in the environment and give it a role.",
        )
    if answer.status == _FORBIDDEN:
        raise PrivilegeMissing(
            f"{at} answered {answer.status} {detail}".rstrip(),
            hint="Give the application user's role organisation-level Read on this table.",
        )
    raise from_status(answer.status, answer.url, detail=detail, retry_after_s=answer.retry_after_s)


# --- calls -----------------------------------------------------------------------------------------


class ODataClient:
    """Calls to one environment, within the request budget. Safe to use from several jobs at once."""

    def __init__(
        self,
        *,
        client: httpx.Client,
        clock: Clock,
        settings: DynamicsSettings,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._api_url = settings.api_url
        self._origin = httpx.URL(settings.org_url)
        self._page_size = settings.page_size
        self._patience = Patience(
            budget=Budget(settings.requests_per_5min, _WINDOW_S),
            clock=clock,
            quiet_max_s=_WINDOW_S,
            setting="requests_per_5min",
            wait=wait,
        )
        client.event_hooks = {"response": [self._patience.heard]}

    def budget(self) -> BudgetFigures:
        """How the request budget is spent."""
        return self._patience.figures()

    def first_page(self, path: str, page_size: int | None = None) -> RawPage:
        """The first page of a collection; `path` is relative to the API."""
        return self._page(self._api_url + path, page_size or self._page_size)

    def next_page(self, link: str, page_size: int | None = None) -> RawPage:
        """The page behind a next link. Raises BadAnswer when the link leads elsewhere or in a circle."""
        page = self._page(self._own(link), page_size or self._page_size)
        if page.next_link == link:
            raise BadAnswer("the next link leads to the same page again")
        return page

    def rows(self, path: str) -> tuple[Mapping[str, Any], ...]:
        """Every row of a small collection. Raises BadAnswer when it does not end."""
        page = self.first_page(path)
        rows = list(page.rows)
        for _ in range(_PAGES_MAX):
            if page.next_link is None:
                return tuple(rows)
            page = self.next_page(page.next_link)
            rows.extend(page.rows)
        raise BadAnswer(f"{path.partition('?')[0]}: more than {_PAGES_MAX} pages")

    def row(self, path: str) -> Mapping[str, Any]:
        """One row or function result."""
        return json_object(self.get(path).body)

    def get(self, path: str) -> Answer:
        """One call; the answer is 2xx."""
        return self._get(self._api_url + path, {})

    def _page(self, url: str, page_size: int) -> RawPage:
        prefer = f'odata.maxpagesize={page_size},odata.include-annotations="{LOOKUP_TYPE[1:]}"'
        answer = self._get(url, {"Prefer": prefer})
        rows, next_link = parse_page(answer.body)
        return RawPage(rows, next_link, answer.time)

    def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        self._patience.spend()
        request = build_request(self._client, "GET", url, {**_HEADERS, **headers})
        answer = exchange(self._client, self._clock, request)
        refuse(answer)
        return answer

    def _own(self, link: str) -> str:
        try:
            url = httpx.URL(link)
        except (httpx.InvalidURL, ValueError):
            raise BadAnswer("a next link that is no address") from None
        own = self._origin
        if (url.scheme, url.host, url.port) != (own.scheme, own.host, own.port) or url.userinfo:
            raise BadAnswer(f"a next link to another host: {safe_text(url.host)}")
        if not url.path.startswith("/api/data/"):
            raise BadAnswer("a next link outside the API")
        return link
