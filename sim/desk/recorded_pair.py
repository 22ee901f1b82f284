"""A real pair that records desktops; calls may be put into its Data Center before it starts, without a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db import migrate
from recorder.adapters.contact_db.agent_events import SqlAgentEventDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.errors import CallBufferError
from recorder.scn.desktop_tokens import desktop_token
from recorder.scn.model import AgentEvent, AgentEventKind, ScreenPacket
from recorder.scn.webm import ScnReader
from sim.served.local_pair import LocalPair, PairPlan
from sim.served.node_process import NodeProcess
from sim.served.source_plan import SourcePlan

SOURCE = "dynamics"
SECRET = "secret-of-the-desktops-of-a-test"  # noqa: S105 - of a pair that ends with its test
TOKEN = desktop_token(SECRET, "desk-1")
_RANG_BEFORE_US = 2_000_000
_ANSWERED_BEFORE_US = 1_000_000


class RecordedPair:
    """Use it as a context. Desktops register at `urls`: desk-1 with `TOKEN`, others with one made from `SECRET`."""

    def __init__(
        self,
        directory: Path,
        *,
        agents: Sequence[str] = (),
        sources: Sequence[SourcePlan] = (),
        tables: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Each of the agents talks since a second ago, and goes on."""
        self.directory = directory.absolute()
        self.pair = LocalPair(
            PairPlan(
                self.directory,
                sources,
                tables={
                    "screens": {"enabled": True},
                    "web.tokens.desktops": {"token": f"value:{SECRET}", "roles": ["desktop"]},
                    **(tables or {}),
                },
            )
        )
        database = f"sqlite:///{self.directory}/center/contacts.db"
        (self.directory / "center").mkdir(parents=True, exist_ok=True)
        migrate(database)
        engine = open_engine(database)
        try:
            SqlAgentEventDb(engine).record([one for agent in agents for one in _talks(agent)])
        finally:
            engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        for node in self.pair.nodes.values():
            node.kill()
            node.close()

    def __getitem__(self, name: str) -> NodeProcess:
        return self.pair.nodes[name]

    @property
    def urls(self) -> list[str]:
        """For desktops: alpha first."""
        return [node.url.replace("http", "ws", 1) for node in self.pair.nodes.values()]

    def archived(self) -> dict[tuple[str, int], ScreenPacket]:
        """Every packet in the archive, by stream and number; the same one in two parts counts once."""
        found: dict[tuple[str, int], ScreenPacket] = {}
        for path in sorted((self.directory / "center/archive/screens").rglob("*.scn")):
            with path.open("rb") as file:
                try:
                    reader = ScnReader(file)
                except CallBufferError:
                    continue
                stream = reader.head.stream.stream
                found.update({(stream, one.seq): one for one in reader.packets()})
        return found

    def written(self, node: str) -> int:
        """Bytes of screens in the call buffer of a node."""
        return sum(path.stat().st_size for path in self.parts(node))

    def parts(self, node: str) -> list[Path]:
        """Files of screens in the call buffer of a node."""
        folder = self.directory / node / "screens"
        return sorted(path for path in folder.glob("*") if path.suffix in _SCREENS)


_SCREENS = {".part", ".scn"}


def _talks(agent: str) -> tuple[AgentEvent, ...]:
    clock = RealClock()
    now_us = clock.wall_us()
    clock.stop()
    return tuple(
        AgentEvent(
            source=SOURCE,
            event_id=f"{agent}-{kind.value}",
            agent=agent,
            call=f"call-of-{agent}",
            kind=kind,
            at_us=now_us - before_us,
            heard_us=now_us,
            heard_by="alpha",
        )
        for kind, before_us in (
            (AgentEventKind.RINGING, _RANG_BEFORE_US),
            (AgentEventKind.CONNECTED, _ANSWERED_BEFORE_US),
        )
    )
