"""OAuth client credentials (Entra): one token for one API, kept in memory only.

The one who needs a token first fetches it; others wait for that outcome, good or bad. The lock is
re-entrant on purpose: simulated workers are greenlets of one thread, where a plain lock held across
a call would never be given back; there the worst that happens is a second token.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Annotated, cast

import httpx
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from cluster.ports import Clock
from recorder.adapters.http.client import Answer, build_request, exchange
from recorder.adapters.http.errors import safe_text
from recorder.errors import (
    AuthRefused,
    BadAnswer,
    ConfigError,
    SourceError,
    Throttled,
    Unreachable,
)
from recorder.ports import Secrets

_NS = 1_000_000_000
_EARLY_S = 300.0
_EARLY_SHARE = 0.1
_LIFETIME_MAX_S = 86_400
_PATIENCE_S = 5.0
"""Between tries to renew a token that still serves."""
_UNAUTHORIZED = 401
_TOO_MANY = 429
_SERVER_ERROR = 500
_RETRY_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_AADSTS = re.compile(r"AADSTS(\d{4,9})")
_ERROR_WORD = re.compile(r"^[a-z_]{1,40}$")

_HINTS = {
    7000215: "The client secret is wrong: put the secret's value (not its id) where `client_secret` points.",
    7000222: "The client secret has expired: make a new one in Entra and put it where `client_secret` points.",
    700016: "The application is not known in this tenant: check `client_id` and `tenant`.",
    90002: "The tenant was not found: check `tenant`.",
    500011: "The resource was not found in the tenant: check `org_url`.",
    50001: "The resource is missing or disabled in the tenant: check `org_url`.",
    70011: "The scope is not valid: check `org_url`.",
    1002012: "The scope is not valid: check `org_url`.",
}
_ERROR_HINTS = {
    "invalid_client": "Entra refuses the application's secret: check `client_id` and `client_secret`.",
    "unauthorized_client": "The application may not do this in the tenant: check `client_id` and `tenant`.",
    "invalid_scope": "The scope is not valid: check `org_url`.",
    "invalid_resource": "The resource is not known in the tenant: check `org_url`.",
    "invalid_request": "Check `tenant`, `client_id` and `authority`.",
}


def _first(value: object) -> object:
    return value if isinstance(value, str) else ""


def _numbers(value: object) -> list[int]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, int) and not isinstance(item, bool)]


_Text = Annotated[str, BeforeValidator(_first)]


class _Granted(BaseModel):
    access_token: str = Field(pattern=r"^[\x21-\x7e]+$", repr=False)
    token_type: str = Field(pattern=r"(?i)^bearer$")
    expires_in: int = Field(gt=0)


class _Refused(BaseModel):
    error: _Text = ""
    error_description: Annotated[_Text, Field(repr=False)] = ""
    error_codes: Annotated[tuple[int, ...], BeforeValidator(_numbers)] = ()


_GRANTED = TypeAdapter(_Granted)
_REFUSED = TypeAdapter(_Refused)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    number: int
    renew_at_ns: int
    ends_at_ns: int


def renew_early_s(lifetime_s: float) -> float:
    """How long before its end a token is renewed: 300 s, or a tenth of a short lifetime."""
    return min(_EARLY_S, lifetime_s * _EARLY_SHARE)


class ClientCredentials(httpx.Auth):
    """Puts a bearer token on requests to `origin` and renews it: early, and once on a 401.

    The secret is read at every renewal, so that a mended secret heals by itself. `client`
    serves the token end point; it is closed with this object.
    """

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        secret_reference: str,
        scope: str,
        origin: httpx.URL,
        secrets: Secrets,
        clock: Clock,
        client: httpx.Client,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._secret_reference = secret_reference
        self._scope = scope
        self._origin = origin
        self._secrets = secrets
        self._clock = clock
        self._client = client
        self._lock = threading.RLock()
        self._token: _Token | None = None
        self._flights = 0
        self._failure: SourceError | None = None

    def __repr__(self) -> str:
        return f"ClientCredentials(client_id={self._client_id!r})"

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
        try:
            secret = self._secrets.read(self._secret_reference)
        except ConfigError as error:
            raise AuthRefused(f"no client secret: {error}", hint=error.hint) from None
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": secret,
            "scope": self._scope,
        }
        request = build_request(self._client, "POST", self._token_url, {}, form)
        answer = exchange(self._client, self._clock, request)
        if not answer.ok:
            raise refusal(answer)
        try:
            granted = _GRANTED.validate_json(answer.body)
        except ValidationError:
            raise BadAnswer(
                "the token end point's answer holds no bearer token",
                hint="Check `authority`: it must be an Entra (Azure AD) authority.",
            ) from None
        lifetime_s = min(granted.expires_in, _LIFETIME_MAX_S)
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


def refusal(answer: Answer) -> SourceError:
    """What a token end point's refusal means. The `error` word decides, the number only explains."""
    try:
        body = _REFUSED.validate_json(answer.body)
    except ValidationError:
        body = _Refused()
    word = body.error if _ERROR_WORD.match(body.error) else ""
    code = _aadsts(body)
    shown = " ".join(part for part in (word, f"AADSTS{code}" if code else "") if part)
    text = f"no token: the authority answered {answer.status} {safe_text(shown)}".rstrip()
    if answer.status == _TOO_MANY:
        return Throttled(text, retry_after_s=answer.retry_after_s)
    if answer.status >= _SERVER_ERROR or word in _RETRY_ERRORS:
        return Unreachable(text, retry_after_s=answer.retry_after_s)
    default = "Check `tenant`, `client_id`, `client_secret` and `org_url`."
    return AuthRefused(text, hint=_HINTS.get(code, _ERROR_HINTS.get(word, default)))


def _aadsts(body: _Refused) -> int:
    if body.error_codes:
        return body.error_codes[0]
    match = _AADSTS.search(body.error_description)
    return int(match.group(1)) if match else 0
