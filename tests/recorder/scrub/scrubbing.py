"""A world for the scrub: an archive of real files, what the Data Center knows of it, and one node's scrub."""

import hashlib
from dataclasses import replace

from cluster.board import Board
from cluster.messages import DutyGranted
from recorder.adapters.folder_archive import FolderArchive
from recorder.messages import FindingClosed, FindingOpened
from recorder.records.scrub import ScrubStatus
from recorder.scrub.scrubber import Scrubber
from recorder.settings.stages import ScrubSettings
from sim.tables.audit import ListedTrail
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from sim.tables.retention import RetentionTables
from sim.tables.screens import MemoryScreenDb, ScreenTables
from sim.tables.scrub import MemoryScrubDb, ScrubTables
from tests.calls import a_file, an_interaction, an_item
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock
from tests.screens import a_part

QUICK = {"bytes_per_day": 86_400 * 1_000_000, "census_every_s": 3600.0, "stray_after_s": 0.0}
BODY = b"a recording of eleven kilobytes " * 350


class World:
    """An archive of real files with what the Data Center knows of it, and the scrub of one node."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.settings = ScrubSettings(**{**QUICK, **settings})
        self.clock = HandClock()
        self.term = 1
        self.store = MemoryContactStore(highest_term=lambda: self.term)
        self.contacts = MemoryContactDb(self.store, node="alpha", clock=self.clock)
        self.retention, self.tables = RetentionTables(), ScrubTables()
        self.screens = ScreenTables()
        self.db = MemoryScrubDb(
            self.tables, self.store, retention=self.retention, screens=self.screens
        )
        self.archive = FolderArchive(folder, reserve_bytes=0)
        self.reads = []
        self.start()

    def start(self):
        self.clock.timers.clear()
        self.me = LoopAddress("scrub")
        self.monitor, self.board = Mailbox(), Board()
        self.lane, self.trail = HandWorkers(), ListedTrail()
        self.me.behaviour = Scrubber(
            me=self.me,
            monitor=self.monitor,
            board=self.board,
            lane=self.lane,
            clock=self.clock,
            archive=self.archive,
            db=self.db,
            trail=self.trail,
            settings=self.settings,
        )
        self.me.behaviour.on_start()

    def bring(self, name, body=BODY):
        """Archive a contact with one file; its object is called dyn/NAME."""
        path = self.folder.parent / "sealed"
        path.write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        key = f"dyn/{name}"
        self.archive.put(key, str(path), digest, len(body))
        self.archive.sync()
        path.unlink()
        file = replace(a_file(f"med-{name}", size_bytes=len(body)), sha256=digest)
        interaction = an_interaction(f"int-{name}", session=f"ses-{name}")
        item = an_item(name, session=f"ses-{name}", interaction=interaction, files=(file,))
        self.contacts.commit([item], [[key]])
        return self.folder / key

    def bring_screen(self, body=BODY):
        """Archive a part of a screen, with its row."""
        part = replace(a_part(), size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest())
        path = self.folder / part.object_key
        path.parent.mkdir(parents=True)
        path.write_bytes(body)
        MemoryScreenDb(self.screens).record_parts([part])
        return path

    def grant(self, seconds=10**6, term=None):
        self.term = term or self.term
        until_ns = self.clock.monotonic_ns() + int(seconds * 1e9)
        self.me.tell(DutyGranted(self.term, until_ns, True, {}))
        self.work()

    def work(self):
        self.me.pump()
        while self.lane.jobs:
            self.lane.run_one()
            self.me.pump()

    def later(self, seconds, step_s=1.0):
        end_ns = self.clock.now_ns + int(seconds * 1e9)
        while self.clock.now_ns < end_ns:
            self.clock.advance(step_s)
            self.work()

    def findings(self):
        open_now = {}
        for message in self.monitor.messages:
            match message:
                case FindingOpened(finding):
                    open_now[finding.code] = finding.what
                case FindingClosed(code, _):
                    open_now.pop(code, None)
        return open_now

    def bad(self):
        return {row.object_key: row.outcome for row in self.db.bad(100)}

    @property
    def status(self):
        return self.board.read("scrub", ScrubStatus)
