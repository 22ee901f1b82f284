"""Named points at which a fault may wait to strike (`Fault.at_next`).

| Point | Reached when |
|---|---|
| `append`, `fsync`, `rename`, `put`, … | the node is about to do so: see recorder.traps |
| `make` | the program that makes a contact replayable is at work |
| `save:state`, `save:progress` | the new file is written and synced, and not yet renamed |
| `actor:Message` | the actor is about to handle such a message |
| `request:list`, `request:list:2` | such a request (its second page) has reached the service, unanswered |
| `call:commit` | the node is about to call the Data Center |
| `done:commit` | the Data Center did it; the node has not heard |
| `drop:claim` | the node is about to take a file with ids |
| `role:candidate` | the node has taken the role, in the middle of the step that does |

A point of the other node than the fault's is written `beta/role:primary`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cluster.frames import Role
from recorder.errors import ConfigError
from recorder.traps import POINTS
from sim.world.incident import NODES

TRAPS: Final = (*POINTS, "save:state", "save:progress")
REQUESTS: Final = ("token", "whoami", "list", "query", "row", "sas", "blob")
MORE_REQUESTS: Final = ("metadata", "statistics", "download", "file")
"""Those that Dynamics does not know: Webex tells of a call, Zoom counts, leads on to a file, and gives it."""
PAGES: Final = (1, 2)
CHANGES: Final = (
    *("acquire", "renew", "transfer", "release", "record_found", "commit", "record_outcome"),
    *("record_events", "save_progress", "record_role_change", "put", "sync"),
)
"""Calls that change the Data Center."""
CALLS: Final = ("look", "unfinished", "due_retries", "load_progress", *CHANGES)
MESSAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "archiver": ("ArchiveItem", "Committed", "Replayed"),
    "distributor": (
        *("ClaimsDue", "Distribute", "PairChanged", "PeerJobFrame", "WorkDone", "WorkFailed"),
        *("WorkMoved", "WorkerReady"),
    ),
    "ingester": ("FetchEnded", "ItemArchived", "RunJob"),
    "link": ("BeatDue", "Closed", "DialFailed", "Opened", "Received", "RedialDue", "SendFrame"),
    "monitor": ("AlarmRaised", "RoleChanged"),
    "pair": (
        *("Drained", "HealthChanged", "LeaseAnswered", "PeerGone", "PeerRefused", "PeerSaid"),
        *("PeerUp", "StateRead", "StateSaved", "TickDue"),
    ),
    "poller": (
        *("DutyGranted", "DutyWithdrawn", "FoundRecorded", "JobAssigned", "JobBroken"),
        *("JobFinished", "MarksHeard", "PageChecked", "PageListed", "PollDue", "ProgressLoaded"),
        *("ProgressSaved", "SaveDue"),
    ),
}
"""Messages of each actor worth to be struck at."""
ROLES: Final = tuple(
    f"role:{role.value}" for role in Role if role not in {Role.STARTING, Role.FAULTED}
)

_PAGE: Final = re.compile(r"request:list:[1-9]\d{0,3}")


KEEPING: Final = ("decide", "begin_deletion", "finish_deletion", "delete", "done_deletion")
"""Calls of retention, which only happen where something is ever deleted."""
RECOVERING: Final = (
    *("request_recovery", "cancel_recovery", "resume_recovery"),
    *("record_section", "tend_recovery", "end_recovery"),
)
"""Calls of recoveries, which only happen where somebody asks for one."""
DROPS: Final = ("claim", "take_over", "read", "decide", "result", "finish")
"""What is done to a file with ids, which only happens where somebody puts one down."""
COMPARING: Final = ("begin_run", "record_step", "end_run", "settle")
"""Calls of reconciliation, which only happen where something is compared."""
REPLAYING: Final = ("screens_record_rendition", "screens_record_parts", "screens_forget_part")
"""Calls about screens and renditions."""
MAKE: Final = "make"
"""The program that makes contacts replayable is at work."""


def points() -> tuple[str, ...]:
    """Every point to draw from, always in the same order."""
    return (
        *TRAPS,
        *ROLES,
        *(f"call:{call}" for call in CALLS),
        *(f"done:{call}" for call in CHANGES),
        *(f"request:{request}" for request in REQUESTS),
        *(f"request:list:{page}" for page in PAGES),
        *(f"{actor}:{message}" for actor, names in MESSAGES.items() for message in names),
    )


def more_points() -> tuple[str, ...]:
    """Those that only other sources than Dynamics come to."""
    return tuple(f"request:{request}" for request in MORE_REQUESTS)


def keeping_points() -> tuple[str, ...]:
    """Those that only worlds with a retention policy, reconciliation, recoveries or files with ids come to."""
    calls = (*KEEPING, *COMPARING, *RECOVERING)
    steps = (f"drop:{step}" for step in DROPS)
    return (*(f"call:{call}" for call in calls), *(f"done:{call}" for call in calls), *steps)


def replay_points() -> tuple[str, ...]:
    """Those that only worlds come to in which contacts are made replayable."""
    calls = (f"{when}:{call}" for call in REPLAYING for when in ("call", "done"))
    return (MAKE, *calls)


def parted(at_next: str) -> tuple[str, str]:
    """The node (or none, ``) and the point of a fault's `at_next`. Raises ConfigError."""
    node, slash, point = at_next.rpartition("/")
    if slash and node not in NODES:
        raise ConfigError(
            f"there is no node {node!r}", hint=f"A point of a node is NODE/POINT; {_known(NODES)}"
        )
    every = (*points(), *more_points(), *keeping_points(), *replay_points())
    if point not in every and not _PAGE.fullmatch(point):
        raise ConfigError(f"there is no point {point!r}", hint=_known(every))
    return node, point


def is_message(point: str) -> bool:
    """Whether an actor has to be watched for it."""
    return point.partition(":")[0] in MESSAGES


def _known(words: tuple[str, ...]) -> str:
    return f"Known: {', '.join(words)}."
