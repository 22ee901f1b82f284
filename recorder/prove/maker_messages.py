"""What the maker of certificates is told: by surfaces, by its jobs and by its timers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import DutyMessage, Ping
from cluster.ports import Outcome
from recorder.messages import MakerCommand
from recorder.prove.document import Certificate
from recorder.prove.listing import Answer
from recorder.records.certificates import CertificateRequest


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to look again. Only the newest `number` counts."""

    number: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What is to be done. `run` tells an earlier duty apart, here and below."""

    run: int
    outcome: Outcome[tuple[CertificateRequest, ...]]


@dataclass(frozen=True, slots=True)
class Answered:
    """The source said what it was asked, or did not."""

    run: int
    request_id: str
    outcome: Outcome[Answer]


@dataclass(frozen=True, slots=True)
class StepDue:
    """A pause is over."""

    run: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Noted:
    """How far it is, or how it ended, is on record, or is not."""

    run: int
    request_id: str
    is_over: bool
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class Certified:
    """It is made and kept; None when somebody cancelled it before."""

    run: int
    request_id: str
    outcome: Outcome[Certificate | None]


MakerInbox: TypeAlias = (
    DutyMessage | Ping | MakerCommand | LookDue | Looked | Answered | StepDue | Noted | Certified
)
