"""OAuth account credentials as Zoom grants them to a Server-to-Server app."""

from __future__ import annotations

import base64
import re
from typing import Annotated

import httpx
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError

from recorder.adapters.http.client import Answer, build_request
from recorder.adapters.http.errors import safe_text
from recorder.adapters.http.oauth import Granted, granted_by, read_secret, refused_by
from recorder.errors import SourceError
from recorder.ports.recording import Secrets

_ERROR_WORD = re.compile(r"^[a-z_]{1,40}$")
_REASON_CHARS = 100
_HINTS = {
    "invalid_client": (
        "Zoom does not know the app or refuses its secret: check `client_id` and `client_secret`, and "
        "that the app is activated."
    ),
    "invalid_request": "Check `account_id`: it is on the app's credentials page.",
    "unsupported_grant_type": "The app must be of the kind Server-to-Server OAuth.",
    "invalid_grant": "Check `account_id`, and that the app is activated.",
    "access_denied": "The app was deactivated or revoked: activate it in the Zoom Marketplace.",
}


def _text(value: object) -> object:
    return value if isinstance(value, str) else ""


class _Refused(BaseModel):
    error: Annotated[str, BeforeValidator(_text)] = ""
    reason: Annotated[str, BeforeValidator(_text)] = ""


_REFUSED = TypeAdapter(_Refused)


class AccountGrant:
    """Tokens of one Server-to-Server app for one account; they live an hour and are not refreshed."""

    def __init__(
        self,
        *,
        token_url: str,
        account_id: str,
        client_id: str,
        secret_reference: str,
        secrets: Secrets,
    ) -> None:
        self._token_url = token_url
        self._account_id = account_id
        self._client_id = client_id
        self._secret_reference = secret_reference
        self._secrets = secrets

    def __repr__(self) -> str:
        return f"AccountGrant(client_id={self._client_id!r})"

    def request(self, client: httpx.Client) -> httpx.Request:
        """Id and secret as HTTP Basic, the account in a form. Raises AuthRefused."""
        secret = read_secret(self._secrets, self._secret_reference)
        basic = base64.b64encode(f"{self._client_id}:{secret}".encode()).decode()
        form = {"grant_type": "account_credentials", "account_id": self._account_id}
        headers = {"Authorization": f"Basic {basic}"}
        return build_request(client, "POST", self._token_url, headers, form)

    def granted(self, answer: Answer) -> Granted:
        """The token. Raises BadAnswer."""
        return granted_by(answer, hint="Check `oauth_url`: it must be Zoom's, https://zoom.us.")

    def refusal(self, answer: Answer) -> SourceError:
        """Bodies are `{"reason", "error"}`, another shape than the API's own errors."""
        try:
            body = _REFUSED.validate_json(answer.body)
        except ValidationError:
            body = _Refused()
        word = body.error if _ERROR_WORD.match(body.error) else ""
        shown = f"{word} {safe_text(body.reason, _REASON_CHARS)}".strip()
        default = (
            "Check `account_id`, `client_id` and `client_secret`, and that the app is activated."
        )
        return refused_by(answer, word=word, shown=shown, hint=_HINTS.get(word, default))
