"""The web application of one node. Plain `def` endpoints: each runs in a worker thread."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from recorder.desk.control import NodeControl
from recorder.errors import ArchiveError, BadCursor, DataCenterError, RecorderError
from recorder.web.agent_routes import agent_router
from recorder.web.audit_routes import audit_router
from recorder.web.certificate_request_routes import certificate_request_router
from recorder.web.certificate_routes import certificate_router
from recorder.web.command_routes import command_router
from recorder.web.das_routes import das_router
from recorder.web.desktop_routes import desktop_route
from recorder.web.finding_routes import finding_router
from recorder.web.health_routes import health_router
from recorder.web.limits import BodyLimit
from recorder.web.login_routes import login_router
from recorder.web.page_headers import PageHeaders
from recorder.web.page_routes import page_router
from recorder.web.parameters import only_known_parameters
from recorder.web.read_routes import read_router
from recorder.web.recovery_routes import recovery_router
from recorder.web.refusals import add_refusals, error_body
from recorder.web.rendition_routes import rendition_router
from recorder.web.replay_routes import replay_router
from recorder.web.retention_routes import retention_router
from recorder.web.scrub_routes import scrub_router
from recorder.web.webhook_routes import webhook_router
from recorder.web.webhook_tally import WebhookTally
from recorder.web.why_routes import why_router

_log = structlog.get_logger(__name__)


class _Application(FastAPI):
    """Describes itself with the form of every refusal."""

    def openapi(self) -> dict[str, Any]:
        """The document, made at the first question for it."""
        if self.openapi_schema is None:
            add_refusals(super().openapi())
        return super().openapi()


def create_app(control: NodeControl) -> FastAPI:
    """Every route of a node. Every refusal is `{"error": {"message", "hint"}}`."""
    app = _Application(
        title=f"Tandem node {control.node}",
        version=control.build,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(only_known_parameters)],
    )
    app.add_middleware(BodyLimit)
    app.add_middleware(PageHeaders)
    tally = WebhookTally(control.clock)
    app.include_router(health_router(control, tally))
    app.include_router(rendition_router(control))
    app.include_router(replay_router(control))
    app.include_router(read_router(control))
    app.include_router(command_router(control))
    app.include_router(agent_router(control))
    app.include_router(audit_router(control))
    app.include_router(scrub_router(control))
    app.include_router(das_router(control))
    app.include_router(certificate_request_router(control))
    app.include_router(certificate_router(control))
    app.include_router(recovery_router(control))
    app.include_router(finding_router(control))
    app.include_router(why_router(control))
    app.include_router(retention_router(control))
    app.include_router(webhook_router(control, tally))
    app.include_router(login_router(control))
    app.include_router(page_router(control))
    app.router.routes.append(desktop_route(control))
    _add_refusals(app)
    return app


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    def http_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail: object = error.detail  # a dict where our own routes refuse
        if isinstance(detail, dict):
            return JSONResponse({"error": detail}, error.status_code, error.headers)
        hint = "See /openapi.json for every route." if error.status_code in {404, 405} else ""
        body = error_body(str(error.detail), hint)
        return JSONResponse(body, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    def bad_request(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        lines = [
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors()
        ]
        body = error_body("; ".join(lines), "See /openapi.json for what is accepted.")
        return JSONResponse(body, 422)

    @app.exception_handler(BadCursor)
    def bad_cursor(_request: Request, error: Exception) -> Response:
        assert isinstance(error, BadCursor)
        return JSONResponse(error_body(str(error), error.hint), 422)

    @app.exception_handler(DataCenterError)
    @app.exception_handler(ArchiveError)
    def unavailable(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RecorderError)
        return JSONResponse(error_body(str(error), error.hint), 503)

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        _log.error("request_failed", path=request.url.path, problem=type(error).__name__)
        body = error_body("The node failed to answer this.", "Its log says why: request_failed.")
        return JSONResponse(body, 500)
