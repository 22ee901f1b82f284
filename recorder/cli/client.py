"""Talks to the nodes' API: the first node that answers will do for reading."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import httpx

from recorder.cli.errors import CliError, Exit

READ_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 20.0
_REFUSED = {
    404: Exit.NOT_FOUND,
    409: Exit.REFUSED,
    412: Exit.REFUSED,
    401: Exit.USAGE,
    403: Exit.USAGE,
}
_CLIENT_ERRORS = range(400, 500)


class NodeClient:
    """A client for one or more nodes of a pair."""

    def __init__(self, urls: Sequence[str], token: str | None, *, ca_file: str | None) -> None:
        self.urls = tuple(urls)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._verify = ssl.create_default_context(cafile=ca_file) if ca_file else True

    def get(self, path: str, **params: object) -> Any:
        """JSON of the first node that answers. Raises CliError."""
        return self._first(
            lambda url: self.request(url, "GET", path, params=params, timeout_s=READ_TIMEOUT_S)
        )

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Tell the first node that answers. Raises CliError; a lost answer is UNKNOWN."""
        return self._first(
            lambda url: self.request(
                url, "POST", path, body=body or {}, timeout_s=COMMAND_TIMEOUT_S
            )
        )

    def request(
        self,
        url: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: object = None,
        timeout_s: float,
    ) -> Any:
        """JSON of one node. Raises CliError."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            with httpx.Client(
                headers=self._headers, timeout=timeout_s, verify=self._verify
            ) as client:
                answer = client.request(method, url + path, params=cast("Any", given), json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
            raise CliError(
                f"No node answers at {url}.",
                Exit.UNREACHABLE,
                hint="Is it running? Set --url, TANDEM_URL or --config.",
            ) from error
        except httpx.HTTPError as error:
            lost = Exit.UNKNOWN if method == "POST" else Exit.UNREACHABLE
            raise CliError(
                f"{url} broke off: {type(error).__name__}.",
                lost,
                hint="`tandem node list` shows where things stand.",
            ) from error
        return _judged(answer, method)

    @contextmanager
    def stream(self, path: str) -> Generator[httpx.Response]:
        """A body of the first node, streamed. Raises CliError."""
        try:
            with (
                httpx.Client(
                    headers=self._headers, timeout=READ_TIMEOUT_S, verify=self._verify
                ) as client,
                client.stream("GET", self.urls[0] + path) as answer,
            ):
                if answer.is_error:
                    answer.read()
                    _judged(answer, "GET")
                yield answer
        except httpx.HTTPError as error:
            raise CliError(
                f"{self.urls[0]} broke off: {type(error).__name__}.", Exit.UNREACHABLE
            ) from error

    def _first(self, ask: Callable[[str], Any]) -> Any:
        failed: CliError | None = None
        for url in self.urls:
            try:
                return ask(url)
            except CliError as error:
                if error.code is not Exit.UNREACHABLE:
                    raise
                failed = failed or error
        assert failed is not None
        raise failed


def _judged(answer: httpx.Response, method: str) -> Any:
    try:
        data: Any = answer.json()
    except ValueError as error:
        raise CliError(
            f"{answer.url} answered {answer.status_code} with something that is no JSON.",
            Exit.FAILED,
            hint="Is that really a Tandem node?",
        ) from error
    if answer.is_success:
        return data
    whole = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    said = cast("dict[str, Any]", whole.get("error", whole))
    message = str(said.get("message", f"the node answered {answer.status_code}"))
    hint = str(said.get("hint") or "")
    raise CliError(message, _code(answer.status_code, said, method), hint=hint)


def _code(status: int, said: Mapping[str, Any], method: str) -> Exit:
    if said.get("status") == "unknown":
        return Exit.UNKNOWN
    if status in _REFUSED:
        return _REFUSED[status]
    if status in _CLIENT_ERRORS:
        return Exit.USAGE
    return Exit.UNKNOWN if method == "POST" else Exit.TEMPORARY
