"""Sends the webhook posts of a fake on a real port, and tells it how they were answered."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Sequence
from typing import Protocol

import httpx

_EVERY_S = 0.1
_TIMEOUT_S = 5.0


class Delivery(Protocol):
    """One post that is due."""

    @property
    def number(self) -> int:
        """Rises in the order of being due."""
        ...

    @property
    def method(self) -> str:
        """As in HTTP."""
        ...

    @property
    def url(self) -> str:
        """Where it goes."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """All but those that the connection needs."""
        ...

    @property
    def body(self) -> bytes:
        """What it says."""
        ...


class Posting(Protocol):
    """A fake that has posts to be sent."""

    def deliveries(self, after: int = 0) -> Sequence[Delivery]:
        """Posts that are due, with a number above `after`."""
        ...

    def report_delivery(self, number: int, status: int) -> None:
        """How a post was answered; 0 for not at all."""
        ...


class HookSender:
    """A thread that posts what is due, one after the other; whether to try again is the fake's affair."""

    def __init__(
        self,
        *,
        service: Posting,
        verify: ssl.SSLContext | bool = True,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        self._service = service
        self._http = httpx.Client(timeout=timeout_s, trust_env=False, verify=verify)
        self._stopping = threading.Event()
        self._sent = 0
        self._thread = threading.Thread(  # noqa: TID251 - a real sender, beside the real server
            target=self._run, daemon=True, name="fake-webhooks"
        )

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT_S)
        self._http.close()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            for delivery in self._service.deliveries(self._sent):
                self._sent = delivery.number
                self._service.report_delivery(delivery.number, self._post(delivery))

    def _post(self, delivery: Delivery) -> int:
        """The status of the answer; 0 when there was none."""
        try:
            answer = self._http.request(
                delivery.method,
                delivery.url,
                headers=list(delivery.headers),
                content=delivery.body,
            )
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0
        return answer.status_code
