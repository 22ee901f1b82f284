"""Who may use the API: the admin token as a bearer token.

Without a configured token a node listens on loopback only (`node.py` sees to it); reading is then
open to whoever is on this computer, changing is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from fastapi import HTTPException, Request

from recorder.control import NodeControl

_SCHEME = "Bearer "


def require_reader(control: NodeControl) -> Callable[[Request], None]:
    """A dependency that lets readers in."""

    def check(request: Request) -> None:
        token = control.admin_token()
        if token is not None:
            _compare(request, token)

    return check


def require_admin(control: NodeControl) -> Callable[[Request], None]:
    """A dependency that lets those in who may change something."""

    def check(request: Request) -> None:
        token = control.admin_token()
        if token is None:
            raise HTTPException(
                403,
                {
                    "message": "This node has no admin token, so nothing can be changed here.",
                    "hint": 'Set web.token = "file:PATH" and restart the node.',
                },
            )
        _compare(request, token)

    return check


def _compare(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    wanted = _SCHEME + token
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise HTTPException(
            401,
            {
                "message": "The admin token is missing or wrong.",
                "hint": "Set TANDEM_TOKEN or TANDEM_TOKEN_FILE, or use --config.",
            },
            headers={"WWW-Authenticate": "Bearer"},
        )
