"""Tapes as a `DataSource`."""

from __future__ import annotations

from collections.abc import Iterator

from recorder.adapters.http.fields import is_usable
from recorder.adapters.http.values import parse
from recorder.budgets import BudgetFigures
from recorder.errors import BadAnswer, ItemGone, NotReady, SourceError
from recorder.instants import to_text
from recorder.model import (
    Capabilities,
    Finding,
    Interaction,
    ItemRef,
    Level,
    MediaKind,
    MediaRef,
    Page,
    Party,
    SourceTime,
    Window,
)
from recorder.plugins import SourceDeps
from recorder.ports.recording import MediaRequest
from recorder.webhooks import WebhookAnswer, WebhookRequest
from tandem_tapes.api import TapesApi, read
from tandem_tapes.records import Link, Listed, Listing, Recorded
from tandem_tapes.settings import TapesSettings
from tandem_tapes.webhook import is_genuine

SECOND_US = 1_000_000
DAY_S = 86_400.0
CAPABILITIES = Capabilities(
    window_max_s=31 * DAY_S, page_size_max=500, granularity_us=SECOND_US, retention_s=365 * DAY_S
)


class TapesSource:
    """One account. Safe to use from several jobs at once: it remembers nothing."""

    def __init__(self, *, settings: TapesSettings, deps: SourceDeps) -> None:
        self._settings = settings
        self._name = deps.name
        self._secrets = deps.secrets
        self._api = TapesApi(settings=settings, deps=deps)

    def __repr__(self) -> str:
        return f"TapesSource({self._name!r})"

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """A month at once, whole seconds, a year kept."""
        return CAPABILITIES

    def server_time(self) -> SourceTime:
        """By the cheapest call there is. Raises BadAnswer when the answer has no date."""
        time = self._api.get("me").time
        if time is None:
            raise BadAnswer("the service's answer has no readable Date header")
        return time

    def list_items(self, window: Window, page: str | None) -> Page:
        """Recordings by `updated_at`. The service compares whole seconds, so more is asked for than wanted."""
        query = {
            "from": to_text(window.from_us // SECOND_US * SECOND_US),
            "to": to_text(-(-window.to_us // SECOND_US) * SECOND_US),
            "limit": str(self._settings.page_size),
        }
        if page is not None:
            query["cursor"] = page
        try:
            answer = self._api.get("recordings", **query)
        except ItemGone as error:
            raise BadAnswer(str(error), hint="Check `url`: there is no Tapes API.") from None
        listing = read(Listing, answer)
        rows = [parse(Listed, row) for row in listing.recordings]
        refs = [self._ref(row) for row in rows if window.from_us <= row.updated_at < window.to_us]
        return Page(tuple(refs), listing.next, answer.time)

    def describe(self, ref: ItemRef) -> Interaction:
        """Everything about a recording. Raises ItemGone, and NotReady while it is uploaded."""
        row = read(Recorded, self._api.get(f"recordings/{ref.key}"))
        if not row.ready:
            raise NotReady("the recording is not uploaded yet", hint="It is tried again.")
        parties = (
            Party("caller", "external", number=row.caller),
            Party("agent", "agent", row.agent),
        )
        return Interaction(
            key=row.id,
            session_key=ref.session_key,
            channel="voice",
            direction=row.direction if row.direction in {"inbound", "outbound"} else "unknown",
            started_us=row.started_at,
            ended_us=row.ended_at,
            parties=parties,
            media=(_media(row),),
        )

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """By a link that is made when it is asked for, never before: it works for a minute only."""
        link = read(Link, self._api.get(f"recordings/{ref.key}/link")).url
        if not is_usable(link, self._settings.allowed_hosts, self._settings.url):
            raise BadAnswer(
                "the download link leads to a host that is not allowed",
                hint="Add the host to `media_hosts` if it is the service's own.",
            )
        yield MediaRequest(
            url=link, allowed_hosts=self._settings.allowed_hosts, size_bytes=media.size_bytes
        )

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """Raises BadAnswer when the recording was replaced during the download."""
        try:
            row = read(Recorded, self._api.get(f"recordings/{ref.key}"))
        except ItemGone:
            return
        if _media(row).key != media.key:
            raise BadAnswer("the recording was replaced meanwhile", hint="It is described again.")

    def check(self) -> tuple[Finding, ...]:
        """One call for the key, one for the right to read recordings."""
        try:
            self._api.get("me")
            self._api.get("recordings", limit="1")
        except SourceError as error:
            hint = error.hint or "Check `url`, and the service's own status page."
            return (Finding(error.code, Level.ERROR, self._name, str(error), hint),)
        return ()

    def hear(self, request: WebhookRequest) -> WebhookAnswer:
        """A signed webhook makes the next poll an early one; it tells no facts."""
        reference = self._settings.webhook_secret
        if reference is None:
            return WebhookAnswer(403)
        if not is_genuine(request, self._secrets.read(reference)):
            return WebhookAnswer(401)
        return WebhookAnswer(204, poll_now=True)

    def budget(self) -> BudgetFigures:
        """How the request budget is spent, for `tandem source list`."""
        return self._api.budget()

    def close(self) -> None:
        """Give back connections."""
        self._api.close()

    def _ref(self, row: Listed) -> ItemRef:
        return ItemRef(
            source=self._name,
            key=row.id,
            version=str(row.revision),
            changed_us=row.updated_at,
            session_key=row.call_id,
        )


def _media(row: Recorded) -> MediaRef:
    return MediaRef(
        key=f"{row.id}.{row.revision}",
        kind=MediaKind.AUDIO,
        file_name=f"{row.id}.mp3",
        media_type="audio/mpeg",
        size_bytes=row.size,
        sha256=row.sha256,
        started_us=row.started_at,
        duration_ms=row.duration_ms,
    )
