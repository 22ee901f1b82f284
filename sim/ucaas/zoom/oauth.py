"""Server-to-Server OAuth: tokens by account credentials, and the errors of its own shape."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote

from sim.clockwork.chance import stream
from sim.ucaas.http import Request, Response, decode_form
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.errors import answer_json, bad_token, no_scope

Shape = Literal["words", "numbers"]
SCOPES = (
    "archiving:read:list_archived_files:admin",
    "archiving:read:archived_file_statistics:admin",
    "archiving:read:archived_files:admin",
    "archiving:update:archived_file_auto_delete_status:admin",
    "archiving:delete:archived_files:admin",
)
NEEDED = {
    "list": ("archiving:read:list_archived_files:admin", "recording:read:admin"),
    "statistics": ("archiving:read:archived_file_statistics:admin", "recording:read:admin"),
    "row": ("archiving:read:archived_files:admin", "recording:read:admin", "recording:read"),
    "update": (
        "archiving:update:archived_file_auto_delete_status:admin",
        "recording:write:admin",
        "recording:write",
    ),
    "delete": ("archiving:delete:archived_files:admin", "recording:write:admin"),
}
"""Any of these scopes suffices."""
_TOKEN_LIFE_S = 3599.0
TOKEN_BEGINS = "eyJzdiI6IjAwMDAwMSIsImFsZyI6IkhTNTEyIn0."  # noqa: S105 - its public part
"""Of every access token."""


@dataclass(frozen=True, slots=True)
class ClientApp:
    """A Server-to-Server app of the account: one for each recorder node."""

    client_id: str
    secret: str = field(repr=False)
    token_life_s: float = _TOKEN_LIFE_S
    scopes: tuple[str, ...] = SCOPES
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class _Token:
    client_id: str
    expires_us: int


class Authority:
    """Gives out tokens for one account and knows to whom a token belongs.

    `refused_status` of a wrong client, and whether errors are told in `words` or in `numbers`, are what
    sources tell differently.
    """

    def __init__(
        self,
        *,
        account: str,
        api_url: str,
        clients: Iterable[ClientApp],
        seed: int,
        refused_status: int = 400,
        shape: Shape = "words",
    ) -> None:
        self._account = account
        self._api_url = api_url
        self._clients = {client.client_id: client for client in clients}
        self._tokens: dict[str, _Token] = {}
        self._chance = stream(seed, "oauth")
        self._refused_status = refused_status
        self._shape: Shape = shape

    def register(self, client: ClientApp) -> None:
        """Add or change an app."""
        self._clients[client.client_id] = client

    def revoke(self, client_id: str) -> None:
        """Refuse every token given so far to this client, or to all; whose they were stays known."""
        for token, known in self._tokens.items():
            if client_id in {"", known.client_id}:
                self._tokens[token] = replace(known, expires_us=0)

    @staticmethod
    def client_named(request: Request) -> str:
        """The client id in a token request, true or not."""
        return _credentials(request)[0]

    def token(self, request: Request, now_us: int, *, wrong_secret: bool) -> Response:
        """Answer a token request."""
        given = dict(request.parameters()) | dict(
            decode_form(request.body.decode(errors="replace"))
        )
        client_id, secret = _credentials(request)
        client = self._clients.get(client_id)
        if request.method != "POST":
            return self._error(405, 4706, "invalid_request", "Only POST is supported")
        if client is None or secret != client.secret or wrong_secret:
            text = "Invalid client_id or client_secret"
            return self._error(self._refused_status, 4702, "invalid_client", text)
        if given.get("grant_type") != "account_credentials":
            return self._error(400, 4705, "unsupported_grant_type", "unsupported grant type")
        if given.get("account_id") != self._account:
            return self._error(400, 2001, "invalid_request", "Account does not exist")
        if not client.enabled:
            return self._error(400, 4717, "invalid_request", "The app has been disabled")
        token = f"{TOKEN_BEGINS}{self._chance.getrandbits(512):0128x}"
        expires_us = now_us + int(client.token_life_s * SECOND_US)
        self._tokens[token] = _Token(client_id, expires_us)
        return answer_json(
            200,
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": int(client.token_life_s),
                "scope": " ".join(client.scopes),
                "api_url": self._api_url,
            },
        )

    def _error(self, status: int, number: int, word: str, text: str) -> Response:
        if self._shape == "numbers":
            return answer_json(status, {"code": number, "message": text})
        return answer_json(status, {"reason": text, "error": word})

    def owner(self, request: Request) -> str:
        """Whose token it is, even if it ran out; empty when nobody's."""
        known = self._tokens.get(_bearer(request))
        return known.client_id if known else ""

    def admit(self, request: Request, now_us: int, need: str | None) -> str:
        """Whose token it is, when it may do `need`. Raises Refusal (401, 400)."""
        known = self._tokens.get(_bearer(request))
        if known is None:
            raise bad_token(expired=False)
        client = self._clients[known.client_id]
        if now_us >= known.expires_us or not client.enabled:
            raise bad_token(expired=True)
        if need is not None and not set(NEEDED[need]).intersection(client.scopes):
            raise no_scope(NEEDED[need])
        return known.client_id


def _bearer(request: Request) -> str:
    """Only the header counts: a token in the query is not looked at."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _credentials(request: Request) -> tuple[str, str]:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(secret)
