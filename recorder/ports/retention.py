"""What retention needs from the Data Center, as a protocol; beside `recorder/ports/proof.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from recorder.records.retention import (
    Deletion,
    DeletionList,
    DeletionQuery,
    Facts,
    Hold,
    Order,
    Placed,
    Plan,
    Rules,
    Run,
    Surveyed,
    Trouble,
    Walk,
)


class RetentionDb(Protocol):
    """Holds, plans and deletions on record. Every method raises DataCenterDown or DataCenterError.

    What carries a term is the primary's work, and raises StaleTerm when a higher one was seen. Placing a
    hold and every step of a deletion exclude each other: a hold is on record before a step, which then
    sees it, or after it. What is repeated after a lost answer changes nothing.
    """

    def now_us(self) -> int:
        """The calendar of the database's host, beside the node's own: ages are judged by the earlier one."""
        ...

    # -- holds, any node ----
    def place_hold(self, hold: Hold) -> Placed:
        """Put a hold on record; one with this id stays as it is."""
        ...

    def release_hold(self, hold_id: str, by: str, because: str) -> Hold | None:
        """End a hold; as it is now, None when there is none. Released once, it stays as it is."""
        ...

    def holds(self, *, released: bool = False) -> tuple[Hold, ...]:
        """Those in force, or those released too; by id."""
        ...

    def facts(self, contact_ids: Sequence[str]) -> tuple[Facts, ...]:
        """Those of these contacts that are there, as rules and holds see them in every step; each once, by id."""
        ...

    def contacts_shown(self, part_key: str) -> tuple[str, ...]:
        """Ids of the contacts that a part of a screen on record shows, forgotten or not, as deletion sees it; in order."""
        ...

    def undelete(self, contact_id: str, hold: Hold) -> Deletion | None:
        """Withdraw a deletion that is DUE and place the hold, at once; as it is now.

        None when nothing of this contact is open. One that is not DUE any more is returned unchanged,
        and no hold is placed.
        """
        ...

    def deletions(self, query: DeletionQuery) -> DeletionList:
        """A page of deletions, newest decision first."""
        ...

    # -- plans, any node ----
    def survey(self, walk: Walk, rules: Rules, now_us: int) -> Surveyed:
        """What of a page would become due, by name; changes nothing. Contacts with an open deletion are passed over."""
        ...

    def save_plan(self, plan: Plan) -> None:
        """Keep what was shown; one with this id stays as it is."""
        ...

    def plan(self, plan_id: str) -> Plan | None:
        """None when there is no such plan."""
        ...

    def confirm_plan(self, plan_id: str, by: str) -> Plan | None:
        """Put on record that somebody agreed; as it is now, None when there is none."""
        ...

    def confirmed_plan(self) -> Plan | None:
        """The one confirmed last; None when none ever was."""
        ...

    # -- the primary ----
    def runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first."""
        ...

    def record_run(self, run: Run, term: int) -> None:
        """Put a run on record, as it is now."""
        ...

    def decide(self, contact_ids: Sequence[str], rules: Rules, now_us: int, term: int) -> Surveyed:
        """Judge these contacts anew, and put what is due on record as DUE, in one transaction."""
        ...

    def ready(self, now_us: int, limit: int) -> tuple[Deletion, ...]:
        """DUE ones whose recycle period is over, and those begun, the longest due first.

        What was set aside is not among them before it is to be tried again.
        """
        ...

    def gone_since(self, from_us: int, after: str, limit: int) -> tuple[str, ...]:
        """Contacts whose deletion ended at or after an instant and that are not on record, by id, behind `after`."""
        ...

    def set_aside(self, trouble: Trouble, term: int) -> Deletion:
        """Put on record that a try failed: the next one is later, each time later still. As it is now.

        One that is not open any more stays as it is.
        """
        ...

    def begin_deletion(self, order: Order, term: int) -> Deletion:
        """From DUE to DELETING with the files on record, or to WITHDRAWN when a hold or rule keeps it."""
        ...

    def finish_deletion(self, order: Order, term: int, erase: Callable[[str], None]) -> Deletion:
        """From DELETING to DELETED, or to WITHDRAWN when a hold or rule keeps the contact. One transaction.

        `erase` is called inside of it for each object that no other contact has, each time after a look
        whether the transaction still holds; what it raises ends the transaction. Then every row of the
        contact goes, but for its items: they stay archived, with the reason `deleted: …`.
        """
        ...
