"""The fake Webex organisation on a real port: tokens, API, call history, files, webhooks and admin API."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.audio import AudioBank, Recording
from sim.ucaas.admin import Admin
from sim.ucaas.clocks import monotonic_ns, wall_us
from sim.ucaas.http import Request, Response
from sim.ucaas.sending import HookSender
from sim.ucaas.server import FakeServer
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.orders import CallOrders
from sim.ucaas.webex.service import FakeWebex


@dataclass(frozen=True, slots=True)
class Urls:
    """Where things are, without a slash at the end."""

    base: str
    """The admin API is under `base`/_sim/."""
    api: str
    """Tokens at `api`/v1/access_token, recordings at `api`/v1/admin/convergedRecordings."""
    history: str
    """Call history: `history`/v1/cdr_stream."""
    files: str
    """Download links: `files`/nbr/…"""


@dataclass(frozen=True, slots=True)
class ServedWebex:
    """A running fake; `stop` ends it."""

    service: FakeWebex
    server: FakeServer
    sender: HookSender
    urls: Urls
    bank: tuple[Recording, ...]

    def stop(self) -> None:
        """Stop the server and the sender of webhooks."""
        self.sender.stop()
        self.server.stop()


def serve_webex(
    *,
    clients: Iterable[ClientApp],
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    audio: str | Path = "var/audio",
    public_url: str = "",
    hook_verify: ssl.SSLContext | bool = True,
    **options: Any,
) -> ServedWebex:
    """Start it; `options` go to FakeWebex. `public_url` is how others reach it, if not by `host`.

    `hook_verify` decides which certificates of webhook receivers are good.
    """
    bank = AudioBank(audio).load()
    handler: list[Admin] = []

    def handle(request: Request) -> Response:
        return handler[0].handle(request)

    server = FakeServer(handle=handle, host=host, ports=(port,), tls=tls)
    base = public_url.rstrip("/") or server.urls[0]
    shown = base.replace("127.0.0.1", "localhost")
    urls = Urls(base, base, base, f"{base}/_files")
    service = FakeWebex(
        now_us=wall_us,
        monotonic_ns=monotonic_ns,
        clients=clients,
        api_url=urls.api,
        history_url=urls.history,
        files_url=urls.files,
        elsewhere_url=shown,
        **options,
    )
    handler.append(Admin(service=service, orders=CallOrders(service=service, bank=bank)))
    sender = HookSender(service=service, verify=hook_verify)
    server.start()
    sender.start()
    return ServedWebex(service, server, sender, urls, bank)
