"""Everything of a source that speaks to the network: tokens, the API, the call history."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx

from recorder.adapters.http.client import JSON_BYTES_MAX, Timeouts, open_client
from recorder.adapters.http.oauth import BearerAuth
from recorder.adapters.http.refresh_grant import RefreshGrant, TokenFile
from recorder.adapters.webex.api import WebexClient
from recorder.adapters.webex.cdr import BYTES_MAX, FETCH_S, CallHistory
from recorder.adapters.webex.settings import WebexSettings
from recorder.plugins import SourceDeps

_CDR_REQUESTS_PER_MIN: Final = 300
"""The history keeps the service's own, much lower limit by itself."""
_CENTER_REQUESTS_PER_MIN: Final = 60


class Connections:
    """Made without touching the network; closed together."""

    def __init__(self, *, settings: WebexSettings, deps: SourceDeps) -> None:
        self._settings = settings
        self._deps = deps
        self.grant = _grant(settings, deps)
        self._auth = BearerAuth(
            grant=self.grant,
            origin=httpx.URL(settings.api_url),
            clock=deps.clock,
            client=self._open(None),
        )
        self._client = self._open(self._auth)
        self._history_client: httpx.Client | None = None
        self._center_client: httpx.Client | None = None
        self.api = WebexClient(
            client=self._client,
            clock=deps.clock,
            base_url=settings.base_url,
            requests_per_min=settings.requests_per_min,
            wait=deps.wait,
        )
        self.history = None if settings.cdr == "off" else self._open_history()
        self.contact_center = self._open_center(settings.contact_center_url)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()
        self._auth.close()
        for client in (self._history_client, self._center_client):
            if client is not None:
                client.close()

    def _open_history(self) -> CallHistory:
        """With a client of its own: one throttled host never silences the other."""
        settings, deps = self._settings, self._deps
        timeouts = settings.timeouts.as_timeouts()
        within_s = min(FETCH_S, settings.record_wait_s, timeouts.total_s)
        client = self._open(
            SameToken(self._auth, httpx.URL(settings.cdr_url)),
            timeouts=replace(timeouts, read_s=within_s, total_s=within_s),
            bytes_max=BYTES_MAX,
        )
        self._history_client = client
        return CallHistory(
            client=WebexClient(
                client=client,
                clock=deps.clock,
                base_url=f"{settings.cdr_url}/v1/",
                requests_per_min=_CDR_REQUESTS_PER_MIN,
            ),
            clock=deps.clock,
            is_stream=settings.cdr == "stream",
            wait_s=settings.record_wait_s,
            rules=settings.cdr_join,
        )

    def _open_center(self, url: str | None) -> WebexClient | None:
        """Contact Center, with a client of its own, where one is configured."""
        if url is None:
            return None
        self._center_client = self._open(SameToken(self._auth, httpx.URL(url)))
        return WebexClient(
            client=self._center_client,
            clock=self._deps.clock,
            base_url=f"{url}/v1/",
            requests_per_min=_CENTER_REQUESTS_PER_MIN,
        )

    def _open(
        self,
        auth: httpx.Auth | None,
        *,
        timeouts: Timeouts | None = None,
        bytes_max: int = JSON_BYTES_MAX,
    ) -> httpx.Client:
        deps, settings = self._deps, self._settings
        return open_client(
            transport=deps.transport,
            clock=deps.clock,
            user_agent=deps.user_agent,
            timeouts=timeouts or settings.timeouts.as_timeouts(),
            ca_file=settings.ca_file,
            auth=auth,
            bytes_max=bytes_max,
        )


class SameToken(httpx.Auth):
    """Puts the API's token on requests to another host of the service, and on no others."""

    def __init__(self, auth: BearerAuth, origin: httpx.URL) -> None:
        self._auth = auth
        self._origin = (origin.scheme, origin.host, origin.port)

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token. A 401 renews nothing here: the API itself was asked a moment ago."""
        if (request.url.scheme, request.url.host, request.url.port) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._auth.token()}"
        yield request


def _grant(settings: WebexSettings, deps: SourceDeps) -> RefreshGrant:
    path = settings.token_file
    return RefreshGrant(
        token_url=settings.token_url,
        client_id=settings.client_id,
        secret_reference=settings.client_secret,
        refresh_reference=settings.refresh_token,
        secrets=deps.secrets,
        store=None if path is None else TokenFile(Path(path)),
    )
