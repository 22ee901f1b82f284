"""Zoom Meetings as a `DataSource`: the archive is polled by the instant at which each meeting was complete.

An item is a file. One that the service is still processing is an item too, which cannot be described yet:
so the watermark waits for it. A file that comes late is a new item of the same interaction.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from recorder.adapters.http.account_grant import AccountGrant
from recorder.adapters.http.client import open_client
from recorder.adapters.http.fields import has_plain_host
from recorder.adapters.http.oauth import BearerAuth
from recorder.adapters.media_rules import is_allowed
from recorder.adapters.zoom import checks, webhook
from recorder.adapters.zoom.api import ZoomApi
from recorder.adapters.zoom.cache import MeetingCache
from recorder.adapters.zoom.interaction import interaction
from recorder.adapters.zoom.listing import MEETING, PLACEHOLDER, UNREADABLE, items_of
from recorder.adapters.zoom.lookup import Numbers, find
from recorder.adapters.zoom.records import File, Meeting
from recorder.adapters.zoom.settings import PAGE_SIZE_MAX, ZoomSettings
from recorder.budgets import BudgetFigures
from recorder.errors import BadAnswer, ItemGone
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
from recorder.webhooks import WebhookAnswer, WebhookRequest

_DAY_S = 86_400.0
WINDOW_MAX_S = 7 * _DAY_S - 1.0
"""The service takes seven days; bounds between two seconds are rounded outwards."""


class ZoomSource:
    """The archive of one account. Safe to use from several jobs at once."""

    def __init__(self, *, settings: ZoomSettings, deps: SourceDeps) -> None:
        self._settings = settings
        self._name = deps.name
        self._clock = deps.clock
        self._secrets = deps.secrets
        timeouts = settings.timeouts.as_timeouts()

        def client(auth: httpx.Auth | None) -> httpx.Client:
            return open_client(
                transport=deps.transport,
                clock=deps.clock,
                user_agent=deps.user_agent,
                timeouts=timeouts,
                ca_file=settings.ca_file,
                auth=auth,
            )

        self._auth = BearerAuth(
            grant=AccountGrant(
                token_url=settings.token_url,
                account_id=settings.account_id,
                client_id=settings.client_id,
                secret_reference=settings.client_secret,
                secrets=deps.secrets,
            ),
            origin=httpx.URL(settings.api_url),
            clock=deps.clock,
            client=client(None),
        )
        self._client = client(self._auth)
        self._api = ZoomApi(
            client=self._client, clock=deps.clock, settings=settings, wait=deps.wait
        )
        self._meetings = MeetingCache()
        self._numbers = Numbers(
            api=self._api,
            clock=deps.clock,
            window_s=WINDOW_MAX_S,
            back_s=settings.retention_days * _DAY_S,
        )

    def __repr__(self) -> str:
        return f"ZoomSource({self._name!r})"

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """Whole seconds, seven days a window, what the account keeps for a month at most."""
        return Capabilities(
            window_max_s=WINDOW_MAX_S,
            page_size_max=PAGE_SIZE_MAX,
            granularity_us=1_000_000,
            retention_s=self._settings.retention_days * _DAY_S,
        )

    def server_time(self) -> SourceTime:
        """By a listing that holds nothing. Raises BadAnswer when the answer has no date."""
        return self._api.time()

    def list_items(self, window: Window, page: str | None) -> Page:
        """Files of meetings complete in the window, in the service's order; `page` lives 15 minutes.

        What cannot be read is listed too: `describe` raises BadAnswer for it until it is mended.
        """
        raw = self._api.page(window, page)
        next_page = None if raw.next_page is None else raw.next_page.as_text()
        return Page(items_of(self._name, raw.rows, window), next_page, raw.time)

    def describe(self, ref: ItemRef) -> Interaction:
        """The meeting with this file as its media.

        Raises ItemGone when the service has no such meeting or file, a retryable SourceError while the file
        is processed, and BadAnswer while it cannot be read.
        """
        uuid = _uuid(ref)
        meeting = self._meetings.describing(uuid, ref.key, self._clock.monotonic_ns())
        # What was asked before the file came late says nothing about it.
        if meeting is None or meeting.file(ref.key) is None:
            meeting = self._ask(uuid, ref.key)
        return interaction(
            meeting,
            _files(meeting, ref),
            ref.session_key,
            verify=self._settings.verify_fingerprint == "refuse",
        )

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """The file's own address; when that fails, the one it has by then, with a token tried just now."""
        uuid = _uuid(ref)
        meeting = self._meetings.known(uuid, self._clock.monotonic_ns())
        yield self._request(meeting or self._ask(uuid), ref, media)
        yield self._request(self._ask(uuid), ref, media)

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """One call, but for a file whose fingerprint was verified: that it is the right one is proven."""
        if media.sha256 is not None:
            return
        try:
            meeting = self._ask(_uuid(ref))
        except ItemGone:
            return
        if not any(file.media_key == media.key for file in meeting.files) and any(
            file.id == _file_id(media) for file in meeting.files
        ):
            raise BadAnswer(
                "the file was replaced while it was downloaded",
                hint="It is described again at the next try.",
            )

    def listed_bytes(self, ref: ItemRef) -> int | None:
        """What the listing told of a file that was ready; see recorder.listed."""
        return hinted_bytes(ref.hints)

    def find(self, identifier: str) -> tuple[ItemRef, ...]:
        """Files of the meeting with this UUID, or of all with this number; see recorder.lookup.

        Numbers are looked up in the listing of all that the account keeps, which is walked once in a while.
        """
        return find(
            source=self._name,
            api=self._api,
            numbers=self._numbers,
            identifier=identifier,
            now_us=self._clock.wall_us(),
        )

    def check(self) -> tuple[Finding, ...]:
        """Try credentials, scopes, clock and download hosts; takes four calls."""
        return checks.check(
            name=self._name, api=self._api, clock=self._clock, is_usable=self._is_usable
        )

    def hear(self, request: WebhookRequest) -> WebhookAnswer:
        """What to answer to a webhook. It may ask for an early poll, and never tells what there is.

        401 for what is not Zoom's, 403 without a `webhook_secret`. Raises ConfigError when that cannot be read.
        """
        reference = self._settings.webhook_secret
        if reference is None:
            return WebhookAnswer(403)
        secret = self._secrets.read(reference)
        outcome = webhook.verify(secret, request.headers, request.body, self._clock.wall_us())
        return webhook.answer(outcome)

    def budget(self) -> BudgetFigures:
        """API calls of this node; downloads are not counted."""
        return self._api.budget()

    def close(self) -> None:
        """Give back connections."""
        self._client.close()
        self._auth.close()

    def _ask(self, uuid: str, item_key: str = "") -> Meeting:
        asked_ns = self._clock.monotonic_ns()
        try:
            meeting = self._api.meeting(uuid)
        except ItemGone:
            self._meetings.forget(uuid)
            raise
        self._meetings.keep(meeting, asked_ns, item_key)
        return meeting

    def _request(self, meeting: Meeting, ref: ItemRef, media: MediaRef) -> MediaRequest:
        file = next((file for file in meeting.files if file.media_key == media.key), None)
        if file is None:
            if meeting.file(_file_id(media)) is None:
                raise _missing(meeting)
            raise BadAnswer(
                "the file was replaced since it was described",
                hint="It is described again at the next try.",
            )
        if not self._is_usable(file.download_url):
            raise BadAnswer(
                f"the address of {ref.key} leads to a host that files may not come from",
                hint="Add the host to `media_hosts` if it is Zoom's own; `source check` names it.",
            )
        return MediaRequest(
            url=file.download_url,
            headers=(("Authorization", f"Bearer {self._auth.token()}"),),
            allowed_hosts=self._settings.allowed_hosts,
            size_bytes=media.size_bytes,
        )

    def _is_usable(self, address: str) -> bool:
        """Whether the token may be sent there."""
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError):
            return False
        own = httpx.URL(self._settings.api_url)
        if url.scheme not in {"https", own.scheme} or url.userinfo or not has_plain_host(url):
            return False
        port = url.port or (443 if url.scheme == "https" else 80)
        return is_allowed(url.host, port, self._settings.allowed_hosts)


def _uuid(ref: ItemRef) -> str:
    uuid = ref.hints.get(MEETING)
    if uuid is None:
        raise BadAnswer(
            f"a meeting that cannot be asked for: {ref.hints.get(UNREADABLE, 'its UUID is unknown')}",
            hint="Look at the account's archive; its files are not archived before.",
        )
    return uuid


def _files(meeting: Meeting, ref: ItemRef) -> tuple[File, ...]:
    """The item's file; for one that stands for files without an id, all of the meeting."""
    if ref.key.startswith(PLACEHOLDER):
        for broken in meeting.broken:
            raise BadAnswer(
                f"a meeting with files that cannot be read: {broken.reason}",
                hint="Look at the meeting in the account's archive.",
            )
        return meeting.files
    file = meeting.file(ref.key)
    if file is not None:
        return (file,)
    for broken in meeting.broken:
        if broken.id == ref.key:
            raise BadAnswer(
                f"a file that cannot be read: {broken.reason}",
                hint="Look at the meeting in the account's archive; the file is not archived before.",
            )
    raise _missing(meeting)


def _missing(meeting: Meeting) -> BadAnswer | ItemGone:
    """A file the meeting does not have: gone for good only when the answer surely names all of them."""
    if meeting.names_all_files:
        return ItemGone("the service no longer has this file")
    return BadAnswer(
        "the service does not name this file now, nor all that it counts",
        hint="It is asked again.",
    )


def _file_id(media: MediaRef) -> str:
    return media.key.rpartition("/")[0]
