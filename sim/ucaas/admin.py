"""The admin API under `/_sim/`: faults, calls, statistics, polls, ground truth and clock, as JSON.

GET or POST; errors are `{"error": text}` with 400 or 404. It serves any kind of fake.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

from pydantic import Field, ValidationError

from sim.truth import to_json
from sim.ucaas.fake import FakeService, Orders
from sim.ucaas.fault_parameters import checked
from sim.ucaas.faults import ActiveFault, Fault, FaultKind, Target
from sim.ucaas.http import Content, Request, Response
from sim.ucaas.orders import StrictModel
from sim.ucaas.surroundings import SECOND_US

PREFIX = "/_sim/"
_Answer: TypeAlias = "dict[str, Any] | list[Any]"


class FaultBody(StrictModel):
    """A fault to switch on; `for_s` counts from now."""

    kind: FaultKind
    requests: tuple[str, ...] = ()
    client: str = ""
    item: str = ""
    count: int | None = Field(None, ge=1)
    for_s: float | None = Field(None, gt=0)
    parameters: dict[str, bool | float | str] = Field(default_factory=dict[str, bool | float | str])


class Admin:
    """Puts the admin API before a service: `handle` answers both."""

    def __init__(self, *, service: FakeService[Any], orders: Orders) -> None:
        self._service = service
        self._orders = orders

    def handle(self, request: Request) -> Response:
        """Admin requests here, all others to the service."""
        if not request.path.startswith(PREFIX):
            return self._service.handle(request)
        what, _, rest = request.path.removeprefix(PREFIX).partition("/")
        parts: Mapping[str, Callable[[Request, str], _Answer]] = {
            "faults": self._faults,
            "calls": self._calls,
            "recordings": self._recordings,
            "statistics": lambda _request, _rest: self._service.statistics(),
            "polls": self._polls,
            "truth": lambda _request, _rest: to_json(self._service.truth()),
            "clock": lambda _request, _rest: dict(self._service.clock()),
        }
        part = parts.get(what)
        if part is None:
            return _json(404, {"error": f"no such thing: {what}; there are {', '.join(parts)}"})
        try:
            return _json(200, part(request, rest))
        except (ValidationError, ValueError, TypeError, IndexError) as error:
            return _json(400, {"error": str(error)})

    def _faults(self, request: Request, rest: str) -> _Answer:
        if request.method == "POST":
            body = FaultBody.model_validate_json(request.body)
            checked(body.kind, body.parameters, body.requests, self._service.manners)
            until_us = None
            if body.for_s is not None:
                until_us = self._service.clock()["now_us"] + int(body.for_s * SECOND_US)
            target = Target(body.requests, body.client, body.item)
            fault = Fault(body.kind, target, body.count, until_us, body.parameters)
            return {"number": self._service.add_fault(fault)}
        if request.method == "DELETE":
            removed = (
                self._service.remove_fault(int(rest)) if rest else self._service.clear_faults()
            )
            return {"removed": int(removed)}
        return [_fault(entry) for entry in self._service.faults()]

    def _calls(self, request: Request, _rest: str) -> _Answer:
        return {"placed": self._orders.place(request.body)}

    def _recordings(self, request: Request, rest: str) -> _Answer:
        if request.method != "DELETE":
            raise ValueError("only DELETE /_sim/recordings/<key>")
        return {"removed": int(self._service.delete_recording(rest))}

    def _polls(self, request: Request, _rest: str) -> _Answer:
        after = int(dict(request.parameters()).get("after", "0"))
        return [asdict(poll) for poll in self._service.polls(after)]


def _fault(entry: ActiveFault) -> dict[str, Any]:
    fault = entry.fault
    return {
        "number": entry.number,
        "kind": fault.kind.value,
        "requests": list(fault.target.requests),
        "client": fault.target.client,
        "item": fault.target.item,
        "count": fault.count,
        "hits": entry.hits,
        "until_us": fault.until_us,
        "parameters": dict(fault.parameters),
    }


def _json(status: int, value: object) -> Response:
    body = json.dumps(value).encode()
    return Response(status, (("Content-Type", "application/json"),), Content((body,)))
