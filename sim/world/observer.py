"""Whoever looks at a world: what machines and services tell."""

from __future__ import annotations

from typing import Protocol

import httpx

from recorder.assembly.actors import NodePorts
from sim.truth import TruthItem
from sim.ucaas.faults import Subject


class Observer(Protocol):
    """Whoever looks at a world."""

    def life(self, node: str, what: str) -> None:
        """A process began or ended, was stopped or goes on."""
        ...

    def ports(self, node: str, ports: NodePorts) -> NodePorts:
        """The ports of a new life, to look through."""
        ...

    def transport(self, node: str, source: str, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """The road of a node to the service of a source, to look through."""
        ...

    def item(self, item: TruthItem) -> None:
        """An item of a service is new or changed."""
        ...

    def request(self, source: str, subject: Subject) -> None:
        """The service of a source understood a request of whoever asks just now."""
        ...
