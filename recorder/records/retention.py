"""What retention is made of, frozen: rules, holds, decisions. Instants are microseconds (`*_us`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recorder.model import Window

DAY_US = 86_400_000_000


# --- rules -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """Which interactions a policy is about: all that is given must be so. Empty: every one."""

    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Policy:
    """How long what it matches is kept."""

    name: str
    match: Match
    keep_us: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force on a node. Without a policy everything is kept for ever."""

    policies: tuple[Policy, ...] = ()
    legal_minimum_us: int = 0
    recycle_us: int = 0
    """Between decision and deletion."""


# --- holds -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """What a hold is about: all that is given must be so."""

    contact_id: str = ""
    source: str = ""
    text: str = ""
    """Names (in any case), numbers and keys that begin with it, as `tandem contact list` finds them."""
    window: Window | None = None
    """Contacts of which any part lies in it, and those of which nobody knows when they were."""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        return not (self.contact_id or self.source or self.text or self.window)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: while it is not released, nothing that it covers is deleted."""

    hold_id: str
    reason: str
    scope: Scope
    placed_us: int
    placed_by: str
    released_us: int | None = None
    released_by: str = ""
    released_because: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A hold on record, and what it came too late for."""

    hold: Hold
    already_deleted: tuple[str, ...] = ()
    """Ids of contacts it names that were deleted before; only for a hold on one contact."""


# --- contacts, as rules and holds see them ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """An interaction of a contact."""

    channel: str
    direction: str
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class KeptMedia:
    """A file of a contact, and its object in the archive."""

    media_key: str
    object_key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A contact with all that a rule or a hold may ask."""

    contact_id: str
    source: str
    session_key: str
    started_us: int | None
    ended_us: int | None
    updated_us: int
    channel: str
    direction: str
    parts: tuple[Part, ...]
    names: tuple[str, ...]
    """Of its parties, folded."""
    texts: tuple[str, ...]
    """Numbers of its parties, keys of its items and media."""
    media: tuple[KeptMedia, ...]

    @property
    def size_bytes(self) -> int:
        """Of its files."""
        return sum(one.size_bytes for one in self.media)


class Verdict(StrEnum):
    """What becomes of a contact now."""

    KEPT = "kept"
    HELD = "held"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with all it rests on: what goes on record."""

    verdict: Verdict
    why: str
    """For people."""
    policy: str = ""
    """The one that keeps it longest; empty where none is about it."""
    hold_id: str = ""
    aged_from_us: int = 0
    keep_us: int | None = None
    """None: for ever."""


# --- deletions -------------------------------------------------------------------------------------


class DeletionState(StrEnum):
    """How far a deletion is."""

    DUE = "due"
    """In its recycle period, or just after it. Nothing is lost yet."""
    DELETING = "deleting"
    """Objects may be gone; whoever is primary finishes it, or stops it for a hold."""
    DELETED = "deleted"
    AGAIN = "again"
    """Deleted, and a node that was away put its files into the archive once more: they go again."""
    WITHDRAWN = "withdrawn"
    """By a hold, an operator or a longer rule."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return self in {DeletionState.DUE, DeletionState.DELETING, DeletionState.AGAIN}


@dataclass(frozen=True, slots=True)
class Deletion:
    """A decision on record, and what became of it."""

    contact_id: str
    number: int
    """From 1: a contact may be decided upon again."""
    source: str
    session_key: str
    policy: str
    decision: Mapping[str, object]
    """What it rests on: age, limits, rules."""
    state: DeletionState
    reason: str
    decided_us: int
    due_us: int
    """The end of the recycle period."""
    ended_us: int | None
    node: str
    term: int
    size_bytes: int
    media: tuple[KeptMedia, ...] = ()
    """What is deleted; known from DELETING on."""
    trouble: str = ""
    """Why the last try failed; it stepped aside for the others."""
    tries: int = 0
    """That failed, one after the other."""
    again_us: int = 0
    """Not tried before this instant."""


@dataclass(frozen=True, slots=True)
class Order:
    """One step of one deletion, under the rules of now."""

    contact_id: str
    number: int
    rules: Rules
    now_us: int


@dataclass(frozen=True, slots=True)
class DeletionQuery:
    """Which deletions to list, newest decision first."""

    states: tuple[DeletionState, ...] = ()
    source: str | None = None
    contact_id: str | None = None
    stuck_tries: int = 0
    """Only those open that failed so many times at least; 0 for all."""
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a deletion could not be done now, and when to try it again."""

    contact_id: str
    number: int
    why: str
    now_us: int


@dataclass(frozen=True, slots=True)
class DeletionList:
    """A page of deletions; `next` is None on the last."""

    rows: tuple[Deletion, ...]
    next: str | None


# --- walks, plans and runs -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """A page of the contacts that began before `before_us`, the oldest first."""

    before_us: int
    after: tuple[int, str] | None = None
    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class Example:
    """A contact that a plan would delete."""

    contact_id: str
    source: str
    started_us: int | None
    policy: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a walk found due: what would die, or was put on record as due."""

    looked_at: int = 0
    contacts: int = 0
    bytes: int = 0
    held: int = 0
    """Old enough, and kept by a hold."""
    oldest_us: int | None = None
    examples: tuple[Example, ...] = ()
    next: tuple[int, str] | None = None
    """Where the walk goes on; None at its end."""
    due: tuple[str, ...] = ()
    """Ids of the contacts of one page that are due; empty for a whole walk."""
    held_contacts: tuple[str, ...] = ()
    """Ids of the first of those that a hold keeps."""
    truncated: bool = False
    """A plan that was cut short: the numbers are lower bounds."""
    newest_us: int | None = None
    """From when the age counts of the newest that is due, as `oldest_us` of the oldest."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What rules would delete, as it was shown, and who agreed."""

    plan_id: str
    made_us: int
    made_by: str
    rules: Rules
    survey: Surveyed
    confirmed_us: int | None = None
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of retention on the primary."""

    run_id: str
    started_us: int
    ended_us: int | None
    node: str
    term: int
    outcome: str
    """running, done or stopped."""
    rules: Rules
    contacts: int
    """Found due in this run."""
    bytes: int
