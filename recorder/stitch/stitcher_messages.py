"""What the stitcher tells itself: results of its jobs and timers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import DutyMessage, Ping
from cluster.ports import Outcome
from recorder.scn.messages import StitcherCommand
from recorder.stitch.backlog import Wish
from recorder.stitch.looking import Looked
from recorder.stitch.stitching import Stitched


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to look again; `number` tells an old timer from the last one."""

    number: int


@dataclass(frozen=True, slots=True)
class LookDone:
    """What there is to stitch ahead of time; `reign` tells whose duty it was looked for."""

    reign: int
    outcome: Outcome[Looked]


@dataclass(frozen=True, slots=True)
class StitchDone:
    """What came of one contact."""

    wish: Wish
    outcome: Outcome[Stitched]


StitcherInbox: TypeAlias = StitcherCommand | DutyMessage | Ping | LookDue | LookDone | StitchDone
