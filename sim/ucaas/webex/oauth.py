"""Tokens of integrations and service apps: grants, lives, and whose a token is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import urlencode

from sim.clockwork.chance import stream
from sim.ucaas.http import Request, Response, decode_form
from sim.ucaas.webex.errors import Refusal, answer_json, bad, not_found
from sim.ucaas.webex.instants import SECOND_US
from sim.ucaas.webex.people import Owner, owner

COMPLIANCE, ADMIN, USER = "compliance", "admin", "user"
_SCOPES = {
    COMPLIANCE: ("spark-compliance:recordings_read", "spark-compliance:recordings_write"),
    ADMIN: ("spark-admin:recordings_read", "spark-admin:recordings_write"),
    USER: ("spark:recordings_read", "spark:recordings_write", "spark:calls_read"),
}
_CDR_SCOPE = "spark-admin:calling_cdr_read"
_APPLICATIONS_SCOPE = "spark:applications_token"
_CODE_LIFE_US = 600 * SECOND_US


@dataclass(frozen=True, slots=True)
class ClientApp:
    """An integration or a service app: one for each recorder node."""

    client_id: str
    secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    """The one it was given at its authorisation."""
    role: str = COMPLIANCE
    """compliance, admin or user: what its tokens may see, and whether they bring download links."""
    person: int = 0
    """Number of the user it speaks for."""
    history: bool = True
    """Whether it may read the call history."""
    token_life_s: float = 43_200.0
    refresh_life_s: float = 90 * 86_400.0

    @property
    def scopes(self) -> tuple[str, ...]:
        """What its tokens may do."""
        extra = (_CDR_SCOPE,) if self.history else ()
        return (*_SCOPES[self.role], *extra, _APPLICATIONS_SCOPE)


@dataclass(frozen=True, slots=True)
class _Grant:
    client_id: str
    expires_us: int


class Authority:
    """Gives out tokens and knows to whom a token belongs. Not thread-safe: the service locks."""

    def __init__(
        self, *, org: str, clients: Iterable[ClientApp], seed: int, now_us: int, rotate: bool
    ) -> None:
        self._org = org
        self._seed = seed
        self._rotate = rotate
        self._chance = stream(seed, "oauth")
        self._clients: dict[str, ClientApp] = {}
        self._access: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._codes: dict[str, _Grant] = {}
        for client in clients:
            self.register(client, now_us)

    def register(self, client: ClientApp, now_us: int) -> None:
        """Add or change an app; its refresh token begins a new life."""
        self._clients[client.client_id] = client
        if client.refresh_token:
            expires_us = now_us + int(client.refresh_life_s * SECOND_US)
            self._refresh[client.refresh_token] = _Grant(client.client_id, expires_us)

    def revoke(self, client_id: str) -> None:
        """Refuse every access token given so far to this client, or to all; their owners stay known."""
        for token, grant in self._access.items():
            if client_id in {"", grant.client_id}:
                self._access[token] = replace(grant, expires_us=0)

    # -- giving ----

    def authorize(self, request: Request, now_us: int) -> Response:
        """The code flow begins: the user agrees at once, and the browser is sent on with a code."""
        asked = dict(request.parameters())
        client_id, back = asked.get("client_id", ""), asked.get("redirect_uri", "")
        if client_id not in self._clients or asked.get("response_type") != "code" or not back:
            raise bad("client_id, response_type=code and redirect_uri are needed.")
        code = f"{self._chance.getrandbits(256):064x}"
        self._codes[code] = _Grant(client_id, now_us + _CODE_LIFE_US)
        answer = {"code": code} | ({"state": asked["state"]} if "state" in asked else {})
        joint = "&" if "?" in back else "?"
        return Response(302, (("Location", f"{back}{joint}{urlencode(answer)}"),))

    def token(
        self, request: Request, now_us: int, *, wrong_secret: bool, grant_expired: bool
    ) -> Response:
        """Answer `/v1/access_token`. Raises Refusal (400, 401)."""
        if request.method != "POST":
            raise Refusal(405, "The method is not supported.")
        form = dict(decode_form(request.body.decode("utf-8", "replace")))
        client = self._clients.get(form.get("client_id", ""))
        if client is None or wrong_secret or form.get("client_secret") != client.secret:
            raise _oauth(401, "invalid_client", "The client id or the client secret is wrong.")
        match form.get("grant_type"):
            case "refresh_token":
                given = "" if grant_expired else form.get("refresh_token", "")
                self._check(self._refresh, given, client, now_us, "The refresh token")
                return self._give(client, given, now_us)
            case "authorization_code":
                self._check(self._codes, form.get("code", ""), client, now_us, "The code")
                del self._codes[form["code"]]
                return self._give(client, "", now_us)
            case other:
                raise _oauth(400, "unsupported_grant_type", f"There is no grant type '{other}'.")

    def app_token(self, request: Request, now_us: int) -> Response:
        """Answer `/v1/applications/{id}/token`: a service app's first pair. Raises Refusal."""
        app, given = request.path.split("/")[3], json_object(request.body)
        client = self._clients.get(str(given.get("clientId", "")))
        if client is None or app not in {client.client_id, f"app-{client.client_id}"}:
            raise not_found("The service app")
        if given.get("clientSecret") != client.secret:
            raise Refusal(401, "The client secret is wrong.")
        if not isinstance(given.get("targetOrgId"), str):
            raise bad("targetOrgId is required.")
        return self._give(client, "", now_us)

    @staticmethod
    def client_named(request: Request) -> str:
        """The client id in a token request, true or not."""
        form = dict(decode_form(request.body.decode("utf-8", "replace")))
        return form.get("client_id", "")

    def _check(
        self, grants: dict[str, _Grant], token: str, client: ClientApp, now_us: int, what: str
    ) -> None:
        grant = grants.get(token)
        if grant is None or grant.client_id != client.client_id or now_us >= grant.expires_us:
            raise _oauth(400, "invalid_grant", f"{what} is expired, revoked, malformed or invalid.")

    def _give(self, client: ClientApp, refresh_token: str, now_us: int) -> Response:
        """A new access token; using a refresh token renews its life, or makes a new one of it."""
        if self._rotate or not refresh_token:
            self._refresh.pop(refresh_token, None)
            refresh_token = f"{self._chance.getrandbits(384):096x}"
        refresh_us = int(client.refresh_life_s * SECOND_US)
        self._refresh[refresh_token] = _Grant(client.client_id, now_us + refresh_us)
        access_token = f"{self._chance.getrandbits(512):0128x}_PF84_{self._org}"
        life_us = int(client.token_life_s * SECOND_US)
        self._access[access_token] = _Grant(client.client_id, now_us + life_us)
        return answer_json(
            200,
            {
                "access_token": access_token,
                "expires_in": life_us // SECOND_US,
                "refresh_token": refresh_token,
                "refresh_token_expires_in": refresh_us // SECOND_US,
                "token_type": "Bearer",
                "scope": " ".join(client.scopes),
            },
        )

    # -- asking ----

    def holder(self, request: Request) -> str:
        """Whose token a request carries, even if it ran out; empty when nobody's."""
        grant = self._access.get(_bearer(request))
        return "" if grant is None else grant.client_id

    def client_of(self, request: Request, now_us: int) -> ClientApp:
        """Whose valid token a request carries. Raises Refusal (401)."""
        grant = self._access.get(_bearer(request))
        if grant is None or now_us >= grant.expires_us:
            raise Refusal(
                401,
                "The request requires a valid access token set in the Authorization request header.",
                headers=(("WWW-Authenticate", 'Bearer realm="webexapis.com"'),),
            )
        return self._clients[grant.client_id]

    def person_of(self, client: ClientApp) -> Owner:
        """The user for whom a client speaks."""
        return owner(self._seed, client.person)


def json_object(body: bytes) -> dict[str, Any]:
    """A body that must be a JSON object. Raises Refusal (400)."""
    try:
        value = json.loads(body)
    except ValueError:
        raise bad("The body is no JSON.") from None
    if not isinstance(value, dict):
        raise bad("The body is no JSON object.")
    return cast("dict[str, Any]", value)


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _oauth(status: int, word: str, text: str) -> Refusal:
    """The body speaks both dialects: of OAuth, and of the other end points."""
    return Refusal(status, text, more={"error": word, "error_description": text})
