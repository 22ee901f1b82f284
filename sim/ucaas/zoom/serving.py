"""The fake Zoom account on real ports: tokens, API, addresses of files, webhooks and admin API.

Files come from a second port, that is, from another host as tokens are concerned.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.ucaas.admin import Admin
from sim.ucaas.clocks import monotonic_ns, wall_us
from sim.ucaas.http import Request, Response
from sim.ucaas.sending import HookSender
from sim.ucaas.server import FakeServer
from sim.ucaas.zoom.media import ArchiveBank, MediaBank
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.orders import MeetingOrders
from sim.ucaas.zoom.service import ACCOUNT, FakeZoom
from sim.ucaas.zoom.webhooks import ANSWER_WITHIN_S


@dataclass(frozen=True, slots=True)
class Urls:
    """Where things are, without a slash at the end."""

    base: str
    """The admin API is under `base`/_sim/."""
    api: str
    """`api`/v2/archive_files and so on; addresses of files begin with it, too."""
    oauth: str
    """`oauth`/oauth/token."""
    files: str
    """Where addresses of files lead on to: another port."""
    account: str


@dataclass(frozen=True, slots=True)
class ServedZoom:
    """A running fake; `stop` ends it."""

    service: FakeZoom
    server: FakeServer
    sender: HookSender
    urls: Urls
    bank: MediaBank

    def stop(self) -> None:
        """Stop the server and the sender of webhooks."""
        self.sender.stop()
        self.server.stop()


def serve_zoom(
    *,
    clients: Iterable[ClientApp],
    host: str = "127.0.0.1",
    port: int = 0,
    files_port: int = 0,
    tls: ssl.SSLContext | None = None,
    audio: str | Path = "var/audio",
    public_url: str = "",
    hook_verify: ssl.SSLContext | bool = True,
    **options: Any,
) -> ServedZoom:
    """Start it; `options` go to FakeZoom. `public_url` is how others reach it, if not by `host`.

    With a `public_url` files come from there as well. `hook_verify` decides which certificates of webhook
    receivers are good.
    """
    bank = ArchiveBank(audio).load()
    handler: list[Admin] = []

    def handle(request: Request) -> Response:
        return handler[0].handle(request)

    server = FakeServer(handle=handle, host=host, ports=(port, files_port), tls=tls)
    base, files = server.urls
    if public_url:
        base = files = public_url.rstrip("/")
    shown = base.replace("127.0.0.1", "localhost")
    urls = Urls(base, base, base, files, str(options.get("account", ACCOUNT)))
    service = FakeZoom(
        now_us=wall_us,
        monotonic_ns=monotonic_ns,
        clients=clients,
        api_url=urls.api,
        web_url=urls.api,
        files_url=urls.files,
        elsewhere_url=shown,
        **options,
    )
    handler.append(Admin(service=service, orders=MeetingOrders(service=service, bank=bank)))
    sender = HookSender(service=service, verify=hook_verify, timeout_s=ANSWER_WITHIN_S)
    server.start()
    sender.start()
    return ServedZoom(service, server, sender, urls, bank)
