"""Sends the webhook posts of a fake on a real port, and tells it how they were answered."""

from __future__ import annotations

import ssl
import threading

import httpx

from sim.ucaas.webex.hooks import Delivery
from sim.ucaas.webex.service import FakeWebex

_EVERY_S = 0.1
_TIMEOUT_S = 5.0


class HookSender:
    """A thread that posts what is due; one try each, as nothing better is known of the service."""

    def __init__(self, *, service: FakeWebex, verify: ssl.SSLContext | bool = True) -> None:
        self._service = service
        self._http = httpx.Client(timeout=_TIMEOUT_S, trust_env=False, verify=verify)
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
