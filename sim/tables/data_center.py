"""A Data Center in memory: contact database and archive, with faults that can be switched on.

The `Memory…Store` objects are the disks: they outlive the nodes. Each node gets its own
`MemoryContactDb` and `MemoryArchive` over them, with faults of its own (a partition concerns one node).
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from cluster.ports import Clock
from recorder.adapters.contact_db.commit import home_of
from recorder.adapters.contact_db.fence import refuse_stale
from recorder.adapters.contact_db.pages import bounded
from recorder.adapters.contact_db.progress import merge_progress
from recorder.adapters.folder_archive import validate_key
from recorder.errors import ArchiveError, DataCenterDown
from recorder.model import BufferedItem, ItemEvent, ItemOutcome, ItemRef, SourceProgress
from recorder.ports.recording import ObjectInfo
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
from recorder.records.retention import Deletion, DeletionState
from sim.tables.contacts import ContactTables, Part
from sim.tables.items import ItemTables


def _nothing(call: str) -> None:
    del call


def _unwatched(call: str, term: int) -> None:
    del call, term


@dataclass
class DataCenterFaults:
    """What is wrong between one node and the Data Center; may be changed at any time."""

    down: bool = False
    """Every call fails, nothing is written."""
    answers_lost: int = 0
    """So many of the next calls do their work, but the caller hears DataCenterDown."""
    on_call: Callable[[str], None] = _nothing
    """Called with the call's name before it does anything: may wait on a clock, raise, or crash."""
    on_done: Callable[[str], None] = _nothing
    """The same after it did everything, before the caller hears."""


class MemoryContactStore:
    """What the database keeps. `highest_term` is the term in the lease row, for the fence."""

    def __init__(self, *, highest_term: Callable[[], int] = lambda: 0) -> None:
        self.items = ItemTables()
        self.contacts = ContactTables()
        self.progress: dict[str, SourceProgress] = {}
        self.history: set[HistoryRow] = set()
        self.highest_term = highest_term
        self.control_written: Callable[[str, int], None] = _unwatched
        """Called with the call and its term after a control write was accepted; for checkers."""
        self.refused = 0
        """Control writes of a stale term."""
        self.unanswered = 0
        """Calls that did their work, and whose caller does not know."""
        self.deletions: dict[tuple[str, int], Deletion] = {}
        """By contact id and number."""
        self.lock = threading.RLock()

    def put_again(self, home: str) -> None:
        """A node put files of a deleted contact into the archive once more: they are to go again."""
        for place, one in self.deletions.items():
            if place[0] == home and one.state is DeletionState.DELETED:
                self.deletions[place] = replace(one, state=DeletionState.AGAIN)


class MemoryContactDb:
    """ContactDb in memory, for the simulator and for unit tests. Any thread."""

    def __init__(
        self,
        store: MemoryContactStore,
        *,
        node: str,
        clock: Clock,
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._store = store
        self._node = node
        self._clock = clock

    def unfinished(self, refs: Sequence[ItemRef]) -> tuple[ItemRef, ...]:
        """See ContactDb."""
        with self._call("unfinished") as store:
            return store.items.unfinished(refs)

    def record_found(
        self, refs: Sequence[ItemRef], events: Sequence[ItemEvent], *, late: bool = False
    ) -> None:
        """See ContactDb."""
        with self._call("record_found") as store:
            store.items.found(refs, events, self._node, self._clock.wall_us(), late=late)

    def commit(
        self, items: Sequence[BufferedItem], object_keys: Sequence[Sequence[str]]
    ) -> CommitResult:
        """See ContactDb."""
        with self._call("commit") as store:
            now_us = self._clock.wall_us()
            already = {item.ref.key: store.items.is_archived(item.ref) for item in items}
            homes: dict[str, list[Part]] = {}
            for item, names in zip(items, object_keys, strict=True):
                home = home_of(item)
                if store.items.is_deleted(item.ref):
                    store.put_again(home)
                    continue
                store.items.archive(item, home, self._node, now_us)
                homes.setdefault(home, []).append((item, names))
            for home in sorted(homes):
                store.contacts.extend(homes[home], home, self._node, now_us)
            return CommitResult(
                new=tuple(key for key, done in already.items() if not done),
                already=tuple(key for key, done in already.items() if done),
            )

    def record_outcome(self, outcome: ItemOutcome, term: int) -> None:
        """See ContactDb."""
        with self._call("record_outcome") as store:
            _fence("the outcome of an item", term, store)
            store.items.outcome(outcome, self._node, self._clock.wall_us())
            store.control_written("record_outcome", term)

    def record_events(self, events: Sequence[ItemEvent]) -> None:
        """See ContactDb."""
        with self._call("record_events") as store:
            store.items.add_events(events)

    def due_retries(self, source: str, now_us: int, limit: int) -> tuple[ItemRow, ...]:
        """See ContactDb."""
        with self._call("due_retries") as store:
            return store.items.due(source, now_us, limit)

    def retry_now(self, source: str, key: str, now_us: int) -> bool:
        """See ContactDb."""
        with self._call("retry_now") as store:
            return store.items.retry(source, key, now_us)

    def load_progress(self) -> tuple[SourceProgress, ...]:
        """See ContactDb."""
        with self._call("load_progress") as store:
            return tuple(store.progress[source] for source in sorted(store.progress))

    def save_progress(self, progress: SourceProgress, term: int) -> SourceProgress:
        """See ContactDb."""
        with self._call("save_progress") as store:
            _fence(f"the progress of {progress.source}", term, store)
            old = store.progress.get(progress.source, progress)
            merged = merge_progress(old, merge_progress(progress, progress))
            store.progress[progress.source] = merged
            store.control_written("save_progress", term)
            return merged

    def items(self, query: ItemQuery) -> ItemList:
        """See ContactDb."""
        with self._call("items") as store:
            return store.items.list_items(query)

    def item(self, source: str | None, key: str) -> tuple[ItemRow, ...]:
        """See ContactDb."""
        with self._call("item") as store:
            return store.items.find_items(source, key, store.contacts.media_keys())

    def story(self, source: str, key: str) -> tuple[ItemEvent, ...]:
        """See ContactDb."""
        with self._call("story") as store:
            return store.items.story(source, key)

    def item_counts(self) -> dict[tuple[str, str], int]:
        """See ContactDb."""
        with self._call("item_counts") as store:
            return store.items.counts()

    def contacts(self, query: ContactQuery) -> ContactList:
        """See ContactDb."""
        with self._call("contacts") as store:
            return store.contacts.list_contacts(query)

    def contact(self, contact_id: str, revision: int | None = None) -> ContactDetail | None:
        """See ContactDb."""
        with self._call("contact") as store:
            return store.contacts.detail(contact_id, revision)

    def contacts_called(self, name: str) -> tuple[ContactRow, ...]:
        """See ContactDb."""
        with self._call("contacts_called") as store:
            return store.contacts.called(name)

    def contact_revisions(self, contact_id: str) -> tuple[RevisionRow, ...]:
        """See ContactDb."""
        with self._call("contact_revisions") as store:
            return store.contacts.revisions(contact_id)

    def record_role_change(self, row: HistoryRow) -> None:
        """See ContactDb."""
        with self._call("record_role_change") as store:
            store.history.add(row)

    def role_history(self, limit: int) -> tuple[HistoryRow, ...]:
        """See ContactDb."""
        with self._call("role_history") as store:
            newest = sorted(store.history, key=_history_order, reverse=True)
            return tuple(newest[: bounded(limit)])

    def close(self) -> None:
        """See ContactDb."""

    @contextmanager
    def _call(self, name: str) -> Generator[MemoryContactStore]:
        """One transaction: alone in the store, and with the faults of this node."""
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._store.lock:
            yield self._store
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            self._store.unanswered += 1
            raise DataCenterDown(f"the contact database did not answer {name}")


def _fence(what: str, term: int, store: MemoryContactStore) -> None:
    highest = store.highest_term()
    store.refused += term < highest
    refuse_stale(what, term, highest)


def _history_order(row: HistoryRow) -> tuple[int, int, str, str]:
    return (row.at_us, row.term, row.node, row.new)


@dataclass
class MemoryArchiveStore:
    """What the archive keeps. Objects put since the last sync are lost in a `crash`."""

    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    unsynced: set[str] = field(default_factory=set[str])
    puts: dict[str, int] = field(default_factory=dict[str, int])
    """How often each key was put, for checkers."""
    deleted: Callable[[str], None] = _nothing
    """Called with the key of an object as it goes; for checkers."""

    def crash(self) -> None:
        """The power of the machine that holds the archive went: what was not synced is lost."""
        for key in sorted(self.unsynced):
            del self.objects[key]
        self.unsynced.clear()


class MemoryArchive:
    """Archive in memory. `read` gives the bytes behind a path of the call buffer."""

    def __init__(
        self,
        store: MemoryArchiveStore,
        *,
        read: Callable[[str], bytes] = lambda path: Path(path).read_bytes(),
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._store = store
        self._read = read
        self._touched: set[str] = set()
        """What this node put since it last synced: it makes nothing else durable."""

    def put(self, key: str, path: str, sha256: str, size_bytes: int) -> None:
        """See Archive."""
        validate_key(key)
        self._call("put")
        try:
            data = self._read(path)
        except OSError as error:
            raise ArchiveError(f"object {key} cannot be put: no such file") from error
        if len(data) != size_bytes or hashlib.sha256(data).hexdigest() != sha256:
            raise ArchiveError(f"object {key}: the file to put is not as it was sealed")
        if self._store.objects.get(key, data) != data:
            raise ArchiveError(f"object {key} is in the archive with another content")
        if key not in self._store.objects:
            self._store.unsynced.add(key)
        self._touched.add(key)
        self._store.objects[key] = data
        self._store.puts[key] = self._store.puts.get(key, 0) + 1
        self._answer("put")

    def sync(self) -> None:
        """See Archive."""
        self._call("sync")
        self._store.unsynced -= self._touched
        self._touched.clear()
        self._answer("sync")

    def open(self, key: str) -> BinaryIO:
        """See Archive."""
        validate_key(key)
        self._call("open")
        if key not in self._store.objects:
            raise ArchiveError(f"object {key} is not in the archive")
        return io.BytesIO(self._store.objects[key])

    def info(self, key: str) -> ObjectInfo | None:
        """See Archive."""
        validate_key(key)
        self._call("info")
        data = self._store.objects.get(key)
        return None if data is None else ObjectInfo(key, len(data))

    def holds(self, key: str, size_bytes: int) -> bool:
        """See Archive."""
        found = self.info(key)
        if found is None or found.size_bytes != size_bytes:
            return False
        self._touched.add(key)
        return True

    def keys(self, after: str = "", *, below: str = "") -> Iterator[str]:
        """See Archive."""
        self._call("keys")
        every = sorted(self._store.objects)
        yield from (key for key in every if key > after and key.startswith(below))

    def delete(self, key: str) -> None:
        """See Archive."""
        validate_key(key)
        self._call("delete")
        self._store.objects.pop(key, None)
        self._store.unsynced.discard(key)
        self._store.deleted(key)
        self._answer("delete")

    def check(self) -> None:
        """See Archive."""
        self._call("check")

    def _call(self, name: str) -> None:
        self.faults.on_call(name)
        if self.faults.down:
            raise ArchiveError(f"the archive is not available for {name}")

    def _answer(self, name: str) -> None:
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            raise ArchiveError(f"the archive did not answer {name}")
