"""What the screen recorder tells itself, and everything it handles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import Ping, ShareMessage
from cluster.ports import Outcome
from recorder.scn.messages import ScreenRecorderCommand
from recorder.screen.file_jobs import FilesReport
from recorder.screen.late_masks import MasksLooked, PartsForgotten
from recorder.screen.part_job import PartsReport
from recorder.screen.past_legs import PastTold
from recorder.screen.undecided_job import Decisions


@dataclass(frozen=True, slots=True)
class TickDue:
    """Once a keep-alive."""


@dataclass(frozen=True, slots=True)
class FilesRan:
    """A job on the files is over."""

    outcome: Outcome[FilesReport]


@dataclass(frozen=True, slots=True)
class FilesDue:
    """After a failure: go on."""


@dataclass(frozen=True, slots=True)
class PartsRan:
    """A job on the archive is over."""

    keys: tuple[str, ...]
    outcome: Outcome[PartsReport]


@dataclass(frozen=True, slots=True)
class PartsDue:
    """After an outage: try again."""


@dataclass(frozen=True, slots=True)
class RefusedDue:
    """Time to try again what the archive refused."""


@dataclass(frozen=True, slots=True)
class DecideDue:
    """Time to look after parts nobody decided about."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody looked."""

    outcome: Outcome[Decisions]


ScreenRecorderMessage: TypeAlias = (
    ScreenRecorderCommand
    | Ping
    | ShareMessage
    | TickDue
    | FilesRan
    | FilesDue
    | PartsRan
    | PartsDue
    | RefusedDue
    | DecideDue
    | Decided
    | MasksLooked
    | PartsForgotten
    | PastTold
)

TimerMessage: TypeAlias = TickDue | FilesDue | PartsDue | RefusedDue | DecideDue
