"""What the admin API, the checkers and the world need of any fake service, whatever it imitates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias, TypeVar

from sim.truth import TruthItem
from sim.ucaas.faults import ActiveFault, Fault, Manners, Subject
from sim.ucaas.http import Request, Response
from sim.ucaas.statistics import Poll

OnRequest: TypeAlias = "Callable[[Subject, int], None]"
"""Takes what was asked by whom, and the status of the answer."""
OnArrival: TypeAlias = "Callable[[Subject, bool], None]"
"""Takes what is asked by whom, and whether it is the first page of a listing."""
Script_co = TypeVar("Script_co", covariant=True)
Mix_contra = TypeVar("Mix_contra", contravariant=True)


class Mix(Protocol[Script_co]):
    """Draws calls or meetings. The same seed draws the same."""

    def call(self, end_us: int) -> Script_co:
        """One that ends at `end_us`."""
        ...

    def over(self, start_us: int, seconds: float, count: int) -> Iterator[Script_co]:
        """`count` of them that end at random instants of a period, in order."""
        ...

    def gap_s(self, calls_per_minute: float) -> float:
        """Seconds to the next end, for calls that come at random."""
        ...


class Orders(Protocol):
    """Calls or meetings from JSON, in the words of one kind of service."""

    def place(self, body: bytes) -> list[dict[str, Any]]:
        """Place what the body asks for; returns the ids. Raises ValueError when it is malformed."""
        ...


class FakeService(Protocol[Mix_contra]):
    """A fake service of any kind. Thread-safe; instants are microseconds since 1970."""

    @property
    def source(self) -> str:
        """The name under which the recorder knows this source."""
        ...

    @property
    def manners(self) -> Manners:
        """The faults it knows and the requests they may hit."""
        ...

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        ...

    def feed(self, mix: Mix_contra | None, calls_per_minute: float) -> None:
        """Let calls come at random from now on; None or a rate of 0 stops."""
        ...

    def advance(self) -> None:
        """Let everything happen that is due now; every request does so too."""
        ...

    def delete_recording(self, key: str) -> bool:
        """Delete what holds the item `key` now; False when there is none."""
        ...

    def add_fault(self, fault: Fault) -> int:
        """Switch a fault on; returns its number. Momentary ones act at once and leave no rule (0)."""
        ...

    def remove_fault(self, number: int) -> bool:
        """Switch a fault off; False when it is over already."""
        ...

    def clear_faults(self) -> int:
        """Switch all faults off; returns how many there were."""
        ...

    def faults(self) -> tuple[ActiveFault, ...]:
        """Active faults, in the order they were added."""
        ...

    def watch(self, *, item: Callable[[TruthItem], None], request: OnRequest) -> None:
        """Tell of every item that is new or changed, and of every request as it is understood.

        Both are called in the middle of a request and must not ask anything of this service.
        """
        ...

    def truth(self) -> tuple[TruthItem, ...]:
        """Every item offered so far."""
        ...

    def statistics(self) -> dict[str, object]:
        """Requests by client, kind and status; strays; leaks of credentials; things pending."""
        ...

    def polls(self, after: int = 0) -> tuple[Poll, ...]:
        """Every listing of recordings with a number above `after`."""
        ...

    def clock(self) -> dict[str, int]:
        """The real clock (`now_us`), the service's own (`service_us`) and `monotonic_ns`."""
        ...
