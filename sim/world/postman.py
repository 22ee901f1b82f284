"""Brings the webhooks of a service to the nodes: some are lost, some come twice or late, each to any node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from recorder.webhooks import WebhookRequest
from sim.clockwork.kernel import Kernel
from sim.ucaas.sending import Delivery, Posting

if TYPE_CHECKING:
    from sim.world.machine import Machine

_NS: Final = 1_000_000_000
_EVERY_NS: Final = _NS // 2
_TWICE: Final = 0.1
_LATE: Final = 0.15
_LATE_S: Final = (2.0, 30.0)
_WAY_S: Final = (0.01, 0.1)
_NOT_ANSWERED: Final = 0


class Postman:
    """Of one service. What arrives is a hint: nothing may depend on it."""

    def __init__(
        self,
        *,
        kernel: Kernel,
        source: str,
        posting: Posting,
        arrives: float,
        machines: Mapping[str, Machine],
    ) -> None:
        """`arrives`: the share of posts that come to a node at all."""
        self._kernel = kernel
        self.source = source
        self._posting = posting
        self._arrives = arrives
        self._machines = machines
        self._chance = kernel.streams.stream("posts", source)
        self._taken = 0
        self.heard_ns: list[int] = []
        """When a node took one for a reason to poll."""

    def begin(self) -> None:
        """Go round from now on."""
        self._at(_EVERY_NS, self._round, "round")

    def _round(self) -> None:
        for post in self._posting.deliveries(self._taken):
            self._taken = post.number
            self._send(post)
        self.begin()

    def _send(self, post: Delivery) -> None:
        chance = self._chance
        if chance.random() >= self._arrives:
            self._posting.report_delivery(post.number, _NOT_ANSWERED)
            return
        for _ in range(2 if chance.random() < _TWICE else 1):
            seconds = chance.uniform(*_WAY_S)
            if chance.random() < _LATE:
                seconds += chance.uniform(*_LATE_S)
            node = chance.choice([*self._machines])
            self._at(round(seconds * _NS), lambda node=node: self._arrive(post, node), "post")

    def _arrive(self, post: Delivery, node: str) -> None:
        headers = {name.lower(): value for name, value in post.headers}
        answer = self._machines[node].hear(self.source, WebhookRequest(headers, post.body))
        if answer is not None and answer.poll_now:
            self.heard_ns.append(self._kernel.now_ns)
        self._posting.report_delivery(
            post.number, _NOT_ANSWERED if answer is None else answer.status
        )

    def _at(self, delay_ns: int, action: Callable[[], object], what: str) -> None:
        self._kernel.schedule(delay_ns, action, label=f"{what} {self.source}")
