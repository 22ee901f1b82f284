"""Health, role and metrics: open to load balancers, supervisors and scrapers, without a token."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from cluster.frames import Role
from cluster.status import PairStatus
from recorder.desk.control import NodeControl
from recorder.figures import lag_s
from recorder.web.health import Health, liveness, readiness
from recorder.web.metrics import metrics_registry
from recorder.web.open_findings import open_findings
from recorder.web.refusals import documented
from recorder.web.views import FindingView
from recorder.web.webhook_tally import WebhookTally

_LAG = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h|)$")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_READ = ["GET", "HEAD"]


class HealthView(BaseModel):
    """A verdict with its reasons."""

    ok: bool
    reasons: list[str]


_UNWELL: dict[int | str, dict[str, Any]] = {503: {"model": HealthView}}
_NOT_HERE: dict[int | str, dict[str, Any]] = {503: {"description": "another role, in plain text"}}
_ODD_LAG: dict[int | str, dict[str, Any]] = {
    400: {"description": "a lag that is none, in plain text"},
    **documented(422),
}


class FindingsView(BaseModel):
    """What an operator should know now."""

    node: str
    live: HealthView
    ready: HealthView
    findings: list[FindingView]


def health_router(control: NodeControl, tally: WebhookTally) -> APIRouter:
    """Routes without a token."""
    router = APIRouter(tags=["health"])
    _add_health(router, control)
    _add_roles(router, control)
    registry = metrics_registry(control, tally)

    @router.get("/metrics", response_class=PlainTextResponse)
    @router.head("/metrics", include_in_schema=False)
    def metrics() -> Response:
        """Prometheus text format."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _add_health(router: APIRouter, control: NodeControl) -> None:
    def now_ns() -> int:
        return control.clock.monotonic_ns()

    def answer(health: Health) -> Response:
        body = _view(health).model_dump()
        return JSONResponse(body, status_code=200 if health.ok else 503)

    @router.get("/health/live", response_model=HealthView, responses=_UNWELL)
    @router.head("/health/live", include_in_schema=False)
    @router.api_route("/live", methods=_READ, include_in_schema=False)
    @router.api_route("/liveness", methods=_READ, include_in_schema=False)
    def live() -> Response:
        """200 while every actor answers; restarting helps when not."""
        return answer(liveness(control.board, now_ns()))

    @router.get("/health/ready", response_model=HealthView, responses=_UNWELL)
    @router.head("/health/ready", include_in_schema=False)
    @router.api_route("/ready", methods=_READ, include_in_schema=False)
    @router.api_route("/readiness", methods=_READ, include_in_schema=False)
    def ready() -> Response:
        """200 while this node could take work and the primary role."""
        return answer(readiness(control.board, now_ns()))

    @router.get("/health")
    @router.head("/health", include_in_schema=False)
    def health() -> FindingsView:
        """Always 200: everything an operator should know."""
        return FindingsView(
            node=control.node,
            live=_view(liveness(control.board, now_ns())),
            ready=_view(readiness(control.board, now_ns())),
            findings=[FindingView.of(finding) for finding in open_findings(control)],
        )


def _add_roles(router: APIRouter, control: NodeControl) -> None:
    others = ["HEAD", "OPTIONS"]

    @router.get("/primary", response_class=PlainTextResponse, responses=_NOT_HERE)
    @router.api_route("/primary", methods=others, include_in_schema=False)
    def primary() -> Response:
        """200 on the node that polls, 503 on the other."""
        pair = control.board.read("pair", PairStatus)
        return _role(pair, {Role.PRIMARY, Role.HANDING_OVER}, "primary")

    @router.get("/secondary", response_class=PlainTextResponse, responses=_NOT_HERE | _ODD_LAG)
    @router.api_route("/secondary", methods=others, include_in_schema=False)
    def secondary(lag: str | None = None) -> Response:
        """200 on the standby; with `?lag=30s` only while no source lags more."""
        pair = control.board.read("pair", PairStatus)
        if lag is not None:
            match = _LAG.match(lag)
            if match is None:
                return PlainTextResponse("lag must be like 30s or 5m\n", status_code=400)
            behind_s = lag_s(control.board, control.clock.wall_us())
            if behind_s is None or behind_s > float(match[1]) * _SECONDS[match[2]]:
                return PlainTextResponse("lags too far behind\n", status_code=503)
        return _role(pair, {Role.SECONDARY}, "secondary")


def _view(health: Health) -> HealthView:
    return HealthView(ok=health.ok, reasons=list(health.reasons))


def _role(pair: PairStatus | None, wanted: set[Role], name: str) -> Response:
    role = pair.role.value if pair else "starting"
    ok = pair is not None and pair.role in wanted
    return PlainTextResponse(
        f"{name}\n" if ok else f"not {name}: {role}\n", status_code=200 if ok else 503
    )
