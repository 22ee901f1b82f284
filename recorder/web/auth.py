"""Who may use the API: the admin token as a bearer token.

Without a configured token a node listens on loopback only (`config.py` sees to it); reading is then
open to whoever is on this computer, changing is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

import structlog
from fastapi import Request

from recorder.control import NodeControl
from recorder.errors import ConfigError
from recorder.web.refusals import refuse

_log = structlog.get_logger(__name__)

_SCHEME = "Bearer "


def require_reader(control: NodeControl) -> Callable[[Request], None]:
    """A dependency that lets readers in."""

    def check(request: Request) -> None:
        token = _token(control)
        if token is not None:
            _compare(request, token)

    return check


def require_admin(control: NodeControl) -> Callable[[Request], None]:
    """A dependency that lets those in who may change something."""

    def check(request: Request) -> None:
        token = _token(control)
        if token is None:
            refuse(
                403,
                "This node has no admin token, so nothing can be changed here.",
                'Set web.token = "file:PATH" in its configuration and restart it.',
            )
        _compare(request, token)

    return check


def _token(control: NodeControl) -> str | None:
    try:
        return control.admin_token()
    except ConfigError as error:
        # The path is for the log of the node, not for whoever asks.
        _log.error("admin_token_unreadable", problem=str(error), hint=error.hint)
        refuse(503, "The admin token of this node cannot be read.", "See the log of the node.")


def _compare(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), (_SCHEME + token).encode()):
        refuse(
            401,
            "The admin token is missing or wrong.",
            "Set TANDEM_TOKEN or TANDEM_TOKEN_FILE, or use --config.",
            headers={"WWW-Authenticate": "Bearer"},
        )
