"""What a drill showed: figures an operator can compare with what was promised to whom."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from sim.checkers.contents import Contents, read_contents
from sim.checkers.liveness import Disruption, takeovers
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.drill.incidents import Drill
from sim.tables.data_center import MemoryArchive, MemoryContactDb
from sim.verdict import Run, judge
from sim.world.incident import NODES, Incident
from sim.world.kinds.kind import client_id
from sim.world.patience import poll_of
from sim.world.service import WorldService
from sim.world.settings import config_of
from sim.world.world import World

_NS: Final = 1_000_000_000
_INGEST_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one drill. Calls are recordings here: what is offered at the source."""

    name: str
    what: str
    takeover_s: float | None
    """From the fault to the other node's first poll; None where none was called for."""
    role_changes: int
    """New primaries after the first."""
    offered: int
    archived: int
    delayed: int
    """Archived later than a calm pair would have."""
    longest_delay_s: float
    """Of all: from the recording being there to being archived."""
    api_calls: int
    duplicates: int
    lost: int
    broken: tuple[str, ...]
    """Promises that did not hold, with what happened."""
    simulated_s: float

    @property
    def good(self) -> bool:
        """True when every promise held."""
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: no takeover where none was called for, or seen."""
        told = asdict(self) | {"good": self.good}
        if self.takeover_s is None:
            del told["takeover_s"]
        return told


def usual_delay_s(incident: Incident) -> float:
    """How long a recording waits at most when nothing goes wrong: settled, polled, fetched."""
    config = config_of(incident, NODES[0])
    polls = [poll_of(config, source) for source in incident.sources]
    return max(poll.settle_s + 2 * poll.interval_s for poll in polls) + _INGEST_S


def run_drill(drill: Drill, incident: Incident) -> Outcome:
    """Live through it and measure."""
    world = World(incident)
    report = world.run()
    contents = _contents(world)
    verdict = judge(Run(truth=world.services.truth(), contents=contents))
    delays_s = _delays_s(world, contents)
    usual_s = usual_delay_s(incident)
    history = sorted(world.data_center.contacts.history, key=lambda row: row.at_us)
    return Outcome(
        name=drill.name,
        what=drill.what,
        takeover_s=_takeover_s(world, drill),
        role_changes=max(0, sum(row.new == "primary" for row in history) - 1),
        offered=verdict.offered,
        archived=verdict.archived,
        delayed=sum(delay_s > usual_s for delay_s in delays_s),
        longest_delay_s=max(delays_s, default=0.0),
        api_calls=sum(_calls(service) for service in world.services),
        duplicates=verdict.duplicates,
        lost=verdict.lost,
        broken=tuple(str(one.violation) for one in report.violations),
        simulated_s=report.simulated_s,
    )


def _calls(service: WorldService) -> int:
    requests: Any = service.fake.statistics()["requests"]
    return sum(row["count"] for row in requests)


def _takeover_s(world: World, drill: Drill) -> float | None:
    """Until the other node had polled every source."""
    if not drill.disruption:
        return None
    disruption = Disruption(drill.disruption, NODES[0], round(drill.began_s * _NS))
    nodes = {client_id(node): node for node in NODES}
    seen = [
        takeovers([disruption], world.polls(each), nodes)[0] for each in world.services.by_source
    ]
    times_s = [one.seconds for one in seen if one.seconds is not None]
    return max(times_s) if len(times_s) == len(seen) else None


def _contents(world: World) -> Contents:
    center = world.data_center
    clock = SimClock(kernel=world.kernel, epoch=Epoch("drill", 0))
    db = MemoryContactDb(center.contacts, node="drill", clock=clock)
    return read_contents(db, MemoryArchive(center.objects))


def _delays_s(world: World, contents: Contents) -> list[float]:
    """From recordings being there to their last archiving; those still offered, in order."""
    archived_us = {(row.ref.source, row.ref.key): row.archived_us for row in contents.items}
    return [
        max(0.0, (stored_us - item.offered_us) / 1e6)
        for item in world.services.truth()
        if item.must_be_archived
        and (stored_us := archived_us.get((item.source, item.key))) is not None
    ]
