"""The fake Dynamics environment on a real port: authority, organisation, files and admin API."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.audio import AudioBank, Recording
from sim.ucaas.admin import Admin
from sim.ucaas.clocks import monotonic_ns, wall_us
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.orders import CallOrders
from sim.ucaas.dynamics.service import TENANT, FakeDynamics
from sim.ucaas.http import Request, Response
from sim.ucaas.sending import HookSender
from sim.ucaas.server import FakeServer

HOOK_TIMEOUT_S = 60.0
"""So long the service waits for an answer."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where things are, without a slash at the end."""

    base: str
    """The admin API is under `base`/_sim/."""
    org: str
    """Organisation: `org`/api/data/v9.2/…"""
    authority: str
    """Authority: `authority`/`tenant`/oauth2/v2.0/token."""
    blob: str
    """Signed links: `blob`/files/<id>?…"""
    tenant: str


@dataclass(frozen=True, slots=True)
class ServedDynamics:
    """A running fake; `stop` ends it."""

    service: FakeDynamics
    server: FakeServer
    sender: HookSender
    urls: Urls
    bank: tuple[Recording, ...]

    def stop(self) -> None:
        """Stop the server and the sender of messages."""
        self.sender.stop()
        self.server.stop()


def serve_dynamics(
    *,
    clients: Iterable[ClientApp],
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    audio: str | Path = "var/audio",
    public_url: str = "",
    hook_verify: ssl.SSLContext | bool = True,
    **options: Any,
) -> ServedDynamics:
    """Start it; `options` go to FakeDynamics. `public_url` is how others reach it, if not by `host`.

    `hook_verify` decides which certificates of webhook receivers are good.
    """
    bank = AudioBank(audio).load()
    handler: list[Admin] = []

    def handle(request: Request) -> Response:
        return handler[0].handle(request)

    server = FakeServer(handle=handle, host=host, ports=(port,), tls=tls)
    base = public_url.rstrip("/") or server.urls[0]
    shown = base.replace("127.0.0.1", "localhost")
    urls = Urls(base, base, base, f"{base}/_blob", str(options.get("tenant", TENANT)))
    service = FakeDynamics(
        now_us=wall_us,
        monotonic_ns=monotonic_ns,
        clients=clients,
        org_url=urls.org,
        authority_url=urls.authority,
        blob_url=urls.blob,
        elsewhere_url=shown,
        **options,
    )
    handler.append(Admin(service=service, orders=CallOrders(service=service, bank=bank)))
    sender = HookSender(service=service, verify=hook_verify, timeout_s=HOOK_TIMEOUT_S)
    server.start()
    sender.start()
    return ServedDynamics(service, server, sender, urls, bank)
