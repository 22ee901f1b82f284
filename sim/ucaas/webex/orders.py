"""Calls from JSON: written out leg by leg and recording by recording, or drawn."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.audio import Recording, of_size
from sim.ucaas.orders import MixBody, StrictModel, drawn
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.webex.mix import CallMix, MixOptions
from sim.ucaas.webex.scripts import CallScript, Change, Leg, RecordingScript
from sim.ucaas.webex.service import FakeWebex


class ChangeBody(StrictModel):
    """What becomes of a recording so long after its file."""

    after_s: float
    what: Literal["trash", "restore", "purge", "delete", "reassign", "prevent_download"]


class RecordingBody(StrictModel):
    """One recording; `audio` is a number of the bank (by length), or a size in bytes makes one."""

    audio: int = 0
    size_bytes: Annotated[int, Field(ge=1000)] | None = None
    leg: int = 0
    begins_s: float = 0.0
    create_delay_s: float = 0.5
    backdate_s: float = 0.0
    stamp_us: int | None = None
    file_delay_s: float | None = 0.5
    unready: Literal["size", "link"] = "size"
    transcript: bool = False
    notes: bool = False
    changes: tuple[ChangeBody, ...] = ()


class LegBody(StrictModel):
    """One half of a call."""

    owner: int = 0
    seconds: float = 20.0
    kind: Literal["user", "place", "virtualLine", "callQueue"] = "user"
    answered: bool = True
    hold_s: float = 0.0
    consult: int | None = None


class CallBody(StrictModel):
    """One call that ends `ends_in_s` from now (or ended, when negative)."""

    ends_in_s: float = 0.0
    legs: tuple[LegBody, ...] = (LegBody(),)
    recordings: tuple[RecordingBody, ...] = (RecordingBody(),)
    outbound: bool = False
    customer: int = 0
    internal: bool = False
    queue: bool = False
    history_delay_s: float = 60.0
    history_repeats: bool = False


class CallsBody(StrictModel):
    """Calls to place: written out, or drawn."""

    calls: tuple[CallBody, ...] = ()
    mix: MixBody | None = None


class CallOrders:
    """`sim.ucaas.fake.Orders` for the fake Webex organisation."""

    def __init__(self, *, service: FakeWebex, bank: tuple[Recording, ...]) -> None:
        self._service = service
        self._bank = bank
        self._sized: dict[int, Recording] = {}

    def place(self, body: bytes) -> list[dict[str, Any]]:
        """Place what a `CallsBody` asks for. Raises ValueError, TypeError or IndexError."""
        asked = CallsBody.model_validate_json(body)
        now_us = self._service.clock()["now_us"]
        scripts = [self._script(call, now_us) for call in asked.calls]
        if asked.mix is not None:
            scripts += drawn(asked.mix, self._mix(asked.mix), self._service, now_us)
        return [asdict(placed) for placed in self._service.place(scripts)]

    def _mix(self, body: MixBody) -> CallMix:
        options: dict[str, Any] = dict(body.options)
        return CallMix(bank=self._bank, seed=body.seed, options=MixOptions(**options))

    def _script(self, body: CallBody, now_us: int) -> CallScript:
        values = body.model_dump(exclude={"ends_in_s", "legs", "recordings"})
        if any(part.leg >= len(body.legs) for part in body.recordings):
            raise ValueError("a recording names a leg that the call does not have")
        return CallScript(
            end_us=now_us + int(body.ends_in_s * SECOND_US),
            legs=tuple(Leg(**leg.model_dump()) for leg in body.legs),
            recordings=tuple(self._recording(part) for part in body.recordings),
            **values,
        )

    def _recording(self, body: RecordingBody) -> RecordingScript:
        values = body.model_dump(exclude={"audio", "size_bytes", "changes"})
        changes = tuple(Change(change.after_s, change.what) for change in body.changes)
        return RecordingScript(audio=self._audio(body), changes=changes, **values)

    def _audio(self, body: RecordingBody) -> Recording:
        if body.size_bytes is None:
            return self._bank[body.audio]
        known = self._sized.get(body.size_bytes)
        if known is None:
            known = self._sized[body.size_bytes] = of_size(self._bank, body.size_bytes)
        return known
