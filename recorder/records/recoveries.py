"""What a recovery is, on record: asked for, under way, over. Frozen; instants are microseconds (`*_us`).

A recovery lists a period at the source, asks the Data Center what of it is missing, and sees to it that the
missing items are archived. It has an id, belongs to no node, and every item it detected is in one place:

    detected = recovered + already here + not recordable + gone + failed + pending
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recorder.model import ItemRef, ItemState, Window


class RecoveryKind(StrEnum):
    """Who says what is to be looked at."""

    MANUAL = "manual"
    """An operator names a period."""
    AUTOMATIC = "automatic"
    """The system does, from what it knows to be complete."""
    SPECIFIC = "specific"
    """Ids are given, as the source knows them."""


class RecoveryStatus(StrEnum):
    """Where a recovery is."""

    RUNNING = "running"
    """Asked for, waiting for its turn, or under way; whichever node is primary goes on with it."""
    COMPLETED = "completed"
    """Everything it detected has an end, or is parked."""
    STOPPED = "stopped"
    """The source went away in the middle; it can be resumed."""
    FAILED = "failed"
    """It could not start."""
    CANCELLED = "cancelled"


class Cause:
    """Why a recovery was asked for: words of the column `cause`."""

    OPERATOR = "operator"
    START = "start"
    """A start after a stop."""
    LONG_STOP = "long_stop"
    WATERMARK_LOST = "watermark_lost"
    """Ground older than all that is known to be complete, with items on record in it."""
    GAP = "gap"
    """Between two periods that are known to be complete."""
    SCHEDULE = "schedule"
    RECONCILIATION = "reconciliation"
    """A comparison found items missing that the source still offers."""


class Stage(StrEnum):
    """Where an item of a recovery is."""

    LISTED = "listed"
    """Missing, of a part of the period whose listing is not whole yet; counted by nobody."""
    PENDING = "pending"
    GIVEN = "given"
    """On the normal road: pending as well, as far as counts go."""
    RECOVERED = "recovered"
    ALREADY_HERE = "already_here"
    """Missing when it was listed, archived by the time its turn came."""
    NOT_RECORDABLE = "not_recordable"
    GONE = "gone"
    FAILED = "failed"
    """Parked, and tried again now and then; the recovery waits for it no longer."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Items of a recovery by what became of them."""

    detected: int = 0
    already_here: int = 0
    recovered: int = 0
    not_recordable: int = 0
    gone: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def ended(self) -> int:
        """Items that need nothing more."""
        fetched = self.recovered + self.gone + self.failed
        return fetched + self.already_here + self.not_recordable

    @property
    def add_up(self) -> bool:
        """The law."""
        return self.detected == self.ended + self.pending


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a dry run says of fetching what is missing."""

    size_bytes: int
    is_estimate: bool
    """The source tells no sizes without describing: by the mean of what was archived of it."""
    api_calls: int
    """About so many requests, those of the listing not among them."""
    minutes: float
    """At the present budget and pace."""
    too_late: int = 0
    """The source will delete so many before their turn comes."""
    too_late_keys: tuple[str, ...] = ()
    """The first of them."""


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """A recovery as the Data Center knows it."""

    recovery_id: str
    source: str
    kind: RecoveryKind
    cause: str
    requested_us: int
    requested_by: str
    window: Window | None = None
    """The period; None for ids."""
    ids: tuple[str, ...] = ()
    """What to look for, for kind specific."""
    dry_run: bool = False
    status: RecoveryStatus = RecoveryStatus.RUNNING
    reason: str = ""
    """Why it is stopped, failed or cancelled."""
    started_us: int | None = None
    """None while it waits for its turn."""
    fetching_us: int | None = None
    """When everything was listed."""
    ended_us: int | None = None
    updated_us: int = 0
    listed: int = 0
    """An instant: the period is listed up to here. For ids: so many of them were looked for."""
    node: str = ""
    """Who worked on it last."""
    term: int = 0
    counts: Counts = Counts()
    api_calls: int = 0
    size_bytes: int = 0
    """Of what was recovered."""
    forecast: Forecast | None = None

    @property
    def begin(self) -> int:
        """Where `listed` begins."""
        return 0 if self.window is None else self.window.from_us

    @property
    def end(self) -> int:
        """Where `listed` ends."""
        return len(self.ids) if self.window is None else self.window.to_us

    @property
    def is_listed(self) -> bool:
        """Nothing more is to be asked of the source's listing."""
        return self.listed >= self.end


@dataclass(frozen=True, slots=True)
class RecoveryItem:
    """An item that was missing when it was listed, and what became of it."""

    ref: ItemRef
    expires_us: int | None = None
    """When the source deletes it; None when it says nothing."""
    stage: Stage = Stage.PENDING
    reason: str = ""
    updated_us: int = 0
    asked: str = ""
    """The id it was found by, for kind specific."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Items of a listing against the Data Center."""

    already_here: int
    not_recordable: int
    """On record so, with a reason."""
    missing: tuple[ItemRef, ...]


@dataclass(frozen=True, slots=True)
class ListedSection:
    """One part of a period (or some of the ids), listed whole and compared."""

    recovery_id: str
    begin: int
    """What `listed` of the recovery must be; a section that was written already is not written again."""
    to: int
    already_here: int
    not_recordable: int
    missing: tuple[RecoveryItem, ...]
    """Beside those that were staged. What leads to no item may come with an end: GONE or FAILED."""
    api_calls: int
    staged: bool = False
    """Some of the missing ones are on record as LISTED; otherwise such rows are left over and dropped."""


@dataclass(frozen=True, slots=True)
class Tending:
    """A look after the items of one recovery."""

    recovery_id: str
    room: int
    """So many more may be given."""
    given_max: int = 200
    """No more are given while so many are not over, however long they wait for another try."""
    again: bool = False
    """Tell of every item in hand, for the message that told of it may be lost."""


@dataclass(frozen=True, slots=True)
class Tended:
    """What a look found and did."""

    row: RecoveryRow
    give: tuple[ItemRef, ...] = ()
    """To be taken in by the poller: nearest to their deletion first."""
    in_hand: int = 0
    """Given, not over, and not waiting for another try."""


@dataclass(frozen=True, slots=True)
class RecoveryQuery:
    """Which recoveries to list; the newest request first."""

    source: str | None = None
    status: RecoveryStatus | None = None
    kind: RecoveryKind | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class RecoveryList:
    """A page of recoveries; `next` is the cursor of the next page, None on the last."""

    rows: tuple[RecoveryRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class RecoveryItemQuery:
    """Which items of a recovery to list; nearest to their deletion first, then the oldest first."""

    recovery_id: str
    stages: tuple[Stage, ...] = ()
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class RecoveryItemList:
    """A page of items; `next` is the cursor of the next page, None on the last."""

    items: tuple[RecoveryItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What decides about an item of a recovery: its row in the ledger."""

    version: str
    changed_us: int
    state: str
    parked: bool
    reason: str
    updated_us: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an item of a recovery belongs, and why."""

    stage: Stage
    reason: str = ""
    size_bytes: int = 0


def is_superseded(ref: ItemRef, found: OnRecord) -> bool:
    """The ledger has another version that is not older: what was listed is replaced."""
    return found.version != ref.version and found.changed_us >= ref.changed_us


def speaks_of(ref: ItemRef, found: OnRecord) -> bool:
    """The ledger's row is about this version of the item, or about one that took its place."""
    return found.version == ref.version or is_superseded(ref, found)


def judge_waiting(ref: ItemRef, found: OnRecord | None) -> Verdict:
    """What to do with an item whose turn has come: give it, unless it has an end meanwhile."""
    if found is not None and speaks_of(ref, found):
        if found.state == ItemState.ARCHIVED:
            return Verdict(Stage.ALREADY_HERE)
        if found.state == ItemState.NOT_RECORDABLE:
            return Verdict(Stage.NOT_RECORDABLE, found.reason)
    return Verdict(Stage.GIVEN)


def must_be_made_due(ref: ItemRef, found: OnRecord | None) -> bool:
    """The ledger passes it by until its time, or for good: somebody must say that it is due."""
    if found is None or not speaks_of(ref, found):
        return False
    return found.parked or found.state == ItemState.GONE


def judge_given(ref: ItemRef, found: OnRecord | None, made_due_us: int | None) -> Verdict | None:
    """What became of an item in hand; None while nothing has.

    `made_due_us`: `updated_us` of the ledger's row when it was made due; a row that is parked and looks as
    it did then was not tried yet.
    """
    if found is None or not speaks_of(ref, found):
        return None
    ends = {
        ItemState.ARCHIVED.value: Stage.RECOVERED,
        ItemState.NOT_RECORDABLE.value: Stage.NOT_RECORDABLE,
        ItemState.GONE.value: Stage.GONE,
    }
    stage = ends.get(found.state)
    if stage is not None:
        return Verdict(stage, "" if stage is Stage.RECOVERED else found.reason, found.size_bytes)
    if found.parked and found.updated_us != made_due_us:
        return Verdict(Stage.FAILED, found.reason)
    return None


def waits_for_another_try(found: OnRecord | None) -> bool:
    """Failed a while ago: it takes no room meanwhile."""
    return found is not None and found.state == ItemState.FAILED and not found.parked
