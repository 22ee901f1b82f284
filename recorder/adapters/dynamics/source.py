"""Dynamics 365 as a `DataSource`: the recording table is polled, not the conversations.

A conversation that ended is not closed, a closed one may have no audio yet, and audio may come hours
later: only the recording's own `modifiedon`, with its file in place, says that there is something.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx

from recorder.adapters.dynamics import checks, lookup
from recorder.adapters.dynamics.agent_rows import Teller
from recorder.adapters.dynamics.agent_states import StateReader
from recorder.adapters.dynamics.interaction import interaction, media_key
from recorder.adapters.dynamics.listing import UNREADABLE, items_of
from recorder.adapters.dynamics.odata import (
    NotThere,
    ODataClient,
    RawPage,
    guid,
    instant_literal,
    is_guid,
    query,
    text_literal,
)
from recorder.adapters.dynamics.reading import Reader
from recorder.adapters.dynamics.records import Recording, SignedLink, SignedLinkAnswer
from recorder.adapters.dynamics.schema_probe import SchemaProbe
from recorder.adapters.dynamics.sessions import SessionMemory
from recorder.adapters.dynamics.settings import PAGE_SIZE_MAX, DynamicsSettings
from recorder.adapters.dynamics.tables import RECORDING
from recorder.adapters.dynamics.users import UserCache
from recorder.adapters.dynamics.webhook import answer_to
from recorder.adapters.http.client import open_client
from recorder.adapters.http.entra_grant import EntraGrant
from recorder.adapters.http.fields import is_usable
from recorder.adapters.http.oauth import BearerAuth
from recorder.adapters.http.values import parse
from recorder.budgets import BudgetFigures
from recorder.errors import BadAnswer, NotReady, SourceError, Throttled
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

CHUNK_BYTES = 4 * 1024**2
"""The range size the service documents for file columns."""
_YEAR_S = 366 * 86_400.0
_CAPABILITIES = Capabilities(
    window_max_s=_YEAR_S, page_size_max=PAGE_SIZE_MAX, granularity_us=1_000_000, retention_s=None
)


class DynamicsSource:
    """One environment. Safe to use from several jobs at once."""

    def __init__(self, *, settings: DynamicsSettings, deps: SourceDeps) -> None:
        self._settings = settings
        self._name = deps.name
        self._clock = deps.clock
        self._secrets = deps.secrets
        self._sessions = SessionMemory()
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
            grant=EntraGrant(
                token_url=settings.token_url,
                client_id=settings.client_id,
                secret_reference=settings.client_secret,
                scope=settings.scope,
                secrets=deps.secrets,
            ),
            origin=httpx.URL(settings.org_url),
            clock=deps.clock,
            client=client(None),
        )
        self._client = client(self._auth)
        self._odata = ODataClient(
            client=self._client, clock=deps.clock, settings=settings, wait=deps.wait
        )
        self._schema = SchemaProbe(odata=self._odata)
        self._users = UserCache()

    def __repr__(self) -> str:
        return f"DynamicsSource({self._name!r})"

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """Whole seconds, no automatic expiry, pages up to 5000 rows."""
        return _CAPABILITIES

    def server_time(self) -> SourceTime:
        """By WhoAmI, which reads no table. Raises BadAnswer when the answer has no date."""
        time = self._odata.get("WhoAmI").time
        if time is None:
            raise BadAnswer(
                "the service's answer has no readable Date header",
                hint="Look for a proxy or another server in between that answers in its place.",
            )
        return time

    def list_items(self, window: Window, page: str | None) -> Page:
        """Recordings with a file, by `modifiedon`; `page` is a next link of this process.

        A row that cannot be read is listed too: `describe` raises BadAnswer for it until it is mended.
        """
        raw = self._odata.first_page(self._listing(window)) if page is None else self._next(page)
        return Page(items_of(self._name, raw.rows, window), raw.next_link, raw.time)

    def describe(self, ref: ItemRef) -> Interaction:
        """Read everything around a recording.

        Raises ItemGone when its row is gone, NotReady while its file is not there, and
        BadAnswer while its row cannot be read.
        """
        if UNREADABLE in ref.hints and not is_guid(ref.key):
            raise BadAnswer(
                f"a row that cannot be asked for: {ref.hints[UNREADABLE]}",
                hint="Look at the row in the environment; the recording is not archived before.",
            )
        reader = Reader(
            odata=self._odata, schema=self._schema, users=self._users, clock=self._clock
        )
        recording = reader.recording(ref.key)
        audio = recording.audio
        if recording.file_id is None or (audio is not None and audio.size_bytes == 0):
            raise NotReady(
                "the recording's row is there, its file not yet",
                hint="The service uploads the file after the row; it is tried again.",
            )
        conversation_id = recording.conversation_id or ref.hints.get("conversation")
        rows = reader.all(recording, conversation_id)
        return interaction(rows, ref.session_key, self._settings.channels)

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """A signed link, the API in ranges, the API at once: each made when it is asked for."""
        ways = (self._by_link, self._by_ranges, self._at_once)
        for way in ways if self._settings.prefer_sas else (*ways[1:], ways[0]):
            request = way(ref, media)
            if request is not None:
                yield request

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """One small call. Raises BadAnswer when the row names another file by now."""
        path = f"{RECORDING.set_name}({guid(ref.key)})"
        columns = (RECORDING.key, "modifiedon", "msdyn_recording")
        try:
            row = parse(Recording, self._odata.row(path + query(select=",".join(columns))))
        except NotThere:
            return
        if row.file_id is not None and media_key(row) != media.key:
            raise BadAnswer(
                "the recording's file was replaced while it was downloaded",
                hint="It is described again at the next try.",
            )

    def find(self, identifier: str) -> tuple[ItemRef, ...]:
        """The recording with this id, or all of the conversation with it; see recorder.lookup."""
        return lookup.find(
            source=self._name,
            odata=self._odata,
            schema=self._schema,
            identifier=identifier,
            now_us=self._clock.wall_us(),
        )

    def check(self) -> tuple[Finding, ...]:
        """Try credentials, rights, schema, clock and signed links; takes about a dozen calls."""
        self._schema.forget()
        return checks.check(
            name=self._name,
            odata=self._odata,
            schema=self._schema,
            clock=self._clock,
            signed_link=self._signed_link,
        )

    def hear(self, request: WebhookRequest) -> WebhookAnswer:
        """Judge a webhook. Raises ConfigError when its secret cannot be read."""
        reference = self._settings.webhook_secret
        return answer_to(
            request,
            settings=self._settings,
            secret=None if reference is None else self._secrets.read(reference),
            sessions=self._sessions,
            teller=self._teller(),
        )

    def agent_events(self, window: Window) -> tuple[AgentEvent, ...]:
        """What agents did, from three tables and what they lead to. Raises SourceError."""
        reader = StateReader(odata=self._odata, sessions=self._sessions, teller=self._teller())
        return reader.events(window)

    def _teller(self) -> Teller:
        return Teller(self._name, self._clock.wall_us())

    def budget(self) -> BudgetFigures:
        """API calls of this node; ranges of downloads are not counted."""
        return self._odata.budget()

    def close(self) -> None:
        """Give back connections."""
        self._client.close()
        self._auth.close()

    def _listing(self, window: Window) -> str:
        since = instant_literal(window.from_us, up=False)
        until = instant_literal(window.to_us, up=True)
        return RECORDING.set_name + query(
            select=self._schema.select(RECORDING.logical, RECORDING.columns),
            filter=f"modifiedon ge {since} and modifiedon lt {until} and msdyn_recording ne null",
            orderby="modifiedon asc,msdyn_ocrecordingid asc",
        )

    def _next(self, page: str) -> RawPage:
        return self._odata.next_page(page)

    def _signed_link(self, recording_id: str) -> SignedLink:
        target = "{'@odata.id':'" + f"{RECORDING.set_name}({guid(recording_id)})" + "'}"
        column = text_literal("msdyn_recording")
        path = f"GetFileSasUrl(Target=@p1,FileAttributeName={column})?@p1={quote(target, safe='')}"
        return parse(SignedLinkAnswer, self._odata.row(path)).result

    def _by_link(self, ref: ItemRef, media: MediaRef) -> MediaRequest | None:
        """None when there is no link: with customer-managed keys, or whatever else fails."""
        try:
            link = self._signed_link(ref.key)
        except Throttled:
            raise
        except SourceError:
            return None
        if not is_usable(link.url, self._settings.allowed_hosts, self._settings.org_url):
            return None
        sizes = {media.size_bytes, link.size_bytes} - {None}
        if len(sizes) > 1:
            raise BadAnswer(
                "the recording's file changed its size since it was described",
                hint="The file was replaced; it is described again at the next try.",
            )
        return MediaRequest(
            url=link.url,
            allowed_hosts=self._settings.allowed_hosts,
            size_bytes=next(iter(sizes), None),
        )

    def _by_ranges(self, ref: ItemRef, media: MediaRef) -> MediaRequest | None:
        return self._by_value(ref, media, CHUNK_BYTES)

    def _at_once(self, ref: ItemRef, media: MediaRef) -> MediaRequest | None:
        """Without ranges: some environments with customer-managed keys refuse chunks."""
        return self._by_value(ref, media, None)

    def _by_value(self, ref: ItemRef, media: MediaRef, chunk_bytes: int | None) -> MediaRequest:
        path = f"{RECORDING.set_name}({guid(ref.key)})/msdyn_recording/$value"
        return MediaRequest(
            url=self._settings.api_url + path,
            headers=(("Authorization", f"Bearer {self._auth.token()}"),),
            allowed_hosts=(self._settings.org_host,),
            size_bytes=media.size_bytes,
            resumable=chunk_bytes is not None,
            chunk_bytes=chunk_bytes,
        )
