"""The admin API under `/_sim/`: faults, calls, statistics, polls, ground truth and clock, as JSON.

GET or POST; errors are `{"error": text}` with 400 or 404.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.audio import Recording
from sim.truth import to_json
from sim.ucaas.dynamics.mix import CallMix, MixOptions
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.fault_parameters import checked
from sim.ucaas.faults import ActiveFault, Fault, FaultKind, Target
from sim.ucaas.http import Content, Request, Response

PREFIX = "/_sim/"
_SECOND_US = 1_000_000
_Answer: TypeAlias = "dict[str, Any] | list[Any]"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultBody(_Model):
    """A fault to switch on; `for_s` counts from now."""

    kind: FaultKind
    requests: tuple[str, ...] = ()
    client: str = ""
    item: str = ""
    count: int | None = Field(None, ge=1)
    for_s: float | None = Field(None, gt=0)
    parameters: dict[str, bool | float | str] = {}


class RecordingBody(_Model):
    """One recording; `audio` is a number of the bank (by length), or a size in bytes makes one."""

    audio: int = 0
    size_bytes: Annotated[int, Field(ge=1000)] | None = None
    row_delay_s: float = 0.5
    file_delay_s: float | None = 0.5
    backdate_s: float = 0.0
    stamp_us: int | None = None
    bumps_s: tuple[float, ...] = ()
    replace_after_s: float | None = None
    delete_after_s: float | None = None


class LegBody(_Model):
    """One session."""

    agent: int = 0
    seconds: float = 20.0
    answer: Literal["accepted", "rejected", "timed_out"] = "accepted"
    consult: int | None = None
    hold_s: float = 0.0


class CallBody(_Model):
    """One call that ends `ends_in_s` from now (or ended, when negative)."""

    ends_in_s: float = 0.0
    legs: tuple[LegBody, ...] = (LegBody(),)
    recordings: tuple[RecordingBody, ...] = (RecordingBody(),)
    outbound: bool = False
    customer: int = 0
    transcript: bool = False
    removed_after_s: float | None = None


class MixBody(_Model):
    """`count` drawn calls that end within `over_s`, or with `calls_per_minute` a feed without end."""

    seed: int = 1
    count: int = Field(0, ge=0)
    over_s: float = Field(0.0, ge=0)
    calls_per_minute: float | None = Field(None, ge=0)
    options: dict[str, float | tuple[float, float]] = {}


class CallsBody(_Model):
    """Calls to place: written out, or drawn."""

    calls: tuple[CallBody, ...] = ()
    mix: MixBody | None = None


class Admin:
    """Puts the admin API before a service: `handle` answers both."""

    def __init__(self, *, service: FakeDynamics, bank: tuple[Recording, ...]) -> None:
        self._service = service
        self._bank = bank
        self._sized: dict[int, Recording] = {}

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
            checked(body.kind, body.parameters, body.requests)
            until_us = None
            if body.for_s is not None:
                until_us = self._service.clock()["now_us"] + int(body.for_s * _SECOND_US)
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
        body = CallsBody.model_validate_json(request.body)
        now_us = self._service.clock()["now_us"]
        scripts = [self._script(call, now_us) for call in body.calls]
        if body.mix is not None:
            mix = self._mix(body.mix)
            scripts += mix.over(now_us, body.mix.over_s, body.mix.count)
            if body.mix.calls_per_minute is not None:
                self._service.feed(mix, body.mix.calls_per_minute)
        return {"placed": [asdict(placed) for placed in self._service.place(scripts)]}

    def _mix(self, body: MixBody) -> CallMix:
        options: dict[str, Any] = dict(body.options)
        return CallMix(bank=self._bank, seed=body.seed, options=MixOptions(**options))

    def _script(self, body: CallBody, now_us: int) -> CallScript:
        return CallScript(
            end_us=now_us + int(body.ends_in_s * _SECOND_US),
            legs=tuple(Leg(**leg.model_dump()) for leg in body.legs),
            recordings=tuple(self._recording(part) for part in body.recordings),
            outbound=body.outbound,
            customer=body.customer,
            transcript=body.transcript,
            removed_after_s=body.removed_after_s,
        )

    def _recording(self, body: RecordingBody) -> RecordingScript:
        values = body.model_dump(exclude={"audio", "size_bytes"})
        return RecordingScript(audio=self._audio(body), **values)

    def _audio(self, body: RecordingBody) -> Recording:
        if body.size_bytes is None:
            return self._bank[body.audio]
        known = self._sized.get(body.size_bytes)
        if known is None:
            known = self._sized[body.size_bytes] = of_size(self._bank, body.size_bytes)
        return known

    def _recordings(self, request: Request, rest: str) -> _Answer:
        if request.method != "DELETE":
            raise ValueError("only DELETE /_sim/recordings/<key>")
        return {"removed": int(self._service.delete_recording(rest))}

    def _polls(self, request: Request, _rest: str) -> _Answer:
        after = int(dict(request.parameters()).get("after", "0"))
        return [asdict(poll) for poll in self._service.polls(after)]


def of_size(bank: tuple[Recording, ...], size_bytes: int) -> Recording:
    """A playable recording of about that size, cut from or joined of the longest of the bank."""
    longest = max(bank, key=lambda item: item.seconds)
    frame_bytes = 288
    wanted = size_bytes // frame_bytes * frame_bytes
    copies = -(-wanted // len(longest.data))
    data = (longest.data * copies)[:wanted]
    seconds = longest.seconds * wanted / len(longest.data)
    return Recording(f"{size_bytes}-bytes.mp3", seconds, data)


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
