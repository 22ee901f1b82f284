"""What is going on in a world as a whole: lives, roles and faults, for the promises that depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cluster.frames import Role
from sim.checkers.liveness import Disruption, Takeovers
from sim.checkers.no_needless_failover import Needless
from sim.checkers.one_primary import Pollers
from sim.checkers.violation import Violation
from sim.world.incident import NODES, Fault

_NS: Final = 1_000_000_000
CALM_S: Final = 20.0
"""A takeover is judged when nothing was wrong for so long."""
_LITTLE_LOSS: Final = 0.2
_JITTER_S: Final = 0.3
_SLOW_DISK_S: Final = 2.0
_DRIFT_PPM: Final = 500.0
_LINK: Final = frozenset({"cut", "pause", "slow_node", "clock_drift"})
_CENTER: Final = frozenset({"answers_lost", "lease_clock_jump"})
_HARMLESS: Final = frozenset(
    {
        *("clock_jump", "service_far", "service_slow", "service_stall", "service_truncate"),
        *("service_html", "service_empty", "service_late", "service_repeat_rows"),
        *("service_deleted_before_download", "service_link_expired", "service_redirect"),
        *("hold", "recovery", "object_damage", "object_stray", "rows_lost", "accept"),
    }
)


def is_benign(fault: Fault) -> bool:
    """Whether the primary must stay through it: L3."""
    match fault.kind:
        case "link_loss":
            return fault.number("share", 0.2) < _LITTLE_LOSS
        case "link_slow":
            return fault.number("delay_s", 0.2) + fault.number("jitter_s", 0.0) <= _JITTER_S
        case "link_spikes":
            return fault.number("seconds", 2.0) <= _JITTER_S
        case "disk_slow":
            return fault.number("seconds", 1.0) <= _SLOW_DISK_S
        case "clock_drift":
            return abs(fault.number("ppm", _DRIFT_PPM)) <= _DRIFT_PPM
        case _:
            return fault.kind in _HARMLESS


class Situation:
    """Feeds L1, L3 and S6 with what happens around the nodes."""

    def __init__(
        self, *, now_ns: Callable[[], int], sources: Sequence[str], judges_takeovers: bool
    ) -> None:
        self._now_ns = now_ns
        self._pollers = {source: Pollers() for source in sources}
        self._takeovers = {source: Takeovers() for source in sources}
        self._judges_takeovers = judges_takeovers
        self._needless = Needless()
        self._faults: dict[int, Fault] = {}
        self._numbers = 0
        self._roles: dict[str, tuple[Role, int]] = {}
        """Role, and since when, of nodes that live."""
        self._awake: set[str] = set()
        self._calm_since_ns = 0
        self._breaks = 0

    @property
    def takeovers_s(self) -> tuple[float, ...]:
        """How long each takeover took that was judged, source by source."""
        return tuple(one for takeovers in self._takeovers.values() for one in takeovers.seconds)

    def fault_begins(self, fault: Fault) -> tuple[int, tuple[Violation, ...]]:
        """Returns its number for `fault_ends`, and what was broken by now."""
        self._numbers += 1
        self._faults[self._numbers] = fault
        if not is_benign(fault):
            self._needless.begins(self._now_ns())
        self._look_apart()
        return self._numbers, self.over()

    def fault_ends(self, number: int) -> tuple[Violation, ...]:
        """It is over."""
        fault = self._faults.pop(number)
        if not is_benign(fault):
            self._needless.ends(self._now_ns())
        self._calm_since_ns = self._now_ns()
        self._look_apart()
        return self.over()

    def over(self) -> tuple[Violation, ...]:
        """Something else happens, or nothing any more: what is not taken over by now is too late."""
        now_ns = self._now_ns()
        return tuple(one for each in self._takeovers.values() for one in each.disturbed(now_ns))

    def polled(self, source: str, node: str, began_ns: int) -> tuple[Violation, ...]:
        """`node` asked for a listing of `source` that left it at `began_ns`."""
        return (
            *self._pollers[source].polled(node, began_ns),
            *self._takeovers[source].polled(node, self._now_ns()),
        )

    def life(self, node: str, what: str) -> tuple[Violation, ...]:
        """A process began or ended, was stopped or goes on."""
        found = self.over()
        if what in {"crashed", "powered_off", "paused"}:
            disruption = self._disruption(node, what)
            if disruption is not None:
                for takeovers in self._takeovers.values():
                    takeovers.disrupted(disruption)
            self._awake.discard(node)
            if what != "paused":
                self._roles.pop(node, None)
                self._relieved(node)
            for pollers in self._pollers.values():
                pollers.stopped(node)
        else:
            self._awake.add(node)
            for pollers in self._pollers.values():
                pollers.woke(node, self._now_ns())
            self._calm_since_ns = self._now_ns()
        return found

    def role(self, node: str, role: Role) -> Iterator[Violation]:
        """`node` changed its role or its term."""
        now_ns = self._now_ns()
        self._roles[node] = (role, now_ns)
        if role is Role.PRIMARY:
            for pollers in self._pollers.values():
                pollers.reign(node, now_ns)
            yield from self._needless.reign(node, now_ns)
        elif role is not Role.HANDING_OVER:
            self._relieved(node)

    def _disruption(self, node: str, what: str) -> Disruption | None:
        """Whether the end of `node` is one the other must answer within its limit."""
        now_ns = self._now_ns()
        (peer,) = (name for name in NODES if name != node)
        before_ns = now_ns - round(CALM_S * _NS)
        mine, its = self._roles.get(node), self._roles.get(peer)
        others = [fault for fault in self._faults.values() if fault.kind not in {"crash", "pause"}]
        if (
            not self._judges_takeovers
            or others
            or len(self._faults) > 1
            or self._calm_since_ns > before_ns
            or peer not in self._awake
            or mine is None
            or its is None
            or (mine[0], its[0]) != (Role.PRIMARY, Role.SECONDARY)
            or max(mine[1], its[1]) > before_ns
        ):
            return None
        kind = "death" if what == "crashed" else "silence"
        return Disruption(kind, node, now_ns)

    def _look_apart(self) -> None:
        kinds = [fault.kind for fault in self._faults.values()]
        link = any(kind in _LINK or kind.startswith(("link_", "old_")) for kind in kinds)
        center = any(kind in _CENTER or kind.startswith("data_center_") for kind in kinds)
        for pollers in self._pollers.values():
            pollers.apart(self._now_ns(), begins=link and center)

    def _relieved(self, node: str) -> None:
        for pollers in self._pollers.values():
            pollers.relieved(node, self._now_ns())
