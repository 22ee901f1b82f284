"""Talks to the nodes' API: the first node that answers will do for reading."""

from __future__ import annotations

import getpass
import ssl
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, cast

import httpx

from recorder.cli.errors import CliError, Exit

READ_TIMEOUT_S = 10.0
LARGE_TIMEOUT_S = 600.0
ROLE_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 20.0
"""Above the node's own patience with a command, so that it is the node who says `unknown`."""

_REFUSED = {
    401: Exit.USAGE,
    403: Exit.USAGE,
    404: Exit.NOT_FOUND,
    409: Exit.REFUSED,
    412: Exit.REFUSED,
    503: Exit.TEMPORARY,
}
_CLIENT_ERRORS = range(400, 500)


class NodeClient:
    """A client for one or more nodes of a pair. Raises CliError for everything that goes wrong."""

    def __init__(self, urls: Sequence[str], token: str | None, *, ca_file: str | None) -> None:
        assert urls, "a client needs an address"
        for url in urls:
            if not url.startswith(("http://", "https://")):
                raise CliError(f"{url} is no address.", Exit.USAGE, hint="http://HOST:PORT")
        if token and not (token.isascii() and token.isprintable()):
            raise CliError(
                "The admin token holds characters that no request can carry.",
                Exit.USAGE,
                hint="Look at TANDEM_TOKEN, TANDEM_TOKEN_FILE or web.token: one line of plain ASCII.",
            )
        self.urls = tuple(urls)
        self._headers = {"Authorization": f"Bearer {token}", **_user()} if token else {}
        self._verify = _trust(ca_file)

    def primary_first(self) -> NodeClient:
        """The same nodes, the one that is primary now before the others; as they are if none is."""
        leading = [url for url in self.urls if len(self.urls) > 1 and self._is_primary(url)]
        ordered = copy(self)
        ordered.urls = tuple(dict.fromkeys([*leading, *self.urls]))
        return ordered

    def get(self, path: str, **params: object) -> Any:
        """JSON of the first node that answers."""
        return self._first(
            lambda url: self.request(url, "GET", path, params=params, timeout_s=READ_TIMEOUT_S)
        )

    def download(self, path: str, **params: object) -> Any:
        """JSON of the first node that answers, however large it is and however long it takes to write."""
        return self._first(
            lambda url: self.request(url, "GET", path, params=params, timeout_s=LARGE_TIMEOUT_S)
        )

    def post(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> Any:
        """Tell the first node that answers; a lost answer is UNKNOWN."""
        return self._first(
            lambda url: self.request(url, "POST", path, body=body or {}, timeout_s=timeout_s)
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
        """JSON of one node."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        with _named(url, method), self._open(timeout_s) as client:
            answer = client.request(method, url + path, params=cast("Any", given), json=body)
        return _judged(answer, method)

    @contextmanager
    def stream(self, path: str) -> Generator[httpx.Response]:
        """A body of the first node that answers, streamed."""
        url = self._first(self._alive)
        with (
            _named(url, "GET"),
            self._open(READ_TIMEOUT_S) as client,
            client.stream("GET", url + path) as answer,
        ):
            if answer.is_error:
                answer.read()
                _judged(answer, "GET")
            yield answer

    def _is_primary(self, url: str) -> bool:
        try:
            with _named(url, "GET"), self._open(ROLE_TIMEOUT_S) as client:
                return client.get(url + "/primary").is_success
        except CliError:
            return False

    def _alive(self, url: str) -> str:
        with _named(url, "GET"), self._open(READ_TIMEOUT_S) as client:
            client.get(url + "/live")
        return url

    def _open(self, timeout_s: float) -> httpx.Client:
        # The environment's proxies are for the internet; the nodes are next door.
        return httpx.Client(
            headers=self._headers, timeout=timeout_s, verify=self._verify, trust_env=False
        )

    def _first(self, ask: Callable[[str], Any]) -> Any:
        failed: list[CliError] = []
        for url in self.urls:
            try:
                return ask(url)
            except CliError as error:
                if error.code is not Exit.UNREACHABLE:
                    raise
                failed.append(error)
        raise CliError(
            " ".join(str(error) for error in failed), Exit.UNREACHABLE, hint=failed[0].hint
        )


def _user() -> dict[str, str]:
    """Who types, for the audit trail: told beside the name of the token, not proven."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return {}
    return {"X-Tandem-User": name} if name.isascii() and name.isprintable() else {}


def _trust(ca_file: str | None) -> ssl.SSLContext | bool:
    try:
        return ssl.create_default_context(cafile=ca_file) if ca_file else True
    except OSError as error:
        raise CliError(
            f"TANDEM_CA_FILE: {ca_file}: {error.strerror or error}",
            Exit.USAGE,
            hint="Point it to a PEM file with the CA of the nodes, or unset it.",
        ) from error


@contextmanager
def _named(url: str, method: str) -> Generator[None]:
    """Says what broke off in the words of the command line."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CliError(f"{url} is no address.", Exit.USAGE, hint="http://HOST:PORT") from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        if "CERTIFICATE" in str(error):
            raise CliError(
                f"The certificate of {url} is not trusted.",
                Exit.USAGE,
                hint="Set TANDEM_CA_FILE to the CA that signed it.",
            ) from error
        raise CliError(
            f"No node answers at {url}.",
            Exit.UNREACHABLE,
            hint="Is it running there? Name the nodes by --url A,B, TANDEM_URL or --config FILE.",
        ) from error
    except httpx.HTTPError as error:
        lost = Exit.UNKNOWN if method == "POST" else Exit.UNREACHABLE
        raise CliError(
            f"{url} broke off: {type(error).__name__}.",
            lost,
            hint="`tandem node list` shows where things stand.",
        ) from error


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
    error = whole.get("error")
    said = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
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
    return Exit.UNKNOWN if method == "POST" else Exit.FAILED
