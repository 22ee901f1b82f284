"""The telephony platform: tells nodes what agents do, and can be asked.

A message goes to one address in front of both nodes, and from there to whichever answers, or to an address of each.
What no node put on its disk is sent again. Messages come late, twice, in any order; of some nobody hears.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from recorder.errors import SourceError
from recorder.model import Window
from recorder.ports.recording import DataSource
from recorder.scn.messages import AgentEventsHeard
from recorder.scn.model import AgentEvent, AgentEventKind
from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Kernel
from sim.world.incident import Screens
from sim.world.screens.saying import Mouth, Said
from sim.world.screens.script import AgentScript, Happening

if TYPE_CHECKING:
    from sim.world.machine import Machine
    from sim.world.service import Road

_NS: Final = 1_000_000_000
_ERROR: Final = 400
_MASKS: Final = frozenset({AgentEventKind.MASK, AgentEventKind.UNMASK})
_CONNECT_S: Final = 3.0
_WAY_S: Final = (0.02, 0.2)
_ANSWER_S: Final = 3.0
_AGAIN_S: Final = (2.0, 6.0)
_DOUBLED_S: Final = (0.1, 10.0)


@dataclass
class Telling:
    """One event, and what became of its message."""

    event: AgentEvent
    """As the platform tells it; nobody has heard of it yet."""
    heard_ns: int | None = None
    """When a node had it on its disk first."""
    heard_by: tuple[str, ...] = ()


class Platform:
    """One per world. `source` is the one whose agents these are."""

    def __init__(
        self,
        *,
        kernel: Kernel,
        machines: Mapping[str, Machine],
        screens: Screens,
        scripts: Sequence[AgentScript],
        source: str,
        mouth: Mouth,
    ) -> None:
        self._kernel = kernel
        self._machines = machines
        self._screens = screens
        self._chance = kernel.streams.stream("platform")
        self._source = source
        self._mouth = mouth
        self.tellings: dict[str, Telling] = {}
        """By the id of the event; those that have happened."""
        self._happenings = [one for script in scripts for one in script.happenings]

    def begin(self) -> None:
        """Let everything happen at its time."""
        for one in self._happenings:
            self._after(one.at_s, lambda one=one: self._happens(one))

    def telling(self, node: str, road: Road, source: DataSource) -> DataSource:
        """A source as a node reaches it, that can be asked what its agents did."""
        wait = self._kernel.block_for

        def ask(window: Window) -> tuple[AgentEvent, ...]:
            wait(_CONNECT_S if road.cut else self._chance.uniform(*_WAY_S) + road.slow_s)
            if road.cut:
                raise SourceError("the platform does not answer")
            heard_us = self._machines[node].clock.wall_us()
            return tuple(
                replace(one.event, heard_us=heard_us)
                for one in self.tellings.values()
                if self._screens.asked and window.from_us <= one.event.at_us < window.to_us
            )

        told: Any = _Telling(source, ask)
        return told

    def _happens(self, one: Happening) -> None:
        at_us = WALL_START_US + round(one.at_s * 1_000_000)
        for said in self._mouth.says(one, at_us):
            late_s = self._screens.mask_late_s
            if late_s and one.kind in _MASKS:
                after_s = self._chance.uniform(0.0, late_s)
                self._after(after_s, lambda said=said: self._comes_out(said))
            else:
                self._comes_out(said)

    def _comes_out(self, said: Said) -> None:
        """From now on who asks is told of it as well."""
        if said.event is not None:
            self.tellings[said.event.event_id] = Telling(said.event)
        if said.is_sent:
            self._tell(said)

    def _tell(self, said: Said) -> None:
        chance, screens = self._chance, self._screens
        if chance.random() < screens.unheard:
            return
        times = 2 if chance.random() < screens.doubled else 1
        for time in range(times):
            after_s = chance.uniform(*_WAY_S)
            if chance.random() < screens.late:
                after_s += chance.uniform(0.5, screens.late_s)
            if time:
                after_s += chance.uniform(*_DOUBLED_S)
            self._after(after_s, lambda: self._send(said))

    def _send(self, said: Said) -> None:
        nodes = [*self._machines]
        if self._screens.two_urls:
            for node in nodes:
                self._post(said, [node])
        else:
            self._chance.shuffle(nodes)
            self._post(said, nodes)

    def _post(self, said: Said, nodes: list[str]) -> None:
        """To the first of these, and to the next where it does not answer."""
        node, *others = nodes
        machine = self._machines[node]
        answer = _Answer(self, said, node)
        wait_s = _ANSWER_S
        if machine.lives and not machine.paused:
            self._arrive(said, machine, answer)
        elif not machine.paused:
            wait_s = 0.01
        self._after(wait_s, lambda: self._look(answer, others))

    def _arrive(self, said: Said, machine: Machine, answer: _Answer) -> None:
        assembly = machine.assembly
        assert assembly is not None, "it lives"
        if said.request is None:
            ris, event = assembly.screens.ris, said.event
            if ris is not None and event is not None:
                heard = replace(event, heard_us=machine.clock.wall_us())
                ris.tell(AgentEventsHeard((heard,), reply_to=answer))
            return
        got = machine.hear(self._source, said.request, answer)
        assert got is not None, "it lives"
        assert got.status < _ERROR, f"a message of the platform is refused: {got.status}"
        told = [(one.event_id, one.call, one.kind, one.at_us) for one in got.agent_events]
        event = said.event
        if not told:
            answer.given = True
        elif event is not None:
            known = (event.event_id, event.call, event.kind, event.at_us)
            assert known in told, f"the adapter makes {told} of {known}"

    def _look(self, answer: _Answer, others: list[str]) -> None:
        event = answer.said.event
        if answer.given:
            return
        if others:
            self._post(answer.said, others)
        elif event is None or not self.tellings[event.event_id].heard_by:
            # To the same address: where each node has its own, another one tries the other.
            own = self._screens.two_urls
            self._after(
                self._chance.uniform(*_AGAIN_S),
                lambda: self._post(answer.said, [answer.node]) if own else self._send(answer.said),
            )

    def heard(self, event: AgentEvent, node: str) -> None:
        """A node has it on its disk."""
        telling = self.tellings[event.event_id]
        if telling.heard_ns is None:
            telling.heard_ns = self._kernel.now_ns
        if node not in telling.heard_by:
            telling.heard_by = (*telling.heard_by, node)

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        self._kernel.schedule(round(seconds * _NS), act, label="platform")


class _Telling:
    """A source that can be asked."""

    def __init__(self, inner: DataSource, ask: Callable[[Window], tuple[AgentEvent, ...]]) -> None:
        self._inner = inner
        self.agent_events = ask

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Answer:
    """Where a node says that it keeps an event."""

    name = "platform"

    def __init__(self, platform: Platform, said: Said, node: str) -> None:
        self._platform = platform
        self.said = said
        self.node = node
        self.given = False

    def tell(self, message: Any) -> None:
        """Kept."""
        del message
        self.given = True
        if self.said.event is not None:
            self._platform.heard(self.said.event, self.node)
