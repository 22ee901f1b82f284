"""The Zoom API as this adapter speaks it: reading only, one call at a time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx

from cluster.ports import Clock
from recorder.adapters.http.client import Answer, build_request, exchange
from recorder.adapters.http.errors import BodyTooLarge, from_status, safe_text, where
from recorder.adapters.http.json_body import json_object, rows_of
from recorder.adapters.http.patience import Patience
from recorder.adapters.http.values import int_or_none
from recorder.adapters.zoom.records import Meeting, meeting_of
from recorder.adapters.zoom.settings import ZoomSettings
from recorder.budgets import BudgetFigures
from recorder.errors import AuthRefused, BadAnswer, ItemGone, SourceError
from recorder.instants import from_text, to_text
from recorder.model import SourceTime, Window

_SECOND_US: Final = 1_000_000
_QUIET_MAX_S: Final = 3600.0
_CLAMP_MAX_US: Final = 2 * _SECOND_US
"""The service's machines may differ by so much over what time it is."""
_TOKEN_CHARS_MAX: Final = 8192
_INSTANT: Final = re.compile(r"[0-9TZ:.+-]{10,40}")
_NOT_FOUND: Final = frozenset({404, 410})
_BAD_REQUEST: Final = 400
_GONE_CODES: Final = frozenset({3001, 3301})
"""The meeting does not exist; there is no recording of it."""
_SCOPE_CODES: Final = frozenset({4711, 4700})
_NOT_ENABLED_CODES: Final = frozenset({200, 2001})
_TOKEN_CODE: Final = 124
_VALIDATION_CODE: Final = 300
_LONG_AGO: Final = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T00:00:01Z"}


class ScopeMissing(AuthRefused):
    """Raised when the app lacks a scope: a fault of its configuration that no new token mends."""

    code = "scope_missing"


class ArchivingOff(AuthRefused):
    """Raised when the account is not allowed to archive, or does not exist."""

    code = "archiving_not_enabled"


# --- addresses -------------------------------------------------------------------------------------


def uuid_segment(uuid: str) -> str:
    """A meeting's UUID as part of an address: twice encoded where the service asks for it."""
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def bounds(window: Window) -> tuple[str, str]:
    """The window as whole seconds, rounded outwards: what is too much is left out afterwards."""
    from_us = window.from_us // _SECOND_US * _SECOND_US
    to_us = -(-window.to_us // _SECOND_US) * _SECOND_US
    return to_text(from_us), to_text(to_us)


@dataclass(frozen=True, slots=True)
class PageToken:
    """Where a listing goes on: with the `to` that its first answer returned, and nothing else changed."""

    to: str
    token: str

    def as_text(self) -> str:
        """For `Page.next_page`."""
        return f"{self.to} {self.token}"

    @staticmethod
    def of(text: str) -> PageToken:
        """From `as_text`. Raises BadAnswer for anything else."""
        to, _, token = text.partition(" ")
        if not _INSTANT.fullmatch(to) or not token:
            raise BadAnswer(
                "a page that this listing never named", hint="The listing begins again."
            )
        return PageToken(to, token)


# --- answers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawPage:
    """Meetings as they came, where the listing goes on, and the service's clock."""

    rows: tuple[object, ...]
    next_page: PageToken | None
    time: SourceTime | None


def error_of(body: bytes) -> tuple[int | None, str]:
    """Code and message of an error body; None and empty when it is none."""
    try:
        part = json_object(body)
    except BadAnswer:
        return None, ""
    message: object = part.get("message")
    return int_or_none(part.get("code")), safe_text(message if isinstance(message, str) else "")


def refuse(answer: Answer) -> None:
    """Return when the answer is 2xx; otherwise raise what status and code mean."""
    if answer.ok:
        return
    code, message = error_of(answer.body)
    detail = " ".join(part for part in ("" if code is None else str(code), message) if part)
    text = f"{where(answer.url)} answered {answer.status} {detail}".rstrip()
    if answer.status in _NOT_FOUND:
        if code in _GONE_CODES:
            raise ItemGone(text)
        raise BadAnswer(text, hint="Check `api_url`, and that no proxy answers in between.")
    if answer.status == _BAD_REQUEST and code in _SCOPE_CODES:
        raise ScopeMissing(
            text,
            hint="Add the scopes of docs/zoom.md to the app of this node, then activate it again.",
        )
    if answer.status == _BAD_REQUEST and code in _NOT_ENABLED_CODES:
        raise ArchivingOff(
            text,
            hint="Zoom Support must switch on Meeting and Webinar Archiving; check `account_id` too.",
        )
    if answer.status == _BAD_REQUEST and code == _TOKEN_CODE:
        raise AuthRefused(
            text, hint="Check that the app is activated and its secret is this node's."
        )
    raise from_status(answer.status, answer.url, detail=detail, retry_after_s=answer.retry_after_s)


def page_of(answer: Answer, asked: PageToken, window: Window) -> RawPage:
    """A page of the listing; `asked.to` is what the question said. Raises BadAnswer, SourceError."""
    body = json_object(answer.body)
    rows = rows_of(body, "meetings")
    if rows is None:
        raise BadAnswer("a page without a list of meetings")
    echoed = _echoed(body.get("to"), asked, window)
    token = body.get("next_page_token")
    if token is None or token == "":
        next_page = None
    elif not isinstance(token, str) or len(token) > _TOKEN_CHARS_MAX or not token.isprintable():
        raise BadAnswer("a page whose next_page_token is no text")
    elif token == asked.token:
        raise BadAnswer("the next page is the same page again")
    else:
        next_page = PageToken(echoed, token)
    return RawPage(tuple(rows), next_page, answer.time)


def _echoed(to: object, asked: PageToken, window: Window) -> str:
    """The `to` that the answer returned: Zoom wants it back. What it cut off was not listed."""
    if not isinstance(to, str) or not _INSTANT.fullmatch(to):
        return asked.to
    try:
        to_us = from_text(to)
    except (ValueError, OverflowError):
        return asked.to
    if to_us < window.to_us - _CLAMP_MAX_US:
        raise SourceError(
            f"asked up to {asked.to}, the service answered up to {safe_text(to, 40)} only",
            hint="Its clock is behind what it said before; the window is asked again.",
        )
    return to


# --- calls -----------------------------------------------------------------------------------------


class ZoomApi:
    """Calls for one account, within the request budget. Safe to use from several jobs at once."""

    def __init__(
        self,
        *,
        client: httpx.Client,
        clock: Clock,
        settings: ZoomSettings,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._base = f"{settings.api_url}/v2/"
        self._lock = threading.Lock()
        self._page_size = settings.page_size
        self._patience = Patience(
            budget=settings.budget,
            clock=clock,
            quiet_max_s=_QUIET_MAX_S,
            setting="requests_per_s",
            wait=wait,
        )
        client.event_hooks = {"response": [self._patience.heard]}

    def budget(self) -> BudgetFigures:
        """How the request budget is spent."""
        return self._patience.figures()

    def page(self, window: Window, page: str | None) -> RawPage:
        """One page of the meetings whose archive was complete in the window.

        After an answer that was too large, smaller pages are asked for, until the end of the process.
        """
        since, until = bounds(window)
        asked = PageToken(until, "") if page is None else PageToken.of(page)
        with self._lock:
            page_size = self._page_size
        query = {
            "query_date_type": "archive_complete_time",
            "from": since,
            "to": asked.to,
            "page_size": str(page_size),
        }
        if asked.token:
            query["next_page_token"] = asked.token
        try:
            answer = self._ask("archive_files", query)
        except BodyTooLarge:
            with self._lock:
                self._page_size = max(1, min(self._page_size, page_size // 2))
            raise
        refuse(answer)
        return page_of(answer, asked, window)

    def meeting(self, uuid: str) -> Meeting:
        """One meeting with all its files. Raises ItemGone when the service no longer has it."""
        return meeting_of(self.raw_meeting(uuid))

    def raw_meeting(self, uuid: str) -> Mapping[str, Any]:
        """The same, as it came: its UUID is right, nothing else is judged."""
        answer = self._ask(f"past_meetings/{uuid_segment(uuid)}/archive_files", {})
        refuse(answer)
        row = json_object(answer.body)
        if meeting_of(row).uuid != uuid:
            raise BadAnswer("the service answered with another meeting than asked for")
        return row

    def statistics(self, window: Window) -> Mapping[str, Any]:
        """Counts of files by state."""
        since, until = bounds(window)
        answer = self._ask("archive_files/statistics", {"from": since, "to": until})
        refuse(answer)
        return json_object(answer.body)

    def time(self) -> SourceTime:
        """The service's clock, by a listing of a second long ago, which holds nothing.

        That it may refuse so old a second is no matter: its refusal is dated too.
        """
        answer = self._ask("archive_files", {**_LONG_AGO, "page_size": "1"})
        refused_only = answer.status == _BAD_REQUEST
        if not (refused_only and error_of(answer.body)[0] == _VALIDATION_CODE):
            refuse(answer)
        if answer.time is None:
            raise BadAnswer(
                "the service's answer has no readable Date header",
                hint="Look for a proxy or another server in between that answers in its place.",
            )
        return answer.time

    def _ask(self, path: str, query: Mapping[str, str]) -> Answer:
        self._patience.spend()
        url = self._base + path + (f"?{urlencode(query)}" if query else "")
        request = build_request(self._client, "GET", url, {"Accept": "application/json"})
        return exchange(self._client, self._clock, request)
