"""OAuth client credentials as Entra (Azure AD) grants them."""

from __future__ import annotations

import re
from typing import Annotated, cast

import httpx
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from recorder.adapters.http.client import Answer, build_request
from recorder.adapters.http.oauth import Granted, granted_by, read_secret, refused_by
from recorder.errors import SourceError
from recorder.ports.recording import Secrets

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


class _Refused(BaseModel):
    error: _Text = ""
    error_description: Annotated[_Text, Field(repr=False)] = ""
    error_codes: Annotated[tuple[int, ...], BeforeValidator(_numbers)] = ()


_REFUSED = TypeAdapter(_Refused)


class EntraGrant:
    """Tokens of one application in one tenant, for one resource (`scope`)."""

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        secret_reference: str,
        scope: str,
        secrets: Secrets,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._secret_reference = secret_reference
        self._scope = scope
        self._secrets = secrets

    def __repr__(self) -> str:
        return f"EntraGrant(client_id={self._client_id!r})"

    def request(self, client: httpx.Client) -> httpx.Request:
        """A form with the secret in it. Raises AuthRefused when there is none."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": read_secret(self._secrets, self._secret_reference),
            "scope": self._scope,
        }
        return build_request(client, "POST", self._token_url, {}, form)

    def granted(self, answer: Answer) -> Granted:
        """The token. Raises BadAnswer."""
        return granted_by(
            answer, hint="Check `authority`: it must be an Entra (Azure AD) authority."
        )

    def refusal(self, answer: Answer) -> SourceError:
        """The `error` word decides, the number only explains."""
        return refusal(answer)


def refusal(answer: Answer) -> SourceError:
    """What Entra's refusal means. The `error` word decides, the number only explains."""
    try:
        body = _REFUSED.validate_json(answer.body)
    except ValidationError:
        body = _Refused()
    word = body.error if _ERROR_WORD.match(body.error) else ""
    code = _aadsts(body)
    shown = " ".join(part for part in (word, f"AADSTS{code}" if code else "") if part)
    default = "Check `tenant`, `client_id`, `client_secret` and `org_url`."
    hint = _HINTS.get(code, _ERROR_HINTS.get(word, default))
    return refused_by(answer, word=word, shown=shown, hint=hint)


def _aadsts(body: _Refused) -> int:
    if body.error_codes:
        return body.error_codes[0]
    match = _AADSTS.search(body.error_description)
    return int(match.group(1)) if match else 0
