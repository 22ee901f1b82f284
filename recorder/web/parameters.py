"""Query parameters that no route knows: refused, for a mistyped filter would silently answer for everything."""

from __future__ import annotations

from typing import Any, Final, cast

from fastapi import FastAPI, Request

from recorder.web.refusals import refuse

_API: Final = "/api/"
_OPEN: Final = "/api/recording/"
"""Webhooks: what a service adds to an address is its own business."""


def only_known_parameters(request: Request) -> None:
    """A dependency: 422 for a query parameter that the description of the route does not name.

    Health and role routes take what load balancers append.
    """
    template = getattr(request.scope.get("route"), "path_format", "")
    if not template.startswith(_API) or template.startswith(_OPEN) or not request.query_params:
        return
    app: object = request.app
    assert isinstance(app, FastAPI)
    known = _known(app.openapi(), template, request.method)
    for name in request.query_params:
        if name not in known:
            refuse(
                422,
                f"query.{name[:60]!r}: there is no such parameter here.",
                f"Known: {', '.join(sorted(known)) or 'none'}.",
            )


def _known(document: dict[str, Any], template: str, method: str) -> frozenset[str]:
    operation: dict[str, Any] = document["paths"].get(template, {}).get(method.lower(), {})
    rows = cast("list[dict[str, str]]", operation.get("parameters", []))
    return frozenset(row["name"] for row in rows if row["in"] == "query")
