"""The web application of one node. Plain `def` endpoints: each runs in a worker thread."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse, Response

from recorder.control import NodeControl
from recorder.errors import ArchiveError, DataCenterDown, RecorderError
from recorder.web.command_routes import command_router
from recorder.web.health_routes import health_router
from recorder.web.read_routes import read_router


def create_app(control: NodeControl) -> FastAPI:
    """Every route of a node. Every refusal is `{"error": {"message", "hint"}}`."""
    app = FastAPI(
        title=f"Tandem node {control.node}",
        version=control.build,
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(health_router(control))
    app.include_router(read_router(control))
    app.include_router(command_router(control))

    @app.exception_handler(HTTPException)
    def http_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail: object = error.detail
        body = detail if isinstance(detail, dict) else {"message": str(detail), "hint": ""}
        return JSONResponse({"error": body}, status_code=error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    def bad_request(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        lines = [
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors()
        ]
        return _error(422, "; ".join(lines), "See /openapi.json for what is accepted.")

    @app.exception_handler(DataCenterDown)
    @app.exception_handler(ArchiveError)
    def unavailable(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RecorderError)
        return _error(503, str(error), error.hint)

    return app


def _error(status: int, message: str, hint: str) -> Response:
    return JSONResponse({"error": {"message": message, "hint": hint}}, status_code=status)
