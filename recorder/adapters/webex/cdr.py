"""The call history of an organisation, as far as recordings ask for it.

The service allows one new question a minute, so what comes is kept for all. A failure here never fails a
recording: it is archived without its record, and `problem` says why.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from cluster.ports import Clock
from recorder.adapters.webex.api import WebexClient
from recorder.adapters.webex.cdr_join import CallKeys, RecordIndex
from recorder.adapters.webex.cdr_records import Joined, record_of
from recorder.adapters.webex.cdr_windows import feed_window, stream_window
from recorder.adapters.webex.paging import followed
from recorder.errors import BadAnswer, SourceError
from recorder.instants import to_text
from recorder.model import Window

EVERY_S: Final = 60.0
PAGES_A_MINUTE: Final = 10
PAGES_MAX: Final = 200
FETCH_S: Final = 15.0
"""No recording waits longer for a question in hand."""
PAGE_SIZE: Final = 2000
BYTES_MAX: Final = 24 * 1024**2
"""Of one page: records have about a hundred columns."""
_NS: Final = 1_000_000_000
_MILLISECOND_US: Final = 1000


class RecordsPending(SourceError):
    """Raised when the records of a young call are not there yet: it is tried again soon."""

    code = "records_pending"


class CallHistory:
    """Finds the records of calls. Safe to use from several jobs at once.

    One job asks, under a lock that is held meanwhile: whoever else needs records waits for that outcome,
    for a bounded time.
    """

    def __init__(
        self,
        *,
        client: WebexClient,
        clock: Clock,
        is_stream: bool,
        wait_s: float,
        rules: Sequence[tuple[str, str]],
    ) -> None:
        self._client = client
        self._clock = clock
        self._is_stream = is_stream
        self._wait_s = wait_s
        self._turn = threading.Lock()
        """Held while the service is asked."""
        self._lock = threading.Lock()
        self._index = RecordIndex(rules=rules)
        self._covered_to_us: int | None = None
        self._rest: tuple[str, Window, int] | None = None
        """Next page, window and pages so far of a stretch that has more pages than a minute."""
        self._ask_at_ns = clock.monotonic_ns()
        self._problem: SourceError | None = None

    @property
    def problem(self) -> SourceError | None:
        """Why the last question failed; None when it did not."""
        return self._problem

    def find(self, keys: CallKeys, now_us: int) -> Joined | None:
        """The records of a call; `now_us` is the service's clock. None when there are none.

        Raises RecordsPending while the recording is younger than the wait, unless the service fails.
        """
        found = self._known(keys)
        if found is not None:
            return found
        left_s = self._wait_s - (now_us - keys.created_us) / 1e6
        call_us = keys.created_us if keys.started_us is None else keys.started_us
        patience_s = min(FETCH_S, self._wait_s if left_s <= 0 else max(left_s, 1.0))
        self.ask(call_us=call_us, now_us=now_us, patience_s=patience_s)
        found = self._known(keys)
        if found is not None or left_s <= 0 or self._problem is not None:
            return found
        raise RecordsPending(
            "the record of the call is not there yet",
            hint="The recording is archived without it when `cdr_wait_s` is over.",
            retry_after_s=max(1.0, min(left_s, EVERY_S)),
        )

    def ask(self, *, call_us: int, now_us: int, patience_s: float) -> None:
        """Ask the service if it is time to; a failure becomes `problem`."""
        if not self._turn.acquire(timeout=patience_s):
            return
        try:
            now_ns = self._clock.monotonic_ns()
            if now_ns < self._ask_at_ns:
                return
            self._ask_at_ns = now_ns + int(EVERY_S * _NS)
            try:
                self._ask(call_us, now_us, now_ns + int(patience_s * _NS))
            except SourceError as error:
                self._problem, self._rest = error, None
                wait_s = max(EVERY_S, error.retry_after_s or 0.0)
                self._ask_at_ns = now_ns + int(wait_s * _NS)
            else:
                self._problem = None
        finally:
            self._turn.release()

    def _known(self, keys: CallKeys) -> Joined | None:
        with self._lock:
            return self._index.find(keys)

    def _ask(self, call_us: int, now_us: int, until_ns: int) -> None:
        if self._rest is not None:
            url, window, pages = self._rest
        else:
            planned = self._plan(call_us, now_us)
            if planned is None:
                self._ask_at_ns = self._clock.monotonic_ns()
                return
            window, pages = planned, 0
            path = "cdr_stream" if self._is_stream else "cdr_feed"
            url = self._client.address(path, _parameters(window))
        for _ in range(PAGES_A_MINUTE):
            following = self._page(url, window)
            pages += 1
            if following is None:
                self._rest = None
                self._covered_to_us = window.to_us
                return
            url = following
            self._rest = (url, window, pages)
            if pages >= PAGES_MAX:
                self._covered_to_us = window.to_us
                raise BadAnswer(f"a stretch of the call history with more than {PAGES_MAX} pages")
            if self._clock.monotonic_ns() >= until_ns:
                return

    def _plan(self, call_us: int, now_us: int) -> Window | None:
        if self._is_stream:
            return stream_window(self._covered_to_us, now_us)
        return feed_window(call_us, now_us)

    def _page(self, url: str, window: Window) -> str | None:
        """Take a page in; the address of the next one."""
        page = self._client.page(url)
        columns = self._index.columns
        records = [one for row in page.rows if (one := record_of(row, columns)) is not None]
        with self._lock:
            self._index.add(records)
        if page.next_link is None:
            return None
        return followed(page.next_link, asked=httpx.URL(url), wanted=_parameters(window))


def _parameters(window: Window) -> Mapping[str, str]:
    return {
        "startTime": _millis(window.from_us),
        "endTime": _millis(window.to_us),
        "max": str(PAGE_SIZE),
    }


def _millis(instant_us: int) -> str:
    """The service wants milliseconds, always three digits of them."""
    seconds, rest_us = divmod(instant_us, 1_000_000)
    whole = to_text(seconds * 1_000_000).removesuffix("Z")
    return f"{whole}.{rest_us // _MILLISECOND_US:03d}Z"
