"""Worlds for tests of rules: run with faults, with looks into them on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

_NS = 1_000_000_000


class _Heard:
    """Passes everything on to a behaviour and keeps it."""

    def __init__(self, behaviour, keep):
        self.behaviour = behaviour
        self.keep = keep

    def on_start(self):
        self.behaviour.on_start()

    def on_message(self, message):
        self.keep(message)
        self.behaviour.on_message(message)

    def on_stop(self):
        self.behaviour.on_stop()


@dataclass
class Lived:
    """A world and what its actors heard: (seconds, node, actor, message)."""

    world: World
    heard: list[tuple[float, str, str, object]] = field(default_factory=list)
    seen: dict[float, object] = field(default_factory=dict)
    """What the looks saw, by their instant."""

    def messages(self, kind, node="", after_s=0.0):
        """Messages of one type, in order."""
        return [
            message
            for at_s, whose, _, message in self.heard
            if isinstance(message, kind) and node in {"", whose} and at_s >= after_s
        ]


def live(
    *faults: Fault,
    seed: int = 1,
    minutes: float = 2.0,
    looks: dict[float, Callable[[World], object]] | None = None,
    workload: Workload | None = None,
    good: bool = True,
) -> Lived:
    """Run a world with these faults; every promise must hold. `looks` are taken at their instants."""
    incident = Incident(
        seed=seed, minutes=minutes, faults=faults, workload=workload or Workload(6.0)
    )
    world = World(incident)
    lived = Lived(world)

    def around(node, actor, behaviour):
        def keep(message):
            lived.heard.append((world.kernel.now_ns / _NS, node, actor, message))

        return _Heard(behaviour, keep)

    world.hooks.around = around
    for at_s, look in (looks or {}).items():
        world.kernel.schedule(
            round(at_s * _NS),
            lambda at_s=at_s, look=look: lived.seen.update({at_s: look(world)}),
            label="look",
        )
    report = world.run()
    if good:
        assert report.good, [str(one) for one in report.violations]
    return lived
