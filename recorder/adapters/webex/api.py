"""The Webex API as this adapter speaks it: reading only, one call at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx

from cluster.ports import Clock
from recorder.adapters.http.budget import Budget
from recorder.adapters.http.client import Answer, build_request, exchange
from recorder.adapters.http.errors import from_status, safe_text, where
from recorder.adapters.http.json_body import json_object, rows_of
from recorder.adapters.http.patience import Patience
from recorder.adapters.webex.paging import next_link
from recorder.budgets import BudgetFigures
from recorder.errors import AuthRefused, BadAnswer, SourceError
from recorder.model import SourceTime

_FORBIDDEN: Final = 403
_GONE: Final = frozenset({404, 410})
_LOCKED: Final = 423
_WRONG_REGION: Final = 451
_MINUTE_S: Final = 60.0
_QUIET_MAX_S: Final = 600.0
_DETAIL_CHARS: Final = 160
_ENDPOINT: Final = re.compile(r"analytics-calling[a-z0-9-]{0,20}\.webexapis\.com")
_HEADERS: Final = {"Accept": "application/json"}


class RightMissing(AuthRefused):
    """Raised when the token is good but lacks a scope or a role."""

    code = "right_missing"


class NotThere(BadAnswer):
    """Raised when the service does not know what was asked for."""

    code = "not_there"


class Locked(SourceError):
    """Raised when the service has locked something for a while."""

    code = "locked"


class WrongRegion(BadAnswer):
    """Raised when the organisation's call detail records are kept elsewhere."""

    code = "wrong_region"


@dataclass(frozen=True, slots=True)
class RawPage:
    """Rows as they came, the link to the next page as it came, and the service's clock."""

    url: httpx.URL
    rows: tuple[object, ...]
    next_link: str | None
    time: SourceTime | None


def parse_page(answer: Answer) -> RawPage:
    """A page of a listing. Raises BadAnswer: one without `items` is no empty one."""
    rows = rows_of(json_object(answer.body), "items")
    if rows is None:
        raise BadAnswer(
            f"{where(answer.url)}: a page without items",
            hint="Nothing is skipped, the window is asked again; look for a proxy in between.",
        )
    return RawPage(answer.url, tuple(rows), next_link(answer.headers.get("link")), answer.time)


def refuse(answer: Answer) -> None:
    """Return when the answer is 2xx; otherwise raise what its status means."""
    if answer.ok:
        return
    status, detail = answer.status, error_of(answer.body)
    text = f"{where(answer.url)} answered {status} {detail}".rstrip()
    if status in _GONE:
        raise NotThere(text)
    if status == _FORBIDDEN:
        raise RightMissing(
            text,
            hint="Give the service app the scope, and its authoriser the role, this call needs.",
        )
    if status == _LOCKED:
        raise Locked(text, hint="It is tried again.", retry_after_s=answer.retry_after_s)
    if status == _WRONG_REGION:
        match = _ENDPOINT.search(answer.body.decode("utf-8", "replace"))
        right = f'"https://{match.group(0)}"' if match else "the end point of your region"
        raise WrongRegion(text, hint=f"Set `cdr_url` to {right}.")
    raise from_status(status, answer.url, detail=detail, retry_after_s=answer.retry_after_s)


def error_of(body: bytes) -> str:
    """Message, first description and tracking id of an error body; empty when it is none."""
    try:
        found = json_object(body)
    except BadAnswer:
        return ""
    errors: object = found.get("errors")
    first: object = cast("list[object]", errors)[0] if isinstance(errors, list) and errors else {}
    described = cast("dict[str, Any]", first).get("description") if isinstance(first, dict) else ""
    parts = [found.get("message"), described, found.get("trackingId")]
    texts = (safe_text(part, _DETAIL_CHARS) for part in parts if isinstance(part, str))
    return " ".join(dict.fromkeys(text for text in texts if text))


class WebexClient:
    """Calls to one host of the service, within a budget. Safe to use from several jobs at once."""

    def __init__(
        self,
        *,
        client: httpx.Client,
        clock: Clock,
        base_url: str,
        requests_per_min: int,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._base_url = base_url
        self._patience = Patience(
            budget=Budget(requests_per_min, _MINUTE_S),
            clock=clock,
            quiet_max_s=_QUIET_MAX_S,
            setting="requests_per_min",
            wait=wait,
        )
        client.event_hooks = {"response": [self._patience.heard]}

    def budget(self) -> BudgetFigures:
        """How the request budget is spent."""
        return self._patience.figures()

    def address(self, path: str, parameters: Mapping[str, str]) -> str:
        """The address of a first page."""
        return f"{self._base_url}{path}?{httpx.QueryParams(dict(parameters))}"

    def page(self, url: str) -> RawPage:
        """The page at an address of this host."""
        return parse_page(self._get(url))

    def object(self, path: str) -> tuple[dict[str, Any] | None, Answer]:
        """One object, and the answer it came in; None for an answer without content (204)."""
        answer = self._get(self._base_url + path)
        return (json_object(answer.body) if answer.body else None), answer

    def _get(self, url: str) -> Answer:
        self._patience.spend()
        request = build_request(self._client, "GET", url, _HEADERS)
        answer = exchange(self._client, self._clock, request)
        refuse(answer)
        return answer
