"""Webex Calling as a data source.

A recording is listed by `createTime`, the instant its file was made, which may be long after the call. Its
links live three hours and are asked for right before each download.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import httpx

from recorder.adapters.http.client import Answer
from recorder.adapters.http.values import parse
from recorder.adapters.webex import checks, lookup
from recorder.adapters.webex.activities import activities
from recorder.adapters.webex.api import NotThere, RawPage, RightMissing
from recorder.adapters.webex.cdr_join import keys_of
from recorder.adapters.webex.cdr_records import Joined
from recorder.adapters.webex.connections import Connections
from recorder.adapters.webex.contact_center import events_of
from recorder.adapters.webex.interaction import Facts, interaction
from recorder.adapters.webex.links import audio_link, has_transcript, link_to, same_size
from recorder.adapters.webex.listing import RAW_ID, UNREADABLE, items_of
from recorder.adapters.webex.paging import Position, followed, position_of
from recorder.adapters.webex.records import Metadata, Recording
from recorder.adapters.webex.settings import PAGE_SIZE_MAX, WebexSettings
from recorder.adapters.webex.webhook import answer_to
from recorder.budgets import BudgetFigures
from recorder.errors import BadAnswer, ItemGone
from recorder.instants import to_text
from recorder.listed import hinted_bytes
from recorder.model import (
    Capabilities,
    Finding,
    Interaction,
    ItemRef,
    MediaRef,
    Page,
    SourceTime,
    Window,
)
from recorder.plugins import SourceDeps
from recorder.ports.recording import MediaRequest
from recorder.scn.model import AgentEvent
from recorder.webhooks import WebhookAnswer, WebhookRequest

_SECOND_US: Final = 1_000_000
_DAY_S: Final = 86_400.0
_WINDOW_MAX_S: Final = 30 * _DAY_S - 60
"""The service allows 30 days; bounds are rounded outwards to whole seconds."""
_EMPTY_PAGES_MAX: Final = 20


class WebexSource:
    """One organisation. Safe to use from several jobs at once."""

    def __init__(self, *, settings: WebexSettings, deps: SourceDeps) -> None:
        self._settings = settings
        self._name = deps.name
        self._clock = deps.clock
        self._secrets = deps.secrets
        self._connections = Connections(settings=settings, deps=deps)
        self._api = self._connections.api

    def __repr__(self) -> str:
        return f"WebexSource({self._name!r})"

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """Whole seconds, 30 days at once, pages up to 100, kept for a year unless configured."""
        return Capabilities(
            window_max_s=_WINDOW_MAX_S,
            page_size_max=PAGE_SIZE_MAX,
            granularity_us=_SECOND_US,
            retention_s=self._settings.retention_days * _DAY_S,
        )

    def server_time(self) -> SourceTime:
        """By a listing of one recording. Raises BadAnswer when the answer has no date."""
        time = checks.newest(self._api, self._settings.statuses[0]).time
        if time is None:
            raise BadAnswer(
                "the service's answer has no readable Date header",
                hint="Look for a proxy or another server in between that answers in its place.",
            )
        return time

    def list_items(self, window: Window, page: str | None) -> Page:
        """Recordings by `createTime`, newest first; those in the bin after all others.

        A row that cannot be read is listed too: `describe` raises BadAnswer for it until it is mended.
        Empty pages that name a next one are followed, up to a limit: beyond it, BadAnswer.
        """
        statuses = self._settings.statuses
        position = Position(statuses[0]) if page is None else position_of(page)
        if position.status not in statuses:
            raise BadAnswer("a page of another configuration: begin the listing again")
        for _ in range(_EMPTY_PAGES_MAX):
            raw, following = self._page(window, position)
            items = items_of(self._name, raw.rows, window)
            if items or following is None:
                token = None if following is None else following.token()
                return Page(items, token, raw.time)
            position = following
        raise BadAnswer(
            f"{_EMPTY_PAGES_MAX} empty pages in a row that all name a next one",
            hint="Nothing is skipped; the window is asked again.",
        )

    def describe(self, ref: ItemRef) -> Interaction:
        """Read a recording, its metadata and, where configured, its call detail records.

        Raises ItemGone when it is gone, a retryable SourceError while its file or its link is not there,
        and BadAnswer while its row cannot be read.
        """
        if ref.key.startswith(f"{UNREADABLE}-"):
            why = ref.hints.get(UNREADABLE, "it has no id")
            raise BadAnswer(
                f"a row that cannot be asked for: {why}",
                hint="The recording is not archived before the service shows its id.",
            )
        recording, answer = self._details(ref)
        audio_link(recording, self._settings)
        metadata, missing = self._metadata(ref)
        now_us = self._clock.wall_us() if answer.time is None else answer.time.source_us
        facts = Facts(recording, metadata, self._joined(recording, metadata, now_us), missing)
        return interaction(
            facts,
            listed_session=ref.session_key,
            transcript=has_transcript(recording, self._settings),
            sizes=self._settings.verify_size,
        )

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """The link, and another fresh one should the first fail. No token goes to its host."""
        for _ in range(2):
            yield self._request(ref, media)

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """One call, where a size was announced. Raises BadAnswer when it is another by now."""
        if media.size_bytes is None:
            return
        try:
            recording, _ = self._details(ref)
        except ItemGone:
            return
        same_size(recording, media)

    def listed_bytes(self, ref: ItemRef) -> int | None:
        """What the listing told; see recorder.listed."""
        return hinted_bytes(ref.hints)

    def find(self, identifier: str) -> tuple[ItemRef, ...]:
        """The recording with this id, in either alphabet; see recorder.lookup."""
        return lookup.find(
            source=self._name,
            api=self._api,
            identifier=identifier,
            now_us=self._clock.wall_us(),
        )

    def check(self) -> tuple[Finding, ...]:
        """Try credentials, scopes, links, call detail records and the clock, in four calls or so."""
        return checks.check(
            name=self._name,
            api=self._api,
            history=self._connections.history,
            grant=self._connections.grant,
            clock=self._clock,
            statuses=self._settings.statuses,
        )

    def hear(self, request: WebhookRequest) -> WebhookAnswer:
        """Judge a webhook. Raises ConfigError when its secret cannot be read."""
        return answer_to(
            request,
            self._secret(self._settings.webhook_secret),
            contact_center_secret=self._secret(self._settings.contact_center_secret),
            source=self._name,
            heard_us=self._clock.wall_us(),
        )

    def agent_events(self, window: Window) -> tuple[AgentEvent, ...]:
        """What agents of Contact Center did; nothing where it is not configured. Raises SourceError."""
        api = self._connections.contact_center
        if api is None:
            return ()
        rows = activities(api, window, org=self._settings.contact_center_org)
        return events_of(rows, source=self._name, heard_us=self._clock.wall_us())

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else self._secrets.read(reference)

    def budget(self) -> BudgetFigures:
        """API calls of this node; downloads and questions for call detail records are not counted."""
        return self._api.budget()

    def close(self) -> None:
        """Give back connections."""
        self._connections.close()

    # -- calls ----

    def _page(self, window: Window, position: Position) -> tuple[RawPage, Position | None]:
        """A page and where the listing goes on: the next page, then the next status."""
        wanted = self._wanted(window, position.status)
        url = self._api.address(checks.LIST_PATH, wanted)
        if position.url is not None:
            url = followed(position.url, asked=httpx.URL(url), wanted=wanted)
        raw = self._api.page(url)
        if raw.next_link is not None:
            link = followed(raw.next_link, asked=raw.url, wanted=wanted)
            return raw, Position(position.status, link)
        statuses = self._settings.statuses
        after = statuses.index(position.status) + 1
        return raw, Position(statuses[after]) if after < len(statuses) else None

    def _wanted(self, window: Window, status: str) -> dict[str, str]:
        """Whole seconds, rounded outwards: what lies beside the window is left out here."""
        kind = self._settings.service_type
        until_us = -(-window.to_us // _SECOND_US) * _SECOND_US
        return {
            "max": str(self._settings.page_size),
            "from": to_text(window.from_us // _SECOND_US * _SECOND_US),
            "to": to_text(until_us),
            "status": status,
        } | ({} if kind is None else {"serviceType": kind})

    def _details(self, ref: ItemRef) -> tuple[Recording, Answer]:
        try:
            body, answer = self._api.object(_path(ref))
        except NotThere:
            raise ItemGone("the recording no longer exists in Webex") from None
        recording = parse(Recording, body)
        if recording.id != ref.key:
            raise BadAnswer("the service answered with another recording than it was asked for")
        return recording, answer

    def _metadata(self, ref: ItemRef) -> tuple[Metadata | None, tuple[str, ...]]:
        """What the service knows of the call; what cannot be read is no reason to fail."""
        try:
            body, _ = self._api.object(f"{_path(ref)}/metadata?showAllTypes=true")
            return (None if body is None else parse(Metadata, body)), ()
        except (NotThere, RightMissing, BadAnswer):
            return None, ("metadata",)

    def _joined(
        self, recording: Recording, metadata: Metadata | None, now_us: int
    ) -> Joined | None:
        history = self._connections.history
        return None if history is None else history.find(keys_of(recording, metadata), now_us)

    def _request(self, ref: ItemRef, media: MediaRef) -> MediaRequest:
        recording, _ = self._details(ref)
        same_size(recording, media)
        return MediaRequest(
            url=link_to(recording, media, self._settings),
            allowed_hosts=self._settings.media_hosts,
            size_bytes=media.size_bytes,
        )


def _path(ref: ItemRef) -> str:
    return f"convergedRecordings/{quote(ref.hints.get(RAW_ID, ref.key), safe='')}"
