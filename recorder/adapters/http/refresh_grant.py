"""OAuth refresh tokens as Webex grants them to a service app.

A service may answer with another refresh token than the one it was given. From then on the new one is
used; without a `TokenFile` it dies with the process, and the configured one serves again if it still can.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Protocol

import httpx
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from cluster.adapters.state_file import replace_file
from recorder.adapters.http.client import Answer, build_request
from recorder.adapters.http.errors import safe_text
from recorder.adapters.http.oauth import Granted, granted_by, read_secret, refused_by
from recorder.errors import SourceError, Unreachable
from recorder.ports.recording import Secrets

_ERROR_WORD: Final = re.compile(r"^[a-z_]{1,40}$")
_TRACKING_CHARS: Final = 80
_NS: Final = 1_000_000_000
_BAD_REQUEST: Final = 400
_EXPIRED: Final = (
    "The refresh token has expired, was revoked, or belongs to another app: authorise the service app "
    "again and put the new refresh token where `refresh_token` points."
)
_HINTS: Final = {
    "invalid_grant": _EXPIRED,
    "invalid_client": "The app's id or secret is wrong: check `client_id` and `client_secret`.",
    "unauthorized_client": "The app was deactivated or its authorisation withdrawn: look at it in Control Hub.",
}
_DEFAULT_HINT: Final = "Check `client_id`, `client_secret` and `refresh_token`."


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A refresh token that came in an answer. `origin` tells the configured one it descends from."""

    origin: str
    refresh_token: str = field(repr=False)


class TokenStore(Protocol):
    """Where a refresh token outlives the process."""

    def load(self) -> KeptToken | None:
        """What was saved last; None when there is nothing that can be read."""
        ...

    def save(self, kept: KeptToken) -> None:
        """Durable when it returns. Raises OSError."""
        ...


class _File(BaseModel):
    origin: str = Field(pattern=r"^[0-9a-f]{64}$")
    refresh_token: str = Field(pattern=r"^[\x21-\x7e]+$", repr=False)


_FILE: Final = TypeAdapter(_File)


class TokenFile:
    """Implements TokenStore with one file that only its owner may read. For one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> KeptToken | None:
        """None also when the file is damaged: the configured token is then tried."""
        try:
            body = _FILE.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None
        return KeptToken(body.origin, body.refresh_token)

    def save(self, kept: KeptToken) -> None:
        """After a crash the file holds the old or the new token."""
        part = self._path.with_name(self._path.name + ".part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600, exist_ok=False)
        body = _File(origin=kept.origin, refresh_token=kept.refresh_token)
        replace_file(self._path, body.model_dump_json().encode() + b"\n")


def _text(value: object) -> object:
    return value if isinstance(value, str) else ""


class _Refused(BaseModel):
    error: Annotated[str, BeforeValidator(_text)] = ""
    tracking_id: Annotated[str, BeforeValidator(_text)] = Field("", alias="trackingId")


_REFUSED: Final = TypeAdapter(_Refused)


class RefreshGrant:
    """Tokens by a refresh token. A new token put where the reference points beats one that was kept."""

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        secret_reference: str,
        refresh_reference: str,
        secrets: Secrets,
        store: TokenStore | None = None,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._secret_reference = secret_reference
        self._refresh_reference = refresh_reference
        self._secrets = secrets
        self._store = store
        self._kept: KeptToken | None = None
        self._refused = ""
        """The kept refresh token that the service no longer takes."""
        self._sent = KeptToken("", "")
        self.is_rotated = False
        """The service answered with another refresh token than it was given."""
        self.not_saved = ""
        """Why the new refresh token could not be written to disk; empty when it was, or need not be."""
        self.refresh_ends_ns: int | None = None
        """Monotonic instant at which the refresh token ends, as far as the service told."""

    def __repr__(self) -> str:
        return f"RefreshGrant(client_id={self._client_id!r})"

    @property
    def has_store(self) -> bool:
        """Whether a new refresh token outlives the process."""
        return self._store is not None

    def request(self, client: httpx.Client) -> httpx.Request:
        """A form with both secrets in it. Raises AuthRefused when one cannot be read."""
        configured = read_secret(self._secrets, self._refresh_reference)
        self._sent = self._choose(configured)
        form = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": read_secret(self._secrets, self._secret_reference),
            "refresh_token": self._sent.refresh_token,
        }
        return build_request(client, "POST", self._token_url, {}, form)

    def granted(self, answer: Answer) -> Granted:
        """The token; a new refresh token is kept first. Raises BadAnswer."""
        granted = granted_by(answer, hint="Check `api_url`: it must be https://webexapis.com.")
        if granted.refresh_lifetime_s is not None:
            self.refresh_ends_ns = answer.sent_ns + granted.refresh_lifetime_s * _NS
        new = granted.refresh_token
        if new and new != self._sent.refresh_token:
            self._keep(KeptToken(self._sent.origin, new))
        return granted

    def refusal(self, answer: Answer) -> SourceError:
        """What a refusal means. When a kept token is refused, the configured one is tried next."""
        try:
            body = _REFUSED.validate_json(answer.body)
        except ValidationError:
            body = _REFUSED.validate_python({})
        word = body.error if _ERROR_WORD.match(body.error) else ""
        shown = f"{word} {safe_text(body.tracking_id, _TRACKING_CHARS)}".strip()
        is_kept = _origin(self._sent.refresh_token) != self._sent.origin
        if is_kept and answer.status == _BAD_REQUEST and word in {"invalid_grant", ""}:
            self._refused, self._kept = self._sent.refresh_token, None
            return Unreachable(
                "the refresh token that the service gave last is refused",
                hint="The configured one is tried next.",
            )
        return refused_by(answer, word=word, shown=shown, hint=_HINTS.get(word, _DEFAULT_HINT))

    def _choose(self, configured: str) -> KeptToken:
        origin = _origin(configured)
        if self._kept is None and self._store is not None:
            self._kept = self._store.load()
        kept = self._kept
        if kept is None or kept.origin != origin or kept.refresh_token == self._refused:
            return KeptToken(origin, configured)
        return kept

    def _keep(self, kept: KeptToken) -> None:
        self._kept = kept
        self.is_rotated = True
        if self._store is None:
            return
        try:
            self._store.save(kept)
        except OSError as error:
            self.not_saved = error.strerror or type(error).__name__
        else:
            self.not_saved = ""


def _origin(refresh_token: str) -> str:
    return hashlib.sha256(refresh_token.encode()).hexdigest()
