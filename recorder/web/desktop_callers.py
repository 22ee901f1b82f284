"""Which computer a token lets in: that of one desktop, any where the configuration says so, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from recorder.desk.control import NamedToken, NodeControl
from recorder.errors import ConfigError
from recorder.scn.desktop_tokens import desktop_named, is_token_of
from recorder.web.auth import ADMIN, ANONYMOUS, Caller, known_caller
from recorder.web.refusals import error_body

DESKTOP: Final = "desktop"
_SCHEME: Final = "bearer"


@dataclass(frozen=True, slots=True)
class DesktopCaller:
    """Who may register."""

    token: str
    """The name of the token in `web.tokens`, not the token."""
    desktop: str | None
    """It may name itself this and nothing else; None: anything."""


def desktop_caller(
    control: NodeControl, connection: HTTPConnection
) -> DesktopCaller | JSONResponse:
    """Who asks; or why they may not be a desktop."""
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    given = given.strip()
    if not scheme:
        return no(401, "The token is missing.", "Send it as Authorization: Bearer TOKEN.")
    try:
        caller = known_caller(control, connection)
        is_strange = caller is None and scheme.lower() == _SCHEME
        owner = _owner(control, given) if is_strange else None
    except HTTPException as error:
        return JSONResponse({"error": error.detail}, error.status_code)
    except ConfigError:
        return no(503, "A token of this node cannot be read.", "See the log of the node.")
    if owner is not None:
        return DesktopCaller(owner.name, desktop_named(given))
    if caller is None:
        return no(401, "The token is wrong.", _WRONG)
    return _unbound(control, caller)


def _unbound(control: NodeControl, caller: Caller) -> DesktopCaller | JSONResponse:
    """Whose token is of no desktop."""
    if caller is ANONYMOUS or not caller.may(DESKTOP):
        hint = 'Give its token the role: web.tokens.NAME.roles = ["desktop"].'
        return no(403, "This token has not the role desktop.", hint)
    if ADMIN not in caller.roles and not _is_shared(control, caller.name):
        what = "This is the secret behind the desktops' tokens, not the token of one."
        return no(403, what, _SECRET)
    return DesktopCaller(caller.name, None)


def no(status: int, message: str, hint: str) -> JSONResponse:
    """A refusal, as every route writes it."""
    return JSONResponse(error_body(message, hint), status)


_MAKE = "`tandem agent-desktop token --desktop ID --config NODE.toml` on a node prints it"
_WRONG = (
    f"Each desktop has its own: {_MAKE}; the secret in web.tokens must be the same on both nodes."
)
_SECRET = f"Give the desktop its own: {_MAKE}; or set web.tokens.NAME.shared = true."


def _owner(control: NodeControl, given: str) -> NamedToken | None:
    """The secret under which this is the token of a desktop. Raises ConfigError."""
    found: NamedToken | None = None
    for one in control.tokens:  # all of them, so that time tells nothing
        if DESKTOP in one.roles and is_token_of(one.read(), given):
            found = one
    return found


def _is_shared(control: NodeControl, name: str) -> bool:
    return any(one.shared for one in control.tokens if one.name == name)
