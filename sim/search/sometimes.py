"""Interesting situations, counted: a search that never reached one proves nothing about it.

A set of runs in which a situation of `WANTED` never occurred fails, however clean it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, cast

from cluster.frames import Role
from recorder.model import ItemEvent, ItemState
from recorder.records.contacts import HistoryRow
from sim.truth import TruthItem
from sim.ucaas.statistics import Poll
from sim.world.incident import FIRST_SOURCE
from sim.world.kinds import kind_of
from sim.world.kinds.kind import client_id
from sim.world.screens import replays, stage
from sim.world.world import World

_SECOND_US: Final = 1_000_000
_TAKEOVER_US: Final = 10 * _SECOND_US
_THROTTLED: Final = 429
_PARTIAL: Final = 206
_LATE_S: Final = 8.0
_EARLY_NS: Final = 300_000_000
_FILES: Final = ("blob", "file")
_PROCESSING: Final = "still processing"

FAILOVER = "failover"
SWITCHOVER = "switchover"
BOTH_PRIMARY = "two primaries at once"
THROTTLED_TAKEOVER = "429 during takeover"
LATE = "late item"
PARKED = "parked item"
GONE = "item gone at the source"
RESUMED = "resume by Range"
TORN = "torn write"
UNKNOWN_OUTCOME = "unknown outcome"
STALE = "stale term refused"
REPLACED = "replaced recording"
HINT = "webhook made a poll"
LATE_FILE = "late file archived"
WATCHED = "file watched while it was made"
BESIDE = "source well beside one in trouble"
ID_FILE = "file with ids answered"
ID_FILE_TAKEN = "file with ids taken over"
BY_HAND = "reconciliation ordered by hand"
ITEMS_LOST = "finding items_lost"

WANTED: Final = (
    FAILOVER,
    BOTH_PRIMARY,
    THROTTLED_TAKEOVER,
    LATE,
    PARKED,
    GONE,
    RESUMED,
    TORN,
    UNKNOWN_OUTCOME,
    STALE,
    REPLACED,
    SWITCHOVER,
)


OF_SEVERAL: Final = (BESIDE,)
"""Wanted where there are several sources."""
OF_KEEPING: Final = (ID_FILE, ID_FILE_TAKEN, BY_HAND, ITEMS_LOST)
"""Wanted where somebody looks for what is missing."""
OF_KINDS: Final[Mapping[str, Sequence[str]]] = {
    "zoom": (LATE_FILE, WATCHED, HINT),
    "webex": (HINT,),
}
"""Wanted where a source of this kind is recorded."""


def wanted(
    sources: Sequence[str], *, screens: bool = False, keeping: bool = False
) -> tuple[str, ...]:
    """What a search over these sources, with screens, or with what is kept, must have seen."""
    several = OF_SEVERAL if len(sources) > 1 else ()
    kinds = dict.fromkeys(kind_of(source).name for source in sources)
    more = (name for kind in kinds for name in OF_KINDS.get(kind, ()))
    of_any = (name for name in WANTED if name != REPLACED or FIRST_SOURCE in kinds)
    return (
        *of_any,
        *several,
        *more,
        *((*stage.WANTED, *replays.WANTED) if screens else ()),
        *(OF_KEEPING if keeping else ()),
    )


def situations(world: World) -> dict[str, int]:
    """How often each situation occurred in a world that has been lived through."""
    history = in_order(world.data_center.contacts.history)
    nodes = {client_id(node): node for node in world.machines}
    polls = [poll for service in world.services for poll in service.fake.polls()]
    tables = world.data_center.contacts.items
    rows = tuple(tables.rows.values())
    archived = {(row.ref.source, row.ref.key) for row in rows if row.state == ItemState.ARCHIVED}
    truth = world.services.truth()
    found = Counter(
        {
            FAILOVER: failovers(history),
            SWITCHOVER: sum(row.old == Role.HANDING_OVER for row in history),
            BOTH_PRIMARY: overlaps(history),
            THROTTLED_TAKEOVER: throttled_takeovers(history, polls, nodes),
            LATE: sum(row.late_s > _LATE_S for row in rows),
            PARKED: sum(event.what == "parked" for event in tables.events.values()),
            GONE: sum(row.state == ItemState.GONE for row in rows),
            REPLACED: sum(item.replaced_us is not None for item in truth),
            TORN: sum(machine.disk.journal.torn for machine in world.machines.values()),
            UNKNOWN_OUTCOME: world.data_center.contacts.unanswered,
            STALE: world.data_center.contacts.refused,
            BESIDE: world.beside_trouble,
            HINT: sum(_early_polls(one.heard_ns, world.polls(one.source)) for one in world.postmen),
            LATE_FILE: _late_files(truth, archived),
            WATCHED: sum(_is_watched(event) for event in tables.events.values()),
            BY_HAND: world.reconciliation.by_hand,
            ITEMS_LOST: world.told("items_lost"),
            ID_FILE: world.drops.done,
            ID_FILE_TAKEN: world.drops.taken_over,
            **world.screens.counts(),
            **world.replays.counts(),
            RESUMED: sum(_resumed(service.fake.statistics()) for service in world.services),
        }
    )
    return {name: number for name, number in sorted(found.items()) if number}


def _late_files(truth: Iterable[TruthItem], archived: Collection[tuple[str, str]]) -> int:
    """Files that came into their conversation after others of it, and are archived."""
    late = (item for item in truth if item.late and kind_of(item.source).name == "zoom")
    return sum((item.source, item.key) in archived for item in late)


def _early_polls(hints_ns: Sequence[int], polls: Sequence[Poll]) -> int:
    """Polls that came right after a hint."""
    return sum(any(0 < poll.monotonic_ns - ns <= _EARLY_NS for poll in polls) for ns in hints_ns)


def _is_watched(event: ItemEvent) -> bool:
    return event.what == "failed" and _PROCESSING in event.detail


def never(counts: Mapping[str, int], wanted: Iterable[str] = WANTED) -> tuple[str, ...]:
    """The wanted situations that no run reached."""
    return tuple(name for name in wanted if not counts.get(name))


def added(reports: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The counts of many runs together."""
    total: Counter[str] = Counter()
    for counts in reports:
        total.update(counts)
    return dict(sorted(total.items()))


def in_order(history: Iterable[HistoryRow]) -> Sequence[HistoryRow]:
    """By instant: the rows of a world have no order."""
    return sorted(history, key=_order)


def failovers(history: Sequence[HistoryRow]) -> int:
    """How often the reign went from one node to the other."""
    reigns = [row.node for row in history if row.new == Role.PRIMARY]
    return sum(one != other for one, other in pairwise(reigns))


def overlaps(history: Sequence[HistoryRow]) -> int:
    """How often a node became primary while the other had not yet stopped being it."""
    primaries: list[str] = []
    count = 0
    for row in history:
        if row.new == Role.PRIMARY:
            count += any(node != row.node for node in primaries)
            primaries = [*(node for node in primaries if node != row.node), row.node]
        elif row.old in {Role.PRIMARY, Role.HANDING_OVER} or row.old == Role.STARTING:
            primaries = [node for node in primaries if node != row.node]
    return count


def throttled_takeovers(
    history: Sequence[HistoryRow], polls: Sequence[Poll], nodes: Mapping[str, str]
) -> int:
    """How often a new primary was asked for patience in its first ten seconds."""
    refused = [
        (nodes.get(poll.client, poll.client), poll.wall_us)
        for poll in polls
        if poll.status == _THROTTLED
    ]
    return sum(
        any(node == row.node and 0 <= at_us - row.at_us <= _TAKEOVER_US for node, at_us in refused)
        for row in history
        if row.new == Role.PRIMARY
    )


def _resumed(statistics: Mapping[str, object]) -> int:
    rows = cast("Sequence[Mapping[str, Any]]", statistics["requests"])
    return sum(
        int(row["count"]) for row in rows if row["request"] in _FILES and row["status"] == _PARTIAL
    )


def _order(row: HistoryRow) -> tuple[int, str, int]:
    return row.at_us, row.node, row.term
