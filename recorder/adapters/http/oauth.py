"""A bearer token for one API, kept in memory only, however it is granted.

The one who needs a token first fetches it; others wait for that outcome, good or bad. The lock is
held across the call, in the simulator too: there whoever waits for it waits in virtual time.

How a service grants tokens is a `Grant`: `entra_grant`, `account_grant`, ...
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Annotated, Protocol

import httpx
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from cluster.ports import Clock
from recorder.adapters.http.client import Answer, exchange
from recorder.adapters.http.errors import safe_text
from recorder.errors import (
    AuthRefused,
    BadAnswer,
    ConfigError,
    SourceError,
    Throttled,
    Unreachable,
)
from recorder.ports.recording import Secrets

_NS = 1_000_000_000
_EARLY_S = 300.0
_EARLY_SHARE = 0.1
_PATIENCE_S = 5.0
"""Between tries to renew a token that still serves."""
_UNAUTHORIZED = 401
_TOO_MANY = 429
_SERVER_ERROR = 500
_RETRY_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down"})

LIFETIME_MAX_S = 30 * 86_400
"""A token is asked for anew after this, whatever its service says."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A token as a service gave it; `refresh_token` is empty where there is none."""

    access_token: str = field(repr=False)
    lifetime_s: int
    refresh_token: str = field(default="", repr=False)
    refresh_lifetime_s: int | None = None


class Grant(Protocol):
    """How one kind of service gives out tokens. Its methods are called by one job at a time."""

    def request(self, client: httpx.Client) -> httpx.Request:
        """What to send for a token, its secret read just now. Raises AuthRefused."""
        ...

    def granted(self, answer: Answer) -> Granted:
        """The token in a good answer; also the place to keep a new refresh token. Raises BadAnswer."""
        ...

    def refusal(self, answer: Answer) -> SourceError:
        """What any other answer means."""
        ...


def _text_or_none(value: object) -> object:
    return value if isinstance(value, str) else ""


def _seconds_or_none(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


class _Body(BaseModel):
    access_token: str = Field(pattern=r"^[\x21-\x7e]+$", repr=False)
    token_type: str = Field(pattern=r"(?i)^bearer$")
    expires_in: int = Field(gt=0)
    refresh_token: Annotated[
        str, BeforeValidator(_text_or_none), Field(pattern=r"^[\x21-\x7e]*$", repr=False)
    ] = ""
    refresh_token_expires_in: Annotated[int | None, BeforeValidator(_seconds_or_none)] = None


_BODY = TypeAdapter(_Body)


def granted_by(answer: Answer, *, hint: str) -> Granted:
    """The token in the body every OAuth service gives. Raises BadAnswer with `hint`."""
    try:
        body = _BODY.validate_json(answer.body)
    except ValidationError:
        raise BadAnswer("the token end point's answer holds no bearer token", hint=hint) from None
    return Granted(
        access_token=body.access_token,
        lifetime_s=min(body.expires_in, LIFETIME_MAX_S),
        refresh_token=body.refresh_token,
        refresh_lifetime_s=body.refresh_token_expires_in,
    )


def refused_by(answer: Answer, *, word: str, shown: str, hint: str) -> SourceError:
    """What a refusal means: patience, a service that is away, or wrong credentials.

    `word` is the body's `error`, `shown` what may be told of the rest, `hint` what to do about
    wrong credentials.
    """
    text = f"no token: the authority answered {answer.status} {safe_text(shown)}".rstrip()
    if answer.status == _TOO_MANY:
        return Throttled(text, retry_after_s=answer.retry_after_s)
    if answer.status >= _SERVER_ERROR or word in _RETRY_ERRORS:
        return Unreachable(text, retry_after_s=answer.retry_after_s)
    return AuthRefused(text, hint=hint)


def read_secret(secrets: Secrets, reference: str) -> str:
    """The secret behind a reference, read now. Raises AuthRefused: the fault is this node's."""
    try:
        return secrets.read(reference)
    except ConfigError as error:
        raise AuthRefused(f"no client secret: {error}", hint=error.hint) from None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    number: int
    renew_at_ns: int
    ends_at_ns: int


def renew_early_s(lifetime_s: float) -> float:
    """How long before its end a token is renewed: 300 s, or a tenth of a short lifetime."""
    return min(_EARLY_S, lifetime_s * _EARLY_SHARE)


class BearerAuth(httpx.Auth):
    """Puts a bearer token on requests to `origin` and renews it: early, and once on a 401.

    The grant reads its secret at every renewal, so that a mended secret heals by itself. `client`
    serves the token end point; it is closed with this object.
    """

    def __init__(
        self, *, grant: Grant, origin: httpx.URL, clock: Clock, client: httpx.Client
    ) -> None:
        self._grant = grant
        self._origin = origin
        self._clock = clock
        self._client = client
        self._lock = threading.RLock()
        self._token: _Token | None = None
        self._flights = 0
        self._failure: SourceError | None = None

    def __repr__(self) -> str:
        return f"BearerAuth({self._grant!r})"

    def token(self) -> str:
        """A token that is valid for now. Raises AuthRefused, Throttled, Unreachable, BadAnswer."""
        return self._current().text

    def close(self) -> None:
        """Give back the connections to the token end point."""
        self._client.close()

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; on a 401 renew it and try once more."""
        if not _same_origin(request.url, self._origin):
            yield request
            return
        token = self._current()
        request.headers["Authorization"] = f"Bearer {token.text}"
        response = yield request
        if response.status_code != _UNAUTHORIZED:
            return
        token = self._current(not_number=token.number)
        request.headers["Authorization"] = f"Bearer {token.text}"
        yield request

    def _current(self, not_number: int | None = None) -> _Token:
        """The kept token, or a new one; `not_number` was refused by the API."""
        seen = self._flights
        token = self._token
        if token is not None and self._is_good(token, not_number):
            return token
        with self._lock:
            token = self._token
            if token is not None and self._is_good(token, not_number):
                return token
            if self._failure is not None and self._flights != seen:
                raise _copy(self._failure)
            try:
                token = self._fetch()
            except SourceError as error:
                self._failure = error
                return self._old_or_raise(token, not_number, error)
            finally:
                self._flights += 1
            self._failure = None
            self._token = token
            return token

    def _is_good(self, token: _Token, not_number: int | None) -> bool:
        return token.number != not_number and self._clock.monotonic_ns() < token.renew_at_ns

    def _old_or_raise(
        self, token: _Token | None, not_number: int | None, error: SourceError
    ) -> _Token:
        """A token due for renewal still serves while the end point is merely away."""
        now_ns = self._clock.monotonic_ns()
        if (
            token is None
            or token.number == not_number
            or now_ns >= token.ends_at_ns
            or not isinstance(error, (Throttled, Unreachable))
        ):
            raise error
        patience_s = max(_PATIENCE_S, error.retry_after_s or 0.0)
        self._token = replace(
            token, renew_at_ns=min(now_ns + int(patience_s * _NS), token.ends_at_ns)
        )
        return self._token

    def _fetch(self) -> _Token:
        request = self._grant.request(self._client)
        answer = exchange(self._client, self._clock, request)
        if not answer.ok:
            raise self._grant.refusal(answer)
        granted = self._grant.granted(answer)
        lifetime_s = granted.lifetime_s
        return _Token(
            text=granted.access_token,
            number=self._flights,
            renew_at_ns=answer.sent_ns + int((lifetime_s - renew_early_s(lifetime_s)) * _NS),
            ends_at_ns=answer.sent_ns + lifetime_s * _NS,
        )


def _same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _copy(error: SourceError) -> SourceError:
    """The same error for another thread: an exception object keeps one traceback only."""
    return type(error)(str(error), hint=error.hint, retry_after_s=error.retry_after_s)
