"""Who may use the API: bearer tokens, each with a name and roles.

`web.token` is the token of `admin`, who may everything. A token of `web.tokens` may what its roles say: `admin`
everything, `das` ask the data access service, `replay` read and listen. Without any configured token a node
listens on loopback only (`config.py` sees to it); reading is then open to whoever is on this computer,
changing is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog
from fastapi import Request

from recorder.control import NodeControl
from recorder.errors import ConfigError
from recorder.web.refusals import refuse

_log = structlog.get_logger(__name__)

_SCHEME = "bearer"
ADMIN: Final = "admin"
DAS: Final = "das"
REPLAY: Final = "replay"
USER_HEADER: Final = "x-tandem-user"
"""The name of the person at the other end, as their program says it: told, not proven."""
_USER_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """Of the token; `anonymous` where none is configured."""
    roles: frozenset[str]
    user: str = ""
    """What USER_HEADER said."""

    @property
    def actor(self) -> str:
        """For the audit trail."""
        return self.name if not self.user else f"{self.name} ({self.user})"

    def may(self, role: str) -> bool:
        """An admin may everything."""
        return role in self.roles or ADMIN in self.roles


ANONYMOUS: Final = Caller("anonymous", frozenset({REPLAY}))


def require_reader(control: NodeControl) -> Callable[[Request], None]:
    """A dependency that lets readers in."""

    def check(request: Request) -> None:
        caller = known_caller(control, request)
        if caller is None:
            _refuse_token()
        if not caller.may(REPLAY):
            _refuse_role(REPLAY)

    return check


def require_admin(control: NodeControl) -> Callable[[Request], None]:
    """A dependency that lets those in who may change something."""
    return require_role(control, ADMIN)


def require_role(control: NodeControl, role: str) -> Callable[[Request], None]:
    """A dependency that lets in whose token has this role, or is an admin's."""

    def check(request: Request) -> None:
        caller = known_caller(control, request)
        if caller is ANONYMOUS:
            refuse(
                403,
                "This node has no admin token, so nothing can be changed here.",
                'Set web.token = "file:PATH" in its configuration and restart it.',
            )
        if caller is None:
            _refuse_token()
        if not caller.may(role):
            _refuse_role(role)

    return check


def known_caller(control: NodeControl, request: Request) -> Caller | None:
    """Whose token the request carries; None when it is nobody's. Refuses when no token can be read."""
    tokens = _tokens(control)
    if not tokens:
        return ANONYMOUS
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    given = given.strip() if scheme.lower() == _SCHEME else ""
    user = request.headers.get(USER_HEADER, "")[:_USER_CHARS_MAX]
    found: Caller | None = None
    for name, roles, token in tokens:  # all of them, so that time tells nothing
        if hmac.compare_digest(given.encode(), token.encode()) and token:
            found = Caller(name, roles, user if user.isprintable() else "")
    return found


def caller_of(control: NodeControl, request: Request) -> Caller:
    """As `known_caller`, where a dependency let the request in already."""
    return known_caller(control, request) or ANONYMOUS


def _tokens(control: NodeControl) -> list[tuple[str, frozenset[str], str]]:
    try:
        admin = control.admin_token()
        found = [] if admin is None else [(ADMIN, frozenset({ADMIN}), admin)]
        return found + [(one.name, one.roles, one.read()) for one in control.tokens]
    except ConfigError as error:
        # The path is for the log of the node, not for whoever asks.
        _log.error("admin_token_unreadable", problem=str(error), hint=error.hint)
        refuse(503, "A token of this node cannot be read.", "See the log of the node.")


def _refuse_token() -> NoReturn:
    refuse(
        401,
        "The token is missing or wrong.",
        "Set TANDEM_TOKEN or TANDEM_TOKEN_FILE, or use --config.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _refuse_role(role: str) -> NoReturn:
    refuse(
        403,
        f"This token has not the role {role}.",
        "Use another token, or add the role to this one: web.tokens.NAME.roles.",
    )
