"""What befalls the frames between the two nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from sim.stand_ins.network import Weather
from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Option, Rule, number, share, ways_of

if TYPE_CHECKING:
    from sim.world.world import World

_LONG: Final = (3.0, 8.0, 20.0, 45.0)


def _begin(weather_of: Callable[[Fault], Weather], world: World, fault: Fault) -> End:
    network, weather, ways = world.network, weather_of(fault), ways_of(fault)
    for way in ways:
        network.begin(*way, weather)

    def end() -> None:
        for way in ways:
            network.end(*way, weather)

    return end


def _weather(
    weather_of: Callable[[Fault], Weather], what: str, options: Mapping[str, Option]
) -> Rule:
    return Rule(partial(_begin, weather_of), Hits.LINK, what, _LONG, options)


def link_reset(world: World, fault: Fault) -> None:
    """Streams break in the middle of a frame."""
    for source, target in ways_of(fault):
        world.network.tear(source, target, fault.number("share", 0.5))


def old_frames(world: World, fault: Fault) -> None:
    """A stream breaks for its sender alone."""
    hold_s, late_s = fault.number("hold_s", 1.0), fault.number("late_s", 0.005)
    for source, target in ways_of(fault):
        world.network.orphan(source, target, hold_s=hold_s, late_s=late_s)


RULES: Final[Mapping[str, Rule]] = {
    "cut": _weather(
        lambda _: Weather(is_cut=True),
        "Nothing passes; what waits at the cut arrives when it heals.",
        {},
    ),
    "link_slow": _weather(
        lambda fault: Weather(
            delay_s=fault.number("delay_s", 0.2), jitter_s=fault.number("jitter_s", 0.0)
        ),
        "Frames take longer.",
        {
            "delay_s": number(0.05, 0.3, 1.0, 3.0, what="how much longer; 0.2", high=60.0),
            "jitter_s": number(0.05, 0.5, 2.0, what="more at random, up to so much; 0", high=60.0),
        },
    ),
    "link_spikes": _weather(
        lambda fault: Weather(
            spikes=fault.number("share", 0.05), spike_s=fault.number("seconds", 2.0)
        ),
        "A few frames take much longer, and all behind them with them.",
        {
            "share": share(0.02, 0.1, what="how many; 0.05"),
            "seconds": number(0.5, 2.0, 6.0, what="how much longer; 2", high=60.0),
        },
    ),
    "link_loss": _weather(
        lambda fault: Weather(loss=fault.number("share", 0.2)),
        "Segments are lost and sent again: the whole stream waits for them, as with TCP.",
        {"share": share(0.05, 0.2, 0.5, 0.8, what="how many; 0.2")},
    ),
    "link_doubled": _weather(
        lambda fault: Weather(doubled=fault.number("share", 0.2)),
        "Frames arrive twice.",
        {"share": share(0.05, 0.3, what="how many; 0.2")},
    ),
    "link_reordered": _weather(
        lambda fault: Weather(
            overtaken=fault.number("share", 0.2), behind_s=fault.number("seconds", 0.5)
        ),
        "Frames are overtaken by those behind them.",
        {
            "share": share(0.05, 0.3, what="how many; 0.2"),
            "seconds": number(0.01, 0.5, 2.0, what="how late they come at most; 0.5", high=60.0),
        },
    ),
    "link_reset": Rule(
        link_reset,
        Hits.LINK,
        "Streams break in the middle of the next frame.",
        options={"share": share(0.01, 0.5, 0.99, what="how much of it arrives; 0.5", high=1.0)},
    ),
    "old_frames": Rule(
        old_frames,
        Hits.LINK,
        "A stream breaks for its sender alone; what it last said arrives beside the new stream.",
        options={
            "hold_s": number(0.2, 1.0, 3.0, what="how long frames are held back; 1", high=60.0),
            "late_s": number(
                *(0.001, 0.005, 0.05, 0.5),
                what="how long after the break they arrive; 0.005",
                high=60.0,
            ),
        },
    ),
}
