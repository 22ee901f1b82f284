"""The contact database as the recorder sees it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from cluster.ports import Clock
from recorder.adapters.contact_db import (
    commit,
    contact_lists,
    contact_search,
    history,
    item_lists,
    ledger,
)
from recorder.adapters.contact_db import progress as progress_rows
from recorder.adapters.contact_db.commit import Stamp
from recorder.adapters.contact_db.errors import translated
from recorder.model import BufferedItem, ItemEvent, ItemOutcome, ItemRef, SourceProgress
from recorder.records.contacts import (
    CommitResult,
    ContactDetail,
    ContactList,
    ContactQuery,
    ContactRow,
    HistoryRow,
    ItemList,
    ItemQuery,
    ItemRow,
    RevisionRow,
)


class SqlContactDb:
    """Implements recorder.ports.recording.ContactDb over an engine of `open_engine`, after `migrate`.

    Usable from several threads at once. `node` and the clock's instants go on record as who archived
    what and when; no decision rests on them.
    """

    def __init__(self, engine: Engine, *, cluster: str, node: str, clock: Clock) -> None:
        self._engine = engine
        self._cluster = cluster
        self._node = node
        self._clock = clock

    def unfinished(self, refs: Sequence[ItemRef]) -> tuple[ItemRef, ...]:
        """Those neither final nor parked in this version, in the given order."""
        with translated("asking for finished items"):
            return ledger.unfinished_items(self._engine, refs)

    def record_found(
        self, refs: Sequence[ItemRef], events: Sequence[ItemEvent], *, late: bool = False
    ) -> None:
        """Insert items as FOUND; rows that exist change only for a new version."""
        with translated("recording found items"):
            ledger.found_items(self._engine, refs, events, self._stamp(), late=late)

    def commit(
        self, items: Sequence[BufferedItem], object_keys: Sequence[Sequence[str]]
    ) -> CommitResult:
        """One transaction for all of them; repeating it changes nothing."""
        with translated("committing recordings"):
            return commit.commit_items(self._engine, items, object_keys, self._stamp())

    def record_outcome(self, outcome: ItemOutcome, term: int) -> None:
        """Never overwrites ARCHIVED, nor a final state with FAILED. Raises StaleTerm."""
        with translated("recording what became of an item"):
            ledger.record_outcome(self._engine, self._cluster, outcome, term, self._stamp())

    def record_events(self, events: Sequence[ItemEvent]) -> None:
        """Append to the story of items."""
        with translated("recording events"):
            ledger.add_events(self._engine, events)

    def due_retries(self, source: str, now_us: int, limit: int) -> tuple[ItemRow, ...]:
        """Parked items whose time to try again has come, the longest due first."""
        with translated("asking for items to try again"):
            return ledger.due_items(self._engine, source, now_us, limit)

    def retry_now(self, source: str, key: str, now_us: int) -> bool:
        """Make a FAILED or GONE item due now; it counts as parked until then."""
        with translated("making an item due"):
            return ledger.retry_item(self._engine, source, key, now_us)

    def load_progress(self) -> tuple[SourceProgress, ...]:
        """Of every source, by name."""
        with translated("reading the progress of sources"):
            return progress_rows.load_progress(self._engine)

    def save_progress(self, progress: SourceProgress, term: int) -> SourceProgress:
        """Keep the higher (epoch, watermark), join coverage of one epoch. Raises StaleTerm."""
        with translated("saving the progress of a source"):
            now_us = self._clock.wall_us()
            return progress_rows.save_progress(self._engine, self._cluster, progress, term, now_us)

    def items(self, query: ItemQuery) -> ItemList:
        """A page of items, newest change first."""
        with translated("listing items"):
            return item_lists.list_items(self._engine, query)

    def item(self, source: str | None, key: str) -> tuple[ItemRow, ...]:
        """Exact matches of item, session or media key, else those that begin with it."""
        with translated("looking for an item"):
            return item_lists.find_items(self._engine, source, key)

    def story(self, source: str, key: str) -> tuple[ItemEvent, ...]:
        """Every step of an item, in order of time."""
        with translated("reading the story of an item"):
            return item_lists.read_story(self._engine, source, key)

    def item_counts(self) -> dict[tuple[str, str], int]:
        """Items by (source, state); parked ones count as state `parked`."""
        with translated("counting items"):
            return item_lists.count_items(self._engine)

    def contacts(self, query: ContactQuery) -> ContactList:
        """A page of contacts, newest start first."""
        with translated("listing contacts"):
            return contact_search.list_contacts(self._engine, query)

    def contact(self, contact_id: str, revision: int | None = None) -> ContactDetail | None:
        """One contact, by its id or session key; its media references are as archived."""
        with translated("reading a contact"):
            return contact_lists.read_contact(self._engine, contact_id, revision)

    def contacts_called(self, name: str) -> tuple[ContactRow, ...]:
        """The one whose id or session key is `name`, else those (at most 10) that begin with it."""
        with translated("looking for a contact"):
            return contact_lists.find_contacts(self._engine, name)

    def contact_revisions(self, contact_id: str) -> tuple[RevisionRow, ...]:
        """Every revision of a contact, the first one first."""
        with translated("reading the revisions of a contact"):
            return contact_lists.read_revisions(self._engine, contact_id)

    def record_role_change(self, row: HistoryRow) -> None:
        """Append to the history of roles; a repeated row is the same row."""
        with translated("recording a change of role"):
            history.append_history(self._engine, self._cluster, row)

    def role_history(self, limit: int) -> tuple[HistoryRow, ...]:
        """Newest first."""
        with translated("reading the history of roles"):
            return history.read_history(self._engine, self._cluster, limit)

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()

    def _stamp(self) -> Stamp:
        return Stamp(self._node, self._clock.wall_us())
