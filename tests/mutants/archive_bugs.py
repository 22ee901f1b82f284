"""Bugs between the call buffer and the Data Center."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from cluster.work_messages import WorkDone
from recorder.archive import archiver, commit_job
from recorder.archive.journal_records import Replay, note_record
from recorder.codec import DONE, DoneBody, job_key
from recorder.errors import DataCenterError
from recorder.ingest.ingester import Ingester
from recorder.records.contacts import CommitResult
from sim.stand_ins.buffer import SimJournal
from sim.tables import data_center
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def done_before_commit(patch: Patch) -> None:
    def make(buffered):
        def bug(self, item, fetched):
            buffered(self, item, fetched)
            work = self._work[item]
            body = DoneBody(work.body.ref, work.bytes_total, work.media, work.attempt)
            now_us = self._clock.wall_us()
            self._distributor.tell(WorkDone(work.claim, work.key, now_us, DONE.encode(body)))

        return bug

    patch.around(Ingester, "_buffered", make)


def ack_before_fsync(patch: Patch) -> None:
    def bug(self, records):
        self._check(writes=True)
        if records:
            self._trap("append")
            self._pending += [bytes(record) for record in records]

    patch.set(SimJournal, "append", bug)


def journal_not_replayed(patch: Patch) -> None:
    def make(replay_journal):
        def bug(journal):
            replay_journal(journal)
            return Replay((), 0, ())

        return bug

    patch.around(archiver, "replay_journal", make)


def note_before_commit(patch: Patch) -> None:
    def make(journal):
        def bug(tools, items):
            report = journal(tools, items)
            if items:
                tools.journal.append([note_record([job_key(item.ref) for item in items])])
            return report

        return bug

    patch.around(commit_job, "_journal", make)


def discard_before_commit(patch: Patch) -> None:
    def make(put):
        def bug(tools, item):
            refusal = put(tools, item)
            if refusal is None:
                for media in item.media:
                    tools.files.discard(media.buffer_name)
            return refusal

        return bug

    patch.around(commit_job, "_put", make)


def sync_after_commit(patch: Patch) -> None:
    patch.around(data_center.MemoryArchive, "sync", lambda _: lambda self: None)


def unknown_is_done(patch: Patch) -> None:
    def make(commit):
        def bug(self, items, object_keys):
            try:
                return commit(self, items, object_keys)
            except DataCenterError:
                return CommitResult(tuple(item.ref.key for item in items), ())

        return bug

    patch.around(data_center.MemoryContactDb, "commit", make)


def contact_per_try(patch: Patch) -> None:
    tries: list[str] = []

    def make(home_of):
        def bug(item):
            tries.append("")
            return f"{home_of(item)}-{len(tries)}"

        return bug

    patch.around(data_center, "home_of", make)


def object_per_try(patch: Patch) -> None:
    def make(object_keys):
        def bug(item):
            end = f"-{item.buffered_us}."
            return [key.replace(".", end) for key in object_keys(item)]

        return bug

    patch.everywhere(commit_job, "object_keys", make)


BUGS = (
    Mutant(
        "done_before_commit",
        "an item is reported done when it is buffered",
        "the watermark rests on the Data Center's word, not on a node's buffer",
        done_before_commit,
    ),
    Mutant(
        "ack_before_fsync",
        "the journal answers before its records are on the disk",
        "what is journaled survives a power cut although the source deletes it",
        ack_before_fsync,
        profiles.DELETED,
    ),
    Mutant(
        "journal_not_replayed",
        "a restart does not read the journal",
        "what was buffered before a crash may exist nowhere else any more",
        journal_not_replayed,
        profiles.DELETED,
    ),
    Mutant(
        "note_before_commit",
        "the journal notes an item as archived before the commit",
        "the journal never forgets an item that the database does not have",
        note_before_commit,
        profiles.DELETED,
    ),
    Mutant(
        "discard_before_commit",
        "the buffer file goes when its object was put, before the archive is synced and the commit made",
        "a file leaves the buffer last",
        discard_before_commit,
        profiles.DELETED,
    ),
    Mutant(
        "sync_after_commit",
        "the commit does not wait for the archive to be synced",
        "the database never names an object that a power cut could take away",
        sync_after_commit,
        profiles.DATA_CENTER_POWER,
    ),
    Mutant(
        "unknown_is_done",
        "a commit that was not answered counts as done",
        "an unknown outcome is asked again: the commit is idempotent",
        unknown_is_done,
        profiles.COMMITS,
    ),
    Mutant(
        "contact_per_try",
        "every try to commit makes a contact of its own",
        "a contact's id follows from the conversation alone",
        contact_per_try,
    ),
    Mutant(
        "object_per_try",
        "the key of an object depends on when the file was buffered",
        "whoever archives a file puts it under the same key",
        object_per_try,
    ),
)
