"""A request of a known client, with all that is needed to answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import Request
from sim.ucaas.webex.oauth import ClientApp


@dataclass(frozen=True, slots=True)
class Ask:
    """Instants: `now_us` on the real clock, `service_us` on the service's own."""

    request: Request
    client: ClientApp
    now_us: int
    service_us: int
    struck: Sequence[Fault]

    @property
    def given(self) -> Mapping[str, str]:
        """The parameters of the query."""
        return dict(self.request.parameters())

    def fault(self, kind: FaultKind) -> Fault | None:
        """The first fault of a kind that struck this request."""
        return next((fault for fault in self.struck if fault.kind is kind), None)
