"""Finds the peer on a local network by multicast DNS (RFC 6762, 6763).

What is found is a hint where to dial, never a sign of life: records outlive their node by minutes.
Without multicast the node runs on with a fixed address, or waits to be dialled.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Sequence
from typing import Final

import structlog
from zeroconf import (
    IPVersion,
    ServiceBrowser,
    ServiceInfo,
    ServiceListener,
    Zeroconf,
    get_all_addresses,  # pyright: ignore[reportPrivateImportUsage] - offered, but not in __all__
)

from cluster.frames import PROTOCOL_MAX
from cluster.ports import Address, Endpoint, PeerSeen

SERVICE_TYPE: Final = "_tandem._tcp.local."
AGAIN_S: Final = 30.0
STOP_S: Final = 2.0

_LABEL_BYTES_MAX: Final = 63
_RESOLVE_MS: Final = 3000

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("discovery")


class ZeroconfDiscovery:
    """Implements Discovery. Works in a thread of its own, and never fails but in the log.

    `interfaces` are the own addresses to announce and listen on; None for all but loopback.
    """

    def __init__(
        self,
        *,
        cluster: str,
        node: str,
        endpoint_port: int,
        interfaces: Sequence[str] | None = None,
    ) -> None:
        self._cluster = cluster
        self._node = node
        self._port = endpoint_port
        self._interfaces = None if interfaces is None else list(interfaces)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None  # noqa: TID251 - this file is the port

    def start(self, found: Address[PeerSeen]) -> None:
        """Announce and look around, from a thread: registering takes over a second."""
        assert self._thread is None, "started twice"
        self._thread = threading.Thread(  # noqa: TID251
            target=self._run, args=(found,), name="discovery", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Withdraw the announcement; waits for that, but not for long."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self, found: Address[PeerSeen]) -> None:
        warned = False
        while not self._stopped.is_set():
            try:
                self._announce(found)
            except Exception as error:  # noqa: BLE001 - discovery is a convenience, never a reason to end
                if not warned:
                    hint = "give the peer's address in the configuration if there is no multicast"
                    _log.warning("discovery_unavailable", reason=_text(error), hint=hint)
                warned = True
                self._stopped.wait(AGAIN_S)

    def _announce(self, found: Address[PeerSeen]) -> None:
        """Be seen and look until stopped."""
        chosen = self._interfaces
        zeroconf = Zeroconf() if chosen is None else Zeroconf(interfaces=chosen)
        try:
            zeroconf.register_service(self._info(), allow_name_change=True)
            listener = _Listener(self._cluster, self._node, found)
            browser = ServiceBrowser(zeroconf, SERVICE_TYPE, listener=listener)
            _log.info("discovery_started", service=SERVICE_TYPE)
            self._stopped.wait()
            browser.cancel()
        finally:
            zeroconf.close()

    def _info(self) -> ServiceInfo:
        label = f"{self._cluster} {self._node}".replace(".", "-").encode()[:_LABEL_BYTES_MAX]
        addresses = self._interfaces
        if addresses is None:
            every = [str(address) for address in get_all_addresses()]
            addresses = [one for one in every if not ipaddress.ip_address(one).is_loopback]
        return ServiceInfo(
            SERVICE_TYPE,
            f"{label.decode(errors='ignore')}.{SERVICE_TYPE}",
            port=self._port,
            parsed_addresses=addresses or ["127.0.0.1"],
            properties={
                "cluster": self._cluster,
                "node": self._node,
                "protocol": str(PROTOCOL_MAX),
            },
        )


class _Listener(ServiceListener):
    """Hears of services, in zeroconf's own thread."""

    def __init__(self, cluster: str, node: str, found: Address[PeerSeen]) -> None:
        self._cluster = cluster
        self._node = node
        self._found = found

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """A service appeared."""
        try:
            self._look(zc, type_, name)
        except Exception as error:  # noqa: BLE001 - zeroconf's thread must live on
            _log.warning("discovery_unreadable", service=name[:200], reason=_text(error))

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """A service changed its address or port."""
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """A service withdrew: no sign of death."""

    def _look(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name, timeout=_RESOLVE_MS)
        if info is None or not info.port:
            return
        said = info.decoded_properties
        node = said.get("node")
        if said.get("cluster") != self._cluster or not node or node == self._node:
            return
        for version in (IPVersion.V6Only, IPVersion.V4Only):  # the one told last is tried first
            for address in info.parsed_scoped_addresses(version):
                self._found.tell(PeerSeen(node, Endpoint(address, info.port)))


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__
