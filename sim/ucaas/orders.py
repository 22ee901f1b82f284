"""Bodies of orders to a fake service that are the same for every kind: what is drawn, not written out."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from sim.ucaas.fake import FakeService, Mix
from sim.ucaas.timetable import ScriptT


class StrictModel(BaseModel):
    """A body in which nothing unknown may stand."""

    model_config = ConfigDict(extra="forbid")


class MixBody(StrictModel):
    """`count` drawn ones that end within `over_s`, or with `calls_per_minute` a feed without end."""

    seed: int = 1
    count: int = Field(0, ge=0)
    over_s: float = Field(0.0, ge=0)
    calls_per_minute: float | None = Field(None, ge=0)
    options: dict[str, float | tuple[float, float]] = {}


def drawn(
    body: MixBody, mix: Mix[ScriptT], service: FakeService[Mix[ScriptT]], now_us: int
) -> list[ScriptT]:
    """What the mix is to place at once; the feed, if one is asked for, begins or ends."""
    scripts = [*mix.over(now_us, body.over_s, body.count)]
    if body.calls_per_minute is not None:
        service.feed(mix, body.calls_per_minute)
    return scripts
