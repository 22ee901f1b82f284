"""The place of one node in the recording of screens: its ports, and what it was told and ordered in this life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster.ports import Behaviour
from recorder.assembly.screens import RecordingPorts, ScreenPorts
from recorder.scn.messages import DesktopCommand, LegsChanged, StopScreen
from recorder.scn.model import Leg, Span, Verdict
from recorder.screen.recorder import ScreenRecorder
from sim.stand_ins.screen_files import MemoryScreenFiles, ScreenDisk
from sim.world.screens.lan import Lan

if TYPE_CHECKING:
    from collections.abc import Callable

    from recorder.assembly.stitching import StitchStores
    from recorder.ports.recording import DataSource
    from recorder.traps import Trap
    from sim.world.data_center import WorldDataCenter
    from sim.world.screens.shelf import ScreenShelf


class Seat:
    """One per node; outlives the process."""

    def __init__(
        self,
        node: str,
        *,
        lan: Lan,
        center: WorldDataCenter,
        telling: Callable[[str, DataSource], DataSource],
        on_discard: Callable[[Seat, str, bytes], None],
        agents_of: Callable[[str], tuple[str, ...]],
        on_blind_stop: Callable[[str, str], None],
    ) -> None:
        """`telling` makes a source one that can be asked of agents. `agents_of` a connection.

        `on_discard` is called with this seat, the key and the bytes of a file that is about to be deleted;
        `on_blind_stop` with the node and an agent it knew nothing of.
        """
        self.node = node
        self.believed: dict[str, dict[tuple[str, int], Span]] = {}
        """By agent and leg: how far the recorder was ever told that a kept one goes."""
        self.legs: dict[str, tuple[Leg, ...]] = {}
        """By agent: what this life of the recorder was told last."""
        self.told_us: dict[tuple[str, str], int] = {}
        """By agent and call: when it was first told of a leg, in any life."""
        self._known: set[str] = set()
        """Agents of whom this life of the recorder was told a leg."""
        self._lan = lan
        self._center = center
        self.telling = telling
        self.stitching: Callable[[ScreenShelf, Trap], StitchStores] | None = None
        """Of one life of the node; None where nothing is made replayable."""
        self._on_discard = on_discard
        self._agents_of = agents_of
        self._on_blind_stop = on_blind_stop

    def ports(self, shelf: ScreenShelf, trap: Trap) -> ScreenPorts:
        """For one life of the node."""
        self._known.clear()
        self.legs.clear()
        return ScreenPorts(
            events=self._center.events_of_agents(self.node),
            journal=shelf.journal,
            recording=RecordingPorts(
                links=self,
                files=_WatchedFiles(shelf.disk, trap, self._discards),
                db=self._center.screen_db(self.node),
            ),
        )

    def stitch(self, shelf: ScreenShelf, trap: Trap) -> StitchStores | None:
        """The same for what makes contacts replayable."""
        return None if self.stitching is None else self.stitching(shelf, trap)

    def _discards(self, key: str, data: bytes) -> None:
        self._on_discard(self, key, data)

    def died(self, *, power: bool) -> None:
        """The process is no more."""
        self._lan.died(self.node, power=power)

    # -- recorder.ports.screens.DesktopLinks ----

    def send(self, connection: str, command: DesktopCommand) -> None:
        """See DesktopLinks."""
        if isinstance(command, StopScreen):
            for agent in self._agents_of(connection):
                if agent not in self._known:
                    self._on_blind_stop(self.node, agent)
        self._lan.send(self.node, connection, command)

    def close(self, connection: str, reason: str) -> None:
        """See DesktopLinks."""
        self._lan.close(self.node, connection, reason)

    # -- what the recorder is told ----

    def around(self, behaviour: Behaviour[Any]) -> Behaviour[Any]:
        """A behaviour of this node, looked through if it is the screen recorder."""
        is_recorder = isinstance(behaviour, ScreenRecorder)
        return _ToldBehaviour(behaviour, self) if is_recorder else behaviour

    def told(self, message: object) -> None:
        """A message to the recorder."""
        if isinstance(message, LegsChanged):
            self.legs[message.agent_key] = message.legs
            if message.legs:
                self._known.add(message.agent_key)
            kept = self.believed.setdefault(message.agent_key, {})
            for leg in message.legs:
                self.told_us.setdefault((leg.agent_key, leg.call), self._center.now_us())
                if leg.verdict is Verdict.KEPT:
                    key = (leg.call, leg.span.from_us)
                    kept[key] = self._wider(kept.get(key), leg.span)

    def _wider(self, before: Span | None, now: Span) -> Span:
        if before is None or now.to_us is None:
            return now
        until_us = self._center.now_us() if before.to_us is None else before.to_us
        return Span(now.from_us, max(now.to_us, until_us))


class _WatchedFiles(MemoryScreenFiles):
    """Tells of what is deleted."""

    def __init__(
        self, disk: ScreenDisk, trap: Trap, on_discard: Callable[[str, bytes], None]
    ) -> None:
        super().__init__(disk, trap=trap)
        self._shelf = disk
        self._on_discard = on_discard

    def discard(self, part_key: str) -> None:
        """See ScreenFiles."""
        data = self._shelf.opened.get(part_key) or self._shelf.sealed.get(part_key)
        if data and not self._shelf.failing:
            self._on_discard(part_key, bytes(data))
        super().discard(part_key)


class _ToldBehaviour:
    """A screen recorder whose messages are looked at before it handles them."""

    def __init__(self, inner: Behaviour[Any], seat: Seat) -> None:
        self._inner = inner
        self._seat = seat

    def on_start(self) -> None:
        """See Behaviour."""
        self._inner.on_start()

    def on_message(self, message: object) -> None:
        """See Behaviour."""
        self._seat.told(message)
        self._inner.on_message(message)

    def on_stop(self) -> None:
        """See Behaviour."""
        self._inner.on_stop()
