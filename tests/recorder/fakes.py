"""Fakes of the recorder's ports, for tests of its stages."""

import hashlib
from dataclasses import dataclass, field

from cluster.ports import Done, Failed
from recorder.errors import ArchiveError, BadAnswer, DataCenterDown, ItemGone
from recorder.ingest.fetch_job import buffer_name
from recorder.model import (
    BufferedItem,
    Capabilities,
    Interaction,
    ItemRef,
    MediaKind,
    MediaRef,
    StoredMedia,
)
from recorder.ports.recording import MediaRequest, ObjectInfo, SealedFile
from recorder.records.contacts import CommitResult
from recorder.traps import no_trap

MP3 = b"ID3" + bytes(range(256)) * 40


def ref(key="i1", source="zoom", version="v1", changed_us=1000):
    return ItemRef(source, key, version, changed_us, session_key=f"session-{key}")


def media(key="m1", content=MP3, **kwargs):
    facts = {"kind": MediaKind.AUDIO, "file_name": f"{key}.mp3", "media_type": "audio/mpeg"}
    return MediaRef(
        key=key,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **{**facts, **kwargs},
    )


AUDIO = media()


def interaction(key="i1", files=(AUDIO,), **kwargs):
    facts = {
        "session_key": f"session-{key}",
        "channel": "voice",
        "direction": "inbound",
        "started_us": 10,
        "ended_us": 20,
    }
    return Interaction(key=key, media=tuple(files), **{**facts, **kwargs})


def put_in_buffer(files, item):
    """Seal what an item says is in the buffer."""
    for stored in item.media:
        part = files.open_part(stored.buffer_name, 10**6)
        if not isinstance(part, SealedFile):
            part.write(MP3)
            part.seal()
    return item


def buffered(key="i1", source="zoom", version="v1", media_keys=None, **kwargs):
    """An item whose media are (said to be) sealed in the call buffer."""
    refs = tuple(media(name) for name in (media_keys or [f"m-{key}"]))
    stored = tuple(
        StoredMedia(one, len(MP3), one.sha256, "audio/mpeg", buffer_name(source, one.key))
        for one in refs
    )
    return BufferedItem(
        ref=ref(key, source, version),
        interaction=interaction(key, refs),
        media=stored,
        found_us=5,
        buffered_us=6,
        attempts=1,
        **kwargs,
    )


class Mailbox:
    """An address that keeps what it is told."""

    def __init__(self, name="mailbox"):
        self.name = name
        self.messages = []

    def tell(self, message):
        self.messages.append(message)

    def of(self, kind):
        return [message for message in self.messages if isinstance(message, kind)]

    def take(self):
        taken, self.messages = self.messages, []
        return taken


class LoopAddress(Mailbox):
    """The address of a behaviour under test: what it is told, it handles when the test pumps."""

    behaviour = None

    def pump(self):
        while self.messages:
            self.behaviour.on_message(self.messages.pop(0))


class HandWorkers:
    """Runs jobs when the test says so, in order."""

    def __init__(self):
        self.jobs = []

    def submit(self, job, reply_to, then):
        self.jobs.append((job, reply_to, then))

    def waiting(self):
        return len(self.jobs)

    def run_one(self):

        job, reply_to, then = self.jobs.pop(0)
        try:
            outcome = Done(job())
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001 - as the port says
            outcome = Failed(error)
        reply_to.tell(then(outcome))

    def run_all(self):
        while self.jobs:
            self.run_one()


@dataclass
class FakeSource:
    """A data source with prepared answers; an exception as an answer is raised."""

    name: str = "zoom"
    items: dict = field(default_factory=dict)
    ways: dict = field(default_factory=dict)
    described: list = field(default_factory=list)
    confirmed: list = field(default_factory=list)
    replaced: set = field(default_factory=set)
    capabilities = Capabilities(3600.0, 100, 1, None)

    def describe(self, ref):
        self.described.append(ref.key)
        answer = self.items.get(ref.key, ItemGone("no such item"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def open_media(self, _ref, media):
        for way in self.ways.get(media.key, (f"https://zoom/{media.key}",)):
            if isinstance(way, Exception):
                raise way
            yield way if isinstance(way, MediaRequest) else MediaRequest(url=way)

    def confirm(self, _ref, media):
        self.confirmed.append(media.key)
        if media.key in self.replaced:
            raise BadAnswer("another file took its place")


@dataclass
class FakeFetcher:
    """Serves `contents` by url. `plans` holds, per url, what happens at each call.

    A plan is an exception (raised at once) or (count, exception): so many bytes, then that.
    """

    contents: dict = field(default_factory=dict)
    plans: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)

    def fetch(self, request, sink, _limits):
        self.calls.append((request.url, sink.offset))
        content = self.contents.get(request.url, MP3)
        plan = self.plans.get(request.url, [])
        step = plan.pop(0) if plan else (len(content), None)
        count, error = (0, step) if isinstance(step, Exception) else step
        end = min(len(content), sink.offset + count)
        while sink.offset < end:
            sink.write(content[sink.offset : min(end, sink.offset + 1000)])
        if error is not None:
            raise error

    def close(self):
        pass


class FakeContactDb:
    """The part of the contact database that ingestion uses, on one durable dictionary."""

    def __init__(self):
        self.items = {}
        self.parked = []
        """Rows of items that failed and are parked."""
        self.objects = {}
        self.commits = []
        self.down = False
        self.refuse = lambda _item: None
        """Returns an error for an item the database refuses."""
        self.trap = no_trap

    def unfinished(self, refs):
        self._check()
        parked = [row.ref for row in self.parked]
        known = self.items
        return tuple(
            r for r in refs if (r.source, r.key, r.version) not in known and r not in parked
        )

    def item(self, source, key):
        self._check()
        return tuple(row for row in self.parked if (row.ref.source, row.ref.key) == (source, key))

    def commit(self, items, object_keys):
        self._check()
        for item in items:
            if error := self.refuse(item):
                raise error
        new, already = [], []
        for item, keys in zip(items, object_keys, strict=True):
            key = (item.ref.source, item.ref.key, item.ref.version)
            (already if key in self.items else new).append(item.ref.key)
            self.items.setdefault(key, item)
            for stored, object_key in zip(item.media, keys, strict=True):
                self.objects.setdefault((item.ref.source, stored.ref.key), object_key)
        self.commits.append([item.ref.key for item in items])
        self.trap("committed")
        return CommitResult(tuple(new), tuple(already))

    def _check(self):
        if self.down:
            raise DataCenterDown("the database is not reachable")


class FakeArchive:
    """An archive over a simulated call buffer; puts are durable at `sync`."""

    def __init__(self, files):
        self.files = files
        self.durable = {}
        self.pending = {}
        self.puts = []
        self.down = False
        self.refuse = lambda _key: None
        self.trap = no_trap

    def put(self, key, path, sha256, size_bytes):
        self.trap("put")
        self.check()
        if error := self.refuse(key):
            raise error
        try:
            content = self.files.content(path)
        except Exception as error:
            raise ArchiveError(f"{path} cannot be read") from error
        if hashlib.sha256(content).hexdigest() != sha256 or len(content) != size_bytes:
            raise ArchiveError(f"{path} is not what was announced")
        held = self.pending.get(key, self.durable.get(key, content))
        if held != content:
            raise ArchiveError(f"{key} is there with other content")
        self.puts.append(key)
        self.pending[key] = content

    def sync(self):
        self.trap("sync")
        self.check()
        self.durable |= self.pending
        self.pending = {}

    def info(self, key):
        content = self.pending.get(key, self.durable.get(key))
        return None if content is None else ObjectInfo(key, len(content))

    def holds(self, key, size_bytes):
        info = self.info(key)
        return info is not None and info.size_bytes == size_bytes

    def check(self):
        if self.down:
            raise ArchiveError("the archive is not mounted", hint="Mount it.")

    def crash(self):
        self.pending = {}
