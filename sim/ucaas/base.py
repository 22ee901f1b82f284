"""What all fakes do alike: take a request in, let faults strike, spoil, count, and give account."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Generic, TypeVar

from sim.truth import TruthItem
from sim.ucaas.fake import Mix, OnArrival, OnRequest
from sim.ucaas.faults import ActiveFault, Fault, FaultKind, Manners, Subject
from sim.ucaas.http import Request, Response
from sim.ucaas.statistics import Poll
from sim.ucaas.surroundings import SECOND_US, Surroundings
from sim.ucaas.timetable import Timetable
from sim.ucaas.trouble import spoil

EnvT = TypeVar("EnvT", bound=Surroundings)
ScriptT = TypeVar("ScriptT")


@dataclass(frozen=True, slots=True)
class Route:
    """A request that was understood, before it is answered."""

    subject: Subject
    answer: Callable[[Sequence[Fault]], Response]
    first_page: bool = False
    is_poll: bool = True
    """Of a listing: it looks for recordings, and does not only try whether it may."""


class BaseFake(ABC, Generic[EnvT, ScriptT]):
    """A `FakeService` but for what a kind of service makes of a request.

    Thread-safe. `now_us` is the real clock the world lives by; the environment's skew sets the service's
    off it. `on_arrival(subject, first_page)` is called with every request before faults are looked up.
    """

    def __init__(
        self,
        *,
        env: EnvT,
        timetable: Timetable[ScriptT],
        now_us: Callable[[], int],
        monotonic_ns: Callable[[], int],
        on_arrival: OnArrival,
    ) -> None:
        self._env = env
        self._timetable = timetable
        self._now_us = now_us
        self._monotonic_ns = monotonic_ns
        self._on_arrival = on_arrival
        self._on_request: OnRequest | None = None
        self._lock = threading.RLock()

    # -- what a kind of service does ----

    @abstractmethod
    def _route(self, request: Request, service_us: int) -> Route:
        """Understand a request; nothing is answered and no fault known yet."""

    @abstractmethod
    def _answered(self, route: Route, struck: Sequence[Fault], now_us: int) -> Response:
        """The answer, before it is spoilt on its way."""

    @abstractmethod
    def _revoke(self, client: str) -> None:
        """From now on refuse every token given so far to this client, or to all when empty."""

    @abstractmethod
    def _delete(self, key: str, now_us: int) -> bool:
        """Delete what holds an item; False when there is none."""

    # -- the door ----

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self._lock:
            now_us = self._now_us()
            self._timetable.advance(now_us)
            service_us = self._env.service_us(now_us)
            route = self._route(request, service_us)
            self._on_arrival(route.subject, route.first_page)
            struck = self._env.faults.strike(route.subject, now_us)
            response = spoil(self._answered(route, struck, now_us), struck)
            self._count(route, response, now_us)
            date = ("Date", formatdate(service_us / SECOND_US, usegmt=True))
            return replace(response, headers=(*response.headers, date))

    def _count(self, route: Route, response: Response, now_us: int) -> None:
        subject, counted = route.subject, self._env.statistics
        if self._on_request is not None:
            self._on_request(subject, response.status)
        counted.count(subject.client, subject.request, response.status, response.content.size_bytes)
        if subject.request == "list" and route.is_poll:
            counted.poll(
                subject.client,
                monotonic_ns=self._monotonic_ns(),
                wall_us=now_us,
                first_page=route.first_page,
                status=0 if response.trouble.drop else response.status,
            )

    # -- the world ----

    def feed(self, mix: Mix[ScriptT] | None, calls_per_minute: float) -> None:
        """Let calls come at random from now on; None or a rate of 0 stops."""
        with self._lock:
            self._timetable.feed(mix, calls_per_minute, self._now_us())

    def advance(self) -> None:
        """Let everything happen that is due now; every request does so too."""
        with self._lock:
            self._timetable.advance(self._now_us())

    def delete_recording(self, key: str) -> bool:
        """Delete what holds the item `key` now; False when there is none."""
        with self._lock:
            return self._delete(key, self._now_us())

    # -- faults ----

    def add_fault(self, fault: Fault) -> int:
        """Switch a fault on; returns its number. Momentary ones act at once and leave no rule (0)."""
        with self._lock:
            if fault.kind is FaultKind.TOKEN_REVOKED:
                self._revoke(fault.target.client)
                return 0
            return self._env.faults.add(fault)

    def remove_fault(self, number: int) -> bool:
        """Switch a fault off; False when it is over already."""
        with self._lock:
            return self._env.faults.remove(number)

    def clear_faults(self) -> int:
        """Switch all faults off; returns how many there were."""
        with self._lock:
            return self._env.faults.clear()

    def faults(self) -> tuple[ActiveFault, ...]:
        """Active faults, in the order they were added."""
        with self._lock:
            return self._env.faults.active(self._now_us())

    # -- accounts ----

    def watch(self, *, item: Callable[[TruthItem], None], request: OnRequest) -> None:
        """Tell of every item that is new or changed, and of every request as it is understood.

        Both are called in the middle of a request and must not ask anything of this service.
        """
        with self._lock:
            self._env.truth.on_change = item
            self._on_request = request

    def truth(self) -> tuple[TruthItem, ...]:
        """Every item offered so far."""
        with self._lock:
            self._timetable.advance(self._now_us())
            return self._env.truth.items()

    def statistics(self) -> dict[str, object]:
        """Requests by client, kind and status; strays; leaks of credentials; things pending."""
        with self._lock:
            return self._env.statistics.as_json() | {"pending": self._timetable.pending()}

    def polls(self, after: int = 0) -> tuple[Poll, ...]:
        """Every listing of recordings with a number above `after`."""
        with self._lock:
            return self._env.statistics.polls(after)

    def clock(self) -> dict[str, int]:
        """The real clock, the service's own, and the system's monotonic one."""
        with self._lock:
            now_us = self._now_us()
            return {
                "now_us": now_us,
                "service_us": self._env.service_us(now_us),
                "monotonic_ns": self._monotonic_ns(),
            }

    @property
    def source(self) -> str:
        """The name under which the recorder knows this source."""
        return self._env.source

    @property
    def manners(self) -> Manners:
        """The faults it knows and the requests they may hit."""
        return self._env.faults.manners
