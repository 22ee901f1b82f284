"""Who may use the API: bearer tokens, each with a name and roles.

`web.token` is the token of `admin`, who may everything. A token of `web.tokens` may what its roles say: `admin`
everything, `das` ask the data access service, `replay` read and listen. Without any configured token a node
listens on loopback only (`config.py` sees to it); reading is then open to whoever is on this computer,
changing is refused.

A page logs in once with a token (`login_routes.py`) and then carries a signed cookie. A changing request with
no more than the cookie must carry PAGE_HEADER, which no other site can make a browser send.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog
from fastapi import Request
from fastapi.requests import HTTPConnection

from recorder.desk.control import NodeControl
from recorder.errors import ConfigError
from recorder.web.login_cookie import COOKIE, claimed, holds
from recorder.web.refusals import refuse

_log = structlog.get_logger(__name__)

_SCHEME = "bearer"
ADMIN: Final = "admin"
DAS: Final = "das"
REPLAY: Final = "replay"
USER_HEADER: Final = "x-tandem-user"
"""The name of the person at the other end, as their program says it: told, not proven."""
PAGE_HEADER: Final = "x-tandem-page"
USER_CHARS_MAX: Final = 100
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


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


def known_caller(control: NodeControl, request: HTTPConnection) -> Caller | None:
    """Whose token the request carries; None when it is nobody's. Refuses when no token can be read."""
    tokens = _tokens(control)
    if not tokens:
        return ANONYMOUS
    authorization = request.headers.get("authorization", "")
    cookie = request.cookies.get(COOKIE, "")
    if not authorization and cookie:
        return _logged_in(control, request, tokens, cookie)
    scheme, _, given = authorization.partition(" ")
    found = _of_token(tokens, given.strip() if scheme.lower() == _SCHEME else "")
    if found is None:
        return None
    user = request.headers.get(USER_HEADER, "")[:USER_CHARS_MAX]
    return Caller(found.name, found.roles, user if user.isprintable() else "")


def caller_with_token(control: NodeControl, token: str) -> Caller | None:
    """Whose token this is; ANONYMOUS where none is configured, None when it is nobody's."""
    tokens = _tokens(control)
    return _of_token(tokens, token) if tokens else ANONYMOUS


def _of_token(tokens: list[tuple[str, frozenset[str], str]], given: str) -> Caller | None:
    found: Caller | None = None
    for name, roles, token in tokens:  # all of them, so that time tells nothing
        if hmac.compare_digest(given.encode(), token.encode()) and token:
            found = Caller(name, roles)
    return found


def _logged_in(
    control: NodeControl,
    connection: HTTPConnection,
    tokens: list[tuple[str, frozenset[str], str]],
    cookie: str,
) -> Caller | None:
    login, now_us = claimed(cookie), control.clock.wall_us()
    if login is None:
        return None
    for name, roles, token in tokens:
        if name == login.token_name and holds(cookie, token, now_us):
            if (
                connection.scope.get("method") not in _SAFE
                and PAGE_HEADER not in connection.headers
            ):
                refuse(
                    403,
                    "A login of a page changes something only for the page itself.",
                    f"Send the header {PAGE_HEADER}, or use a token.",
                )
            if _is_over(control, login.login_id):
                return None
            return Caller(name, roles, login.user)
    return None


def _is_over(control: NodeControl, login_id: str) -> bool:
    """Whether somebody logged out of it. Refuses when that cannot be told."""
    is_over = control.logins is not None and control.logins.is_over(login_id)
    if is_over is None:
        refuse(
            503,
            "Whether this login was ended cannot be told now: the Data Center does not answer.",
            "It goes on as soon as it answers; or log in again on this node, at /login.",
        )
    return is_over


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
        "Set TANDEM_TOKEN or TANDEM_TOKEN_FILE, or use --config; in a browser log in at /login.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _refuse_role(role: str) -> NoReturn:
    refuse(
        403,
        f"This token has not the role {role}.",
        "Use another token, or add the role to this one: web.tokens.NAME.roles.",
    )
