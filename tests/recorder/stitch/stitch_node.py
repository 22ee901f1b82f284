"""A Data Center with one contact, and the tools that one node stitches with."""

import subprocess
from dataclasses import replace
from functools import partial

from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.stitch_process import StitchProcess
from recorder.errors import DataCenterDown
from recorder.scn.model import AgentEventKind
from recorder.screen.legs import fold
from recorder.stitch.making import make
from recorder.stitch.stitch_ports import StitchTools
from recorder.traps import no_trap
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from sim.tables.screens import MemoryScreenDb, ScreenTables
from tests.recorder.screen.agents import LIMITS, event
from tests.recorder.stitch.contacts import START, contact, part, ref
from tests.recorder.stitch.media import encoded, scn, screen_packets, stream_of, tone, written

K = AgentEventKind
NOW = START + 10_000 * 1_000_000
CONTACT = "c" * 32


class HereStudio(StitchProcess):
    """Stitches in this very process: the start of another takes a second."""

    def _run(self, order):
        made = make(order, lambda _key: None).model_copy(update={"memory_bytes": 1})
        return subprocess.CompletedProcess((), 0, made.model_dump_json().encode(), b"")


class Contacts:
    """The part of the contact database that stitching asks."""

    def __init__(self):
        self.details = {}
        self.down = False

    def contact(self, contact_id, revision=None):
        del revision
        self._check()
        return self.details.get(contact_id)

    def contacts_called(self, name):
        self._check()
        return tuple(one.row for one in self.details.values() if one.row.session_key == name)

    def _check(self):
        if self.down:
            raise DataCenterDown("the database is not reachable")


class World:
    """What both nodes share: the Data Center, with a call of ten seconds and its screen."""

    def __init__(self, directory):
        self.directory = directory
        self.directory.mkdir(exist_ok=True)
        self.contacts = Contacts()
        self.events = MemoryAgentEventDb(AgentEventStore())
        self.tables = ScreenTables()
        self.screens = MemoryScreenDb(self.tables)
        self.archive_folder = directory / "archive"

    def archive(self, trap=no_trap):
        return FolderArchive(self.archive_folder, reserve_bytes=0, trap=trap)

    def add_call(self, *, files=1, revision=1):
        """The contact with its audio in the archive; each later file begins five seconds later."""
        bodies = {f"a{number}": encoded(tone(4)) for number in range(files)}
        media = [ref(key, start_s=5 * number) for number, key in enumerate(bodies)]
        detail = contact(part(media=media), bodies=bodies, revision=revision)
        for row in detail.media:
            self.put(row.object_key, bodies[row.media_key], row.sha256)
        self.contacts.details[CONTACT] = detail

    def add_screen(
        self, *, part_key="aa01", first=0, last=30, rings_s=0, ended=True, stored_us=NOW
    ):
        """Ann's screen from the second second on, and what the platform said of her."""
        told = [event(K.RINGING, rings_s), event(K.CONNECTED, rings_s + 1)]
        told += [event(K.AVAILABLE, 30, call="")] if ended else []
        self.events.record(told)
        packets = screen_packets(40)[first:last]
        data, row = scn(stream_of(START + 2_000_000), packets, part_key=part_key)
        self.put(row.object_key, data, row.sha256)
        self.screens.record_parts([replace(row, stored_us=stored_us)])

    def put(self, key, data, sha256):
        archive = self.archive()
        archive.put(key, written(self.directory, key.replace("/", "_"), data), sha256, len(data))
        archive.sync()

    def tools(
        self, node="alpha", *, trap=no_trap, studio=None, screens=None, service=None, now_us=NOW
    ):
        return StitchTools(
            node=node,
            contacts=self.contacts,
            events=self.events,
            screens=screens or self.screens,
            archive=self.archive(trap),
            studio=studio or HereStudio(self.directory / f"stitch-{node}"),
            fold=partial(_legs, LIMITS),
            service_clock=lambda _name: service,
            wall_us=lambda: now_us,
            trap=trap,
        )

    def objects(self, prefix="renditions/"):
        return [key for key in self.archive().keys() if key.startswith(prefix)]  # noqa: SIM118 - no dictionary


def _legs(limits, events, now_us):
    return fold(events, limits, now_us).legs
