"""The login of a page, as a cookie that either node of a pair can verify and nobody can make.

A cookie names a token and is signed with a key derived from that token alone: a node that has the token
under the same name takes the login; a token that is changed or removed ends every login made with it. Whether
somebody logged out of one is not in the cookie.
Nothing of the token can be computed from the cookie. Pure: no clock, no I/O.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final, cast

COOKIE: Final = "tandem_login"
_PURPOSE: Final = b"tandem page login 2"
_CHARS_MAX: Final = 2048


@dataclass(frozen=True, slots=True)
class Login:
    """Who logged in with which token, until when."""

    token_name: str
    user: str
    """As the person called themselves: told, not proven."""
    until_us: int
    login_id: str
    """Of this login alone, so that it can be ended: see `recorder/desk/logins.py`."""


def signed(login: Login, token: str) -> str:
    """The value of the cookie."""
    body = json.dumps(
        [login.token_name, login.user, login.until_us, login.login_id], separators=(",", ":")
    )
    text = _encoded(body.encode())
    return f"{text}.{_encoded(_signature(text, token))}"


def claimed(cookie: str) -> Login | None:
    """What a cookie says of itself, unverified; None when it is no login."""
    body, dot, _signature_text = cookie.partition(".")
    if not dot or len(cookie) > _CHARS_MAX:
        return None
    try:
        found = cast("object", json.loads(_decoded(body)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    match found:
        case [str(name), str(user), int(until_us), str(login_id)] if not isinstance(until_us, bool):
            return Login(name, user, until_us, login_id)
        case _:
            return None


def holds(cookie: str, token: str, now_us: int) -> bool:
    """Whether the login was made with this token and is not over."""
    login = claimed(cookie)
    if login is None or not token:
        return False
    body, _dot, given = cookie.partition(".")
    right = _encoded(_signature(body, token))
    return hmac.compare_digest(given.encode(), right.encode()) and now_us < login.until_us


def _signature(text: str, token: str) -> bytes:
    key = hmac.digest(token.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
