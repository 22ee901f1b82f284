"""The authority: tokens by client credentials, in the answers and error codes of Entra."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.errors import Refusal
from sim.ucaas.dynamics.lexer import instant_text
from sim.ucaas.http import Content, Request, Response, decode_form

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class ClientApp:
    """An app registration: one for each recorder node."""

    client_id: str
    secret: str = field(repr=False)
    token_life_s: float = 3599.0
    has_user: bool = True
    """Whether the environment has an application user for it; 403 otherwise."""


@dataclass(frozen=True, slots=True)
class _Token:
    client_id: str
    expires_us: int


class Entra:
    """Gives out tokens for one organisation and knows to whom a token belongs."""

    def __init__(
        self,
        *,
        authority_url: str,
        org_url: str,
        tenant: str,
        clients: Iterable[ClientApp],
        seed: int,
    ) -> None:
        self._authority_url = authority_url
        self._org_url = org_url
        self._tenant = tenant
        self._clients = {client.client_id: client for client in clients}
        self._tokens: dict[str, _Token] = {}
        self._chance = stream(seed, "entra")

    def register(self, client: ClientApp) -> None:
        """Add or change an app registration."""
        self._clients[client.client_id] = client

    def revoke(self, client_id: str) -> int:
        """Refuse every token given so far to this client, or to all; returns how many.

        Whose they were stays known, so that refused requests count for the right client.
        """
        gone = [t for t, known in self._tokens.items() if client_id in {"", known.client_id}]
        for token in gone:
            self._tokens[token] = replace(self._tokens[token], expires_us=0)
        return len(gone)

    def openid(self, tenant: str) -> Response:
        """The discovery document."""
        base = f"{self._authority_url}/{tenant}"
        return answer_json(
            200,
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "grant_types_supported": ["client_credentials"],
            },
        )

    @staticmethod
    def client_named(request: Request) -> str:
        """The client id in a token request, true or not."""
        return _credentials(request)[0]

    def token(self, request: Request, tenant: str, now_us: int, *, wrong_secret: bool) -> Response:
        """Answer a token request."""
        form = dict(decode_form(request.body.decode("utf-8", "replace")))
        client_id, secret = _credentials(request)
        client = self._clients.get(client_id)
        if request.method != "POST":
            return self._error(
                400, "invalid_request", 900561, "The endpoint only accepts POST.", now_us
            )
        if tenant.lower() != self._tenant.lower():
            return self._error(
                400, "invalid_request", 90002, f"Tenant '{tenant}' not found.", now_us
            )
        if form.get("grant_type") != "client_credentials":
            text = f"The app requested an unsupported grant type '{form.get('grant_type')}'."
            return self._error(400, "unsupported_grant_type", 70003, text, now_us)
        if client is None:
            text = f"Application with identifier '{client_id}' was not found in the directory."
            return self._error(400, "unauthorized_client", 700016, text, now_us)
        if wrong_secret or secret != client.secret:
            return self._error(
                401, "invalid_client", 7000215, "Invalid client secret provided.", now_us
            )
        refused = self._check_audience(form, now_us)
        return refused or self._give(client, now_us)

    def _check_audience(self, form: dict[str, str], now_us: int) -> Response | None:
        scope, resource = form.get("scope"), form.get("resource")
        if scope is not None:
            if not scope.endswith("/.default"):
                text = f"The provided value for scope {scope} is not valid. It needs /.default."
                return self._error(400, "invalid_scope", 1002012, text, now_us)
            resource = scope.removesuffix("/.default")
        if resource is None:
            return self._error(
                400, "invalid_request", 900144, "The body must contain 'scope'.", now_us
            )
        if resource.rstrip("/").lower() != self._org_url.rstrip("/").lower():
            text = f"The resource principal named {resource} was not found in the tenant."
            return self._error(400, "invalid_resource", 500011, text, now_us)
        return None

    def _give(self, client: ClientApp, now_us: int) -> Response:
        token = self._make_token(client, now_us)
        life_s = int(client.token_life_s)
        self._tokens[token] = _Token(
            client.client_id, now_us + int(client.token_life_s * _SECOND_US)
        )
        return answer_json(
            200,
            {
                "token_type": "Bearer",
                "expires_in": life_s,
                "ext_expires_in": life_s,
                "access_token": token,
            },
        )

    def _make_token(self, client: ClientApp, now_us: int) -> str:
        claims = {"aud": self._org_url, "appid": client.client_id, "iat": now_us // _SECOND_US}
        parts = ({"typ": "JWT", "alg": "RS256"}, claims | {"uti": guid(self._chance)})
        texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
        return ".".join(
            text.rstrip("=") for text in (*texts, f"{self._chance.getrandbits(256):064x}")
        )

    def client_of(self, request: Request, now_us: int) -> str:
        """Whose token the request carries. Raises Refusal (401)."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        known = self._tokens.get(token.strip()) if kind.lower() == "bearer" else None
        if known is None or now_us >= known.expires_us:
            raise Refusal(401, "", "", (self._challenge(),))
        return known.client_id

    def _challenge(self) -> tuple[str, str]:
        authority = f"{self._authority_url}/{self._tenant}/oauth2/authorize"
        return (
            "WWW-Authenticate",
            f"Bearer authorization_uri={authority}, resource_id={self._org_url}/",
        )

    def owner(self, request: Request) -> str:
        """Whose token it is, even if it ran out; empty when nobody's."""
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        known = self._tokens.get(token)
        return known.client_id if known else ""

    def has_user(self, client_id: str) -> bool:
        """Whether the environment knows this client."""
        return self._clients[client_id].has_user

    def _error(self, status: int, error: str, code: int, text: str, now_us: int) -> Response:
        trace, correlation = guid(self._chance), guid(self._chance)
        stamp = instant_text(now_us).replace("T", " ")
        return answer_json(
            status,
            {
                "error": error,
                "error_description": f"AADSTS{code}: {text}\r\nTrace ID: {trace}"
                f"\r\nCorrelation ID: {correlation}\r\nTimestamp: {stamp}",
                "error_codes": [code],
                "timestamp": stamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"{self._authority_url}/error?code={code}",
            },
        )


def _credentials(request: Request) -> tuple[str, str]:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote(client_id), unquote(secret)
    form = dict(decode_form(request.body.decode("utf-8", "replace")))
    return form.get("client_id", ""), form.get("client_secret", "")


def answer_json(
    status: int, value: object, headers: tuple[tuple[str, str], ...] = (), kind: str = ""
) -> Response:
    """A JSON answer."""
    body = json.dumps(value, separators=(",", ":")).encode()
    kind = kind or "application/json; charset=utf-8"
    return Response(status, (("Content-Type", kind), *headers), Content((body,)))
