"""Calls to Tapes: within the budget, with the key, and with every failure as a SourceError."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from recorder.adapters.http.budget import Budget
from recorder.adapters.http.client import Answer, build_request, exchange, open_client
from recorder.adapters.http.errors import from_status
from recorder.adapters.http.oauth import read_secret
from recorder.adapters.http.patience import Patience
from recorder.adapters.http.values import parse
from recorder.budgets import BudgetFigures
from recorder.errors import BadAnswer
from recorder.plugins import SourceDeps
from recorder.ports.recording import Secrets
from tandem_tapes.settings import TapesSettings

QUIET_MAX_S = 3600.0
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
R = TypeVar("R", bound=BaseModel)


class TapesApi:
    """The account's API. Safe to use from several jobs at once."""

    def __init__(self, *, settings: TapesSettings, deps: SourceDeps) -> None:
        self._url = settings.url
        self._clock = deps.clock
        self._patience = Patience(
            budget=Budget(settings.requests_per_min, 60.0),
            clock=deps.clock,
            quiet_max_s=QUIET_MAX_S,
            setting="requests_per_min",
            wait=deps.wait,
        )
        self._client = open_client(
            transport=deps.transport,
            clock=deps.clock,
            user_agent=deps.user_agent,
            timeouts=settings.timeouts.as_timeouts(),
            auth=_KeyAuth(deps.secrets, settings.api_key),
        )
        self._client.event_hooks = {"response": [self._patience.heard]}

    def get(self, path: str, **query: str) -> Answer:
        """A good answer. Raises SourceError for any other, and Throttled before too many calls."""
        self._patience.spend()
        url = f"{self._url}/v1/{path}{'?' if query else ''}{urlencode(query)}"
        answer = exchange(self._client, self._clock, build_request(self._client, "GET", url, {}))
        if not answer.ok:
            raise from_status(answer.status, answer.url, retry_after_s=answer.retry_after_s)
        return answer

    def budget(self) -> BudgetFigures:
        """How the request budget is spent, without a call."""
        return self._patience.figures()

    def close(self) -> None:
        """Give back connections."""
        self._client.close()


def body(answer: Answer) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises BadAnswer."""
    try:
        return _OBJECT.validate_json(answer.body)
    except ValidationError:
        raise BadAnswer("the answer is no JSON object") from None


def read(kind: type[R], answer: Answer) -> R:
    """The answer as `kind`. Raises BadAnswer that names the fields at fault, never what they hold."""
    return parse(kind, body(answer))


class _KeyAuth(httpx.Auth):
    """Reads the key at every call: a key that was mended works at once."""

    def __init__(self, secrets: Secrets, reference: str) -> None:
        self._secrets = secrets
        self._reference = reference

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the key on. Raises AuthRefused when it cannot be read: the fault is this node's."""
        request.headers["Authorization"] = f"Bearer {read_secret(self._secrets, self._reference)}"
        yield request
