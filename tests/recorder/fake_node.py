"""A node as its surfaces see it: a real board and a Data Center in memory, actors that answer by script."""

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx

from cluster.board import Board
from cluster.frames import Heartbeat, Role
from cluster.messages import SetPaused, Switchover
from cluster.ports import Endpoint
from cluster.status import DistributorStatus, PairStatus, PeerStatus, SupervisorStatus
from recorder.desk.control import NodeControl
from recorder.desk.logins import LoginDesk
from recorder.desk.recoveries import RecoveryDesk
from recorder.desk.retention import RetentionDesk
from recorder.keep.retention_parts import RetentionStatus
from recorder.messages import RetryItems
from recorder.model import Finding, ItemEvent, ItemOutcome, ItemState, Level
from recorder.records.audit import AuditGuardStatus, AuditHead, AuditStatus
from recorder.records.contacts import HistoryRow
from recorder.records.retention import DAY_US, Match, Policy, Rules
from recorder.records.scrub import ScrubStatus, ScrubSummary
from recorder.scn.ris_status import RisStatus
from recorder.status import ArchiveStatus, BufferStatus, Findings, IngestStatus, SourceStatus
from recorder.stitch.stitch_status import StitchStatus
from recorder.web.app import create_app
from recorder.web.server import WebServer
from sim.tables.audit import ListedTrail, MemoryAuditDb, MemoryAuditStore
from sim.tables.certificates import MemoryCertificateStore
from sim.tables.data_center import (
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.tables.findings import FindingTables, MemoryFindingsDb
from sim.tables.logins import LoginStore, MemoryLoginDb
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from sim.tables.retention import MemoryRetentionDb, RetentionTables
from sim.tables.scrub import MemoryScrubDb, ScrubTables
from tests.by_hand import HandClock, Inbox
from tests.recorder.fake_actors import (
    FakePair,
    FakePoller,
    FakeReconciliation,
    FakeRis,
    FakeRuntime,
)
from tests.recorder.fake_proof import certify, proof_desk_of
from tests.recorder.fakes import AUDIO, MP3, buffered, interaction, ref

TOKEN = "the-admin-token"
OBJECT = "zoom/undated/abc.mp3"
BEGAN_US = 1_700_000_000_000_000


def pair_status(node="alpha", role=Role.PRIMARY, term=7, **facts):
    known = {
        "since_us": BEGAN_US,
        "reason": "cold start",
        "paused": False,
        "peer": "alive",
        "sees_data_center": True,
        "lease_holder": "alpha",
        "lease_term": term,
        "leased": role is Role.PRIMARY,
        "duty": role is Role.PRIMARY,
        "healthy": True,
        "problems": (),
        "role_changes": 2,
        "takeover_ms": 812.0,
    }
    return PairStatus(node=node, role=role, term=term, **{**known, **facts})


def heartbeat(role=Role.SECONDARY, term=7, **facts):
    known = {
        "healthy": True,
        "problems": (),
        "sees_data_center": True,
        "free_capacity": 20,
        "marks": {},
        "seq": 9,
        "echo_seq": 8,
        "echo_age_ms": 1,
        "figures": {
            "lag_s": 14.5,
            "queue_depth": 1,
            "queue_depth_max": 24,
            "archived": 90,
            "since_us": BEGAN_US,
        },
    }
    return Heartbeat(term=term, role=role, **{**known, **facts})


def peer_status(beat=None, node="beta", **facts):
    known = {
        "connected": True,
        "endpoint": "10.0.0.6:7440",
        "build": "1.0",
        "web_url": "http://10.0.0.6:8443",
        "protocol": 1,
        "heard_ns": HandClock().now_ns - 400_000_000,
        "round_trip_ms": 0.4,
        "frames_in": 10,
        "frames_out": 11,
    }
    return PeerStatus(node=node, last_beat=beat or heartbeat(), **{**known, **facts})


def source_status(name="zoom", **facts):
    known = {
        "kind": "zoom",
        "state": "polling",
        "epoch": 1,
        "watermark_us": BEGAN_US,
        "horizon_us": BEGAN_US,
        "lag_s": 12.0,
        "coverage": (),
        "pending": 3,
        "failed": 1,
        "parked": 0,
        "polls": 5,
        "last_poll_ns": HandClock().now_ns - 2_000_000_000,
        "found": 120,
        "late_escapes": 0,
        "lateness_p999_s": 1.5,
        "clock_offset_ms": -20.0,
        "last_error": "",
        "next_step": "",
    }
    return SourceStatus(name=name, **{**known, **facts})


LINK_DOWN = Finding("link_down", Level.WARNING, "beta", "beta is not heard", "Look.", BEGAN_US)


class AppClient:
    """A blocking HTTP client of an application in this process."""

    def __init__(self, app, token):
        self._app = app
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(self, method, path, **kwargs):
        return asyncio.run(self._request(method, path, **kwargs))

    async def _request(self, method, path, *, headers=None, **kwargs):
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://alpha", headers=self._headers
        ) as client:
            return await client.request(method, path, headers=headers, **kwargs)

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def head(self, path):
        return self.request("HEAD", path)

    def post(self, path, **kwargs):
        return self.request("POST", path, **kwargs)


class SmallRandomness:
    """Tokens that begin with 0001, 0002, …"""

    def __init__(self):
        self._number = 0

    def uniform(self, low, high):
        return (low + high) / 2

    def token(self):
        self._number += 1
        return f"{self._number:04d}" + "0" * 28


@dataclass
class FakeNode:
    """One node; change its board, its Data Center or its answers, then ask it over HTTP."""

    name: str = "alpha"
    cluster: str = "emea"
    token: str | None = TOKEN
    problems: tuple = ()
    sources: dict = field(default_factory=dict)
    tokens: tuple = ()
    clock: HandClock = field(default_factory=HandClock)
    board: Board = field(default_factory=Board)
    pair: FakePair = field(default_factory=FakePair)

    def __post_init__(self):
        self.center = MemoryContactStore()
        self.contact_db = MemoryContactDb(self.center, node=self.name, clock=self.clock)
        self.objects = MemoryArchiveStore()
        self.archive = MemoryArchive(self.objects)
        self.trail = ListedTrail()
        self.audit_store = MemoryAuditStore()
        self.audit_db = MemoryAuditDb(self.audit_store)
        self.certificates = MemoryCertificateStore()
        self.findings = MemoryFindingsDb(
            FindingTables(), self.center, node=self.name, clock=self.clock
        )
        self.recoveries = MemoryRecoveryDb(
            RecoveryTables(), self.center, node=self.name, clock=self.clock
        )
        self.recovery = Inbox("recovery")
        self.retention = MemoryRetentionDb(
            RetentionTables(), self.center, node=self.name, clock=self.clock
        )
        status = RetentionStatus("standby", 1, 0, 0, 0, 0, 0, "", "", None, None)
        self.board.publish("retention", status)
        self.rules = Rules((Policy("all", Match(), 30 * DAY_US),), 0, 5 * DAY_US)
        self.scrub_db = MemoryScrubDb(ScrubTables(), self.center)
        self.poller = FakePoller("poller:zoom")
        self.ris, self.states = FakeRis("ris"), Inbox("agent_states")
        self.replay = None
        self.reconciliation = FakeReconciliation("reconciliation")
        self.login_db = MemoryLoginDb(LoginStore())
        self.logins = LoginDesk(self.clock, self.board, self.login_db)
        self.publish_all()

    def publish_all(self):
        """What a primary without troubles shows."""
        now_ns = self.clock.now_ns
        answered = dict.fromkeys(("pair", "link"), now_ns - 500_000_000)
        self.board.publish("supervisor", SupervisorStatus(answered_ns=answered))
        self.board.publish("pair", pair_status(self.name))
        self.board.publish("peer", peer_status())
        self.board.publish("source:zoom", source_status())
        self.board.publish("ingest", IngestStatus(8, 2, 1, 21, True, "", 100, 4, 5_000_000))
        self.board.publish("archive", ArchiveStatus(0, 98, 1, 40, None, ""))
        self.board.publish("buffer", BufferStatus(3, 9_000_000_000, True, ""))
        self.board.publish("distributor", DistributorStatus(0, 2, 1, 20, 0, 0))
        self.board.publish("findings", Findings(()))
        self.board.publish("audit", AuditStatus(0, 0, AuditHead(), ""))
        summary = ScrubSummary(objects=1, oldest_read_us=BEGAN_US)
        self.board.publish("scrub", ScrubStatus("resting", 1, 10, 1000.0, "", summary))
        self.board.publish(
            "stitch", StitchStatus("idle", "", (), 0, 0, 3, 1, 0, 2.5, 250_000_000, "")
        )
        self.board.publish("ris", RisStatus({}, 0, 0, 0, 0, 0, 0, 0, 0, ""))
        self.board.publish("audit_guard", AuditGuardStatus(AuditHead(), "", BEGAN_US))

    def change(self, part, kind, **facts):
        """Publish the newest snapshot of `part` with other facts."""
        self.board.publish(part, replace(self.board.read(part, kind), **facts))

    def archive_one(self, key="i1"):
        """One archived item: in the contact database and in the archive."""
        self.objects.objects[OBJECT] = MP3
        events = (event("found", 1, detail="listed"), event("archived", 2, term=7))
        item = replace(
            buffered(key), interaction=interaction(key, (AUDIO,)), events=events, attempts=1
        )
        self.contact_db.commit([item], [[OBJECT]])
        return self.contact_db.item(None, key)[0]

    def fail_one(self, key="i2", **facts):
        """One item that failed."""
        known = {"reason": "truncated: 5 of 9 bytes", "attempts": 2, "found_us": BEGAN_US}
        outcome = ItemOutcome(ref(key), ItemState.FAILED, **{**known, **facts})
        self.contact_db.record_outcome(outcome, term=0)

    def history(self, *rows):
        for row in rows:
            self.contact_db.record_role_change(HistoryRow(*row))

    def control(self, web_url="http://10.0.0.5:8443"):
        return NodeControl(
            node=self.name,
            cluster=self.cluster,
            boot="b" * 32,
            build="1.0",
            started_us=BEGAN_US,
            web_url=web_url,
            board=self.board,
            clock=self.clock,
            contact_db=self.contact_db,
            archive=self.archive,
            runtime=FakeRuntime(),
            pair=self.pair,
            pollers={"zoom": self.poller},
            problems=self.problems,
            sources=self.sources,
            findings=self.findings,
            reconciliation=self.reconciliation,
            recoveries=RecoveryDesk(self.recoveries, self.recovery, self.clock, SmallRandomness()),
            retention=RetentionDesk(self.retention, self.clock, SmallRandomness(), self.rules),
            admin_token=lambda: self.token,
            tokens=self.tokens,
            audit=self.trail,
            proof=self.proof_desk(),
            audit_db=self.audit_db,
            scrub_db=self.scrub_db,
            ris=self.ris,
            states=self.states,
            replay=self.replay,
            logins=self.logins,
        )

    @contextmanager
    def served(self):
        """The address of a real web server in front of this node."""
        server = WebServer(
            create_app(self.control()), Endpoint("127.0.0.1", 0), certificate=None, key=None
        )
        server.start()
        try:
            yield f"http://{server.endpoint}"
        finally:
            server.stop()

    def proof_desk(self):
        return proof_desk_of(self)

    def certify(self):
        """Make the certificates that were asked for, as the primary would."""
        certify(self)

    def client(self, token=None):
        """Asks this node's application without a socket."""
        return AppClient(create_app(self.control()), token)

    def obey(self):
        """Do as commanded: pause both nodes, or change places with the peer in the next term."""

        def then(message):
            if isinstance(message, SetPaused):
                self.change("pair", PairStatus, paused=message.paused)
                self.change("peer", PeerStatus, last_beat=heartbeat(paused=message.paused))
            elif isinstance(message, Switchover):
                self.change("pair", PairStatus, role=Role.SECONDARY, term=8)
                self.change("peer", PeerStatus, last_beat=heartbeat(Role.PRIMARY, 8))
            else:
                self.change("pair", PairStatus, role=Role.PRIMARY, term=8)

        self.pair.then = then

    def retried(self):
        return [r.key for message in self.poller.of(RetryItems) for r in message.refs]


def event(what, number, *, term=0, detail="", node="alpha"):
    at_us = BEGAN_US + number * 1_000_500
    return ItemEvent("zoom", "i1", node, "boot.poller", number, at_us, what, term, detail)
