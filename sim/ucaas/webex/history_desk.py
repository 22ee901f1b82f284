"""The two end points of detailed call history, on a host of their own."""

from __future__ import annotations

from sim.ucaas.faults import FaultKind
from sim.ucaas.http import Response
from sim.ucaas.webex.ask import Ask
from sim.ucaas.webex.environment import Environment
from sim.ucaas.webex.errors import Refusal, answer_json
from sim.ucaas.webex.history import Pace

_REGIONAL = "analytics-calling"


class HistoryDesk:
    """Answers for call history. Not thread-safe: the service locks."""

    def __init__(self, *, env: Environment, url: str, page_cap: int, paced: bool) -> None:
        self._env = env
        self._url = url
        self._page_cap = page_cap
        self._pace = Pace() if paced else None

    def answer(self, ask: Ask) -> Response:
        """A page of the feed or of the stream. Raises Refusal."""
        which, given = ask.request.path.rpartition("/")[2], ask.given
        self._check_region(ask, which)
        if not ask.client.history:
            raise Refusal(403, "The role for detailed call history is missing.")
        if self._pace is not None:
            first = "startTimeForNextFetch" not in given
            self._pace.spend(ask.client.client_id, ask.service_us, first_page=first)
        page = self._env.history.page(
            which, given, now_us=ask.service_us, cap=self._page_cap, org=self._env.org
        )
        link = f'<{self._url}/v1/{which}?{page.next_query}>;rel="next"'
        headers = (("Link", link),) if page.next_query else ()
        repeats = 1 if ask.fault(FaultKind.REPEAT_ROWS) is None else 2
        items = [record for record in page.records for _ in range(repeats)]
        return answer_json(200, {"items": items}, headers)

    def _check_region(self, ask: Ask, which: str) -> None:
        """Another region is asked by its host alone; one port serves all where there are no hosts."""
        host = ask.request.host
        foreign = _REGIONAL in host and host not in self._url
        if foreign or ask.fault(FaultKind.WRONG_REGION) is not None:
            url = f"{self._url}/v1/{which}"
            raise Refusal(451, f"The data of this organisation are at {url}", more={"url": url})
