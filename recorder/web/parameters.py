"""Query parameters that no route knows: refused, for a mistyped filter would silently answer for everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from recorder.web.refusals import refuse

_API: Final = "/api/"
_OPEN: Final = "/api/recording/"
"""Webhooks: what a service adds to an address is its own business."""


def only_known_parameters(request: Request) -> None:
    """A dependency: 422 for a query parameter that neither the route nor what it depends on takes.

    Health and role routes take what load balancers append.
    """
    route: object = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    if not route.path_format.startswith(_API) or route.path_format.startswith(_OPEN):
        return
    known = frozenset(_known(route.dependant))
    for name in request.query_params:
        if name not in known:
            refuse(
                422,
                f"query.{name[:60]!r}: there is no such parameter here.",
                f"Known: {', '.join(sorted(known)) or 'none'}.",
            )


def _known(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for other in dependant.dependencies:
        yield from _known(other)
