"""Routes of logging in and out: what a page needs before it may ask anything else.

They are no part of the described API: programs send their token with each request.
"""

from __future__ import annotations

import math
from typing import Annotated, Final, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from recorder.desk.control import NodeControl
from recorder.web.auth import (
    ANONYMOUS,
    PAGE_HEADER,
    REPLAY,
    USER_CHARS_MAX,
    Caller,
    caller_with_token,
    known_caller,
)
from recorder.web.login_cookie import COOKIE, Login, claimed, signed
from recorder.web.login_patience import LoginPatience
from recorder.web.refusals import error_body, refuse

_ELSEWHERE: Final = error_body(
    "You are logged out of this node and this browser; the other node could not be told yet.",
    "The Data Center does not answer. This node tells it as soon as it does; if the login may be in wrong hands and "
    "this node is to be stopped before that, change the token.",
)


class LoginBody(BaseModel):
    """A token, and how the person at the keyboard is called in the audit trail."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=1000)]
    user: Annotated[str, Field(max_length=USER_CHARS_MAX)] = ""


class WhoView(BaseModel):
    """Who asks, and whom."""

    name: str
    user: str | None = None
    roles: list[str]
    anonymous: bool
    """Nobody logs in here: no token is configured, and only this computer can ask."""
    node: str
    cluster: str
    build: str

    @staticmethod
    def of(caller: Caller, control: NodeControl) -> WhoView:
        """For a caller of this node."""
        return WhoView(
            name=caller.name,
            user=caller.user or None,
            roles=sorted(caller.roles),
            anonymous=caller is ANONYMOUS,
            node=control.node,
            cluster=control.cluster,
            build=control.build,
        )


def login_router(control: NodeControl) -> APIRouter:
    """Log in, ask who one is, log out."""
    router = APIRouter(prefix="/api/v1/login", include_in_schema=False)
    _add_log_in(router, control)

    @router.get("")
    def who(request: Request) -> Response:
        """Who the request's login or token belongs to."""
        caller = known_caller(control, request)
        if caller is None:
            refuse(401, "Nobody is logged in.", "Log in at /login.")
        return _who(caller, control)

    @router.delete("")
    def log_out(request: Request) -> Response:
        """End the login, in this browser and for whoever has a copy of it."""
        answer = Response(status_code=204)
        caller = known_caller(control, request)
        if caller is not None and caller is not ANONYMOUS:
            control.audit.record("logout", control.node, caller.actor, {})
            if not _ended(control, request):
                answer = JSONResponse(_ELSEWHERE, 503)
        answer.delete_cookie(COOKIE, path="/", samesite="strict", httponly=True)
        return answer

    return router


def _add_log_in(router: APIRouter, control: NodeControl) -> None:
    patience = LoginPatience()

    @router.post("")
    def log_in(body: LoginBody, request: Request) -> Response:
        """Exchange a token for a cookie."""
        if PAGE_HEADER not in request.headers:
            refuse(403, "Only the page itself logs in.", f"Send the header {PAGE_HEADER}.")
        address = request.client.host if request.client else "unknown"
        wait_s = patience.begin(address, control.clock.monotonic_ns())
        if wait_s > 0:
            _refuse_haste(wait_s)
        token, user = body.token.strip(), body.user.strip()
        caller = caller_with_token(control, token)
        if caller is None:
            control.audit.record("login_refused", control.node, address, {})
            refuse(
                401,
                "No token of this node is like that.",
                "It is the content of the file behind web.token, or behind web.tokens.NAME.token, "
                "in the node's configuration.",
            )
        patience.was_right(address)
        if caller is ANONYMOUS:
            return _who(caller, control)
        if not caller.may(REPLAY):
            refuse(
                403,
                f"The token {caller.name} opens no page: its roles are {_listed(caller)}.",
                "Use one with the role replay or admin.",
            )
        caller = Caller(caller.name, caller.roles, user if user.isprintable() else "")
        control.audit.record("login", control.node, caller.actor, {"address": address})
        answer = _who(caller, control)
        _set_cookie(answer, request, control, caller, token)
        return answer


def _ended(control: NodeControl, request: Request) -> bool:
    """Whether both nodes know now, or will, that the login of this request is over."""
    login = claimed(request.cookies.get(COOKIE, ""))
    if login is None or control.logins is None:
        return True
    return control.logins.end(login.login_id, login.until_us)


def _who(caller: Caller, control: NodeControl) -> JSONResponse:
    return JSONResponse(WhoView.of(caller, control).model_dump(exclude_none=True))


def _set_cookie(
    answer: Response, request: Request, control: NodeControl, caller: Caller, token: str
) -> None:
    until_us = control.clock.wall_us() + int(control.login_s * 1e6)
    login = Login(caller.name, caller.user, until_us, control.randomness.token())
    if control.logins is not None:
        control.logins.made(login.login_id)
    answer.set_cookie(
        COOKIE,
        signed(login, token),
        max_age=int(control.login_s),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _listed(caller: Caller) -> str:
    return ", ".join(sorted(caller.roles))


def _refuse_haste(wait_s: float) -> NoReturn:
    seconds = math.ceil(wait_s)
    refuse(
        429,
        f"Too many wrong tokens: the next try is heard in {seconds} s.",
        "Wait, then try again; other logins and programs go on meanwhile.",
        headers={"Retry-After": str(seconds)},
    )
