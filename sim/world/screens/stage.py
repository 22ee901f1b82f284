"""Agents, their desktops and their platform in one world, and the judgement over their screens: promise S7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from recorder.ports.recording import DataSource
from recorder.scn.model import AgentEventKind, Span, Verdict
from sim.checkers.screen_follows_agent import (
    PROMISE,
    AgentLeg,
    Frame,
    Place,
    ScreenRun,
    SeenPart,
    check_discarded,
    check_screens,
    missing,
)
from sim.checkers.violation import Violation
from sim.clockwork.clock import WALL_START_US
from sim.world.incident import NODES
from sim.world.screens.bodies import agent_of, mouth_of, sayable
from sim.world.screens.desktop import SimDesktop
from sim.world.screens.lan import Lan
from sim.world.screens.places import deleted, instants, places, unsynced
from sim.world.screens.platform import Platform, Telling
from sim.world.screens.script import AgentScript, TrueLeg, script_of
from sim.world.screens.seat import Seat
from sim.world.screens.sight import Sight

if TYPE_CHECKING:
    from sim.world.world import World

_NS: Final = 1_000_000_000
_RECORDED_S: Final = 20.0
"""So long after a call began, all being well, its agent's screen is being recorded: late messages take 15 s (`Screens.late_s`),
or the platform is asked, every 5 s."""
_FRESH_S: Final = 5.0
"""A node acknowledges what it wrote at once; a desktop that changes over needs three of these."""
_OVER_S: Final = 45.0
"""So long after the last call nobody is recorded any more: `screens.wrap_up_max_s` where its end was not told, and a late message."""
_ARCHIVED_S: Final = 150.0
"""So long after the last call everything of answered ones is archived: 30 s for what is known of agents (LEGS_WITHIN_NS), 60 s each
until the next look for undecided ones (DECIDE_EVERY_S) and for what the archive refused (REFUSED_AGAIN_S)."""
_LOOK_S: Final = 5.0
_LATE_US: Final = 3_000_000
"""What comes within this is no late message: on its way for 0.2 s, refused by a node that does not answer for three."""
_UNTOLD_US: Final = 35_000_000
"""So long after its end a leg may seem to last, where nobody tells the end: `screens.wrap_up_max_s`, and an asking."""
_UNMASKS: Final = frozenset({AgentEventKind.UNMASK, AgentEventKind.ENDED, AgentEventKind.AVAILABLE})

MOVED: Final = "desktop moved over in mid-call"
DISORDER: Final = "event came after its successor"
LATE_REFUSAL: Final = "late Not Responding"
LATE_MASK: Final = "mask heard late"
BOTH_HEARD: Final = "both nodes heard one event"
ASKED: Final = "event of an agent heard by asking"
TAKEN_UP: Final = "desktop restarted with frames on its disk"
WANTED: Final = (MOVED, DISORDER, LATE_REFUSAL, LATE_MASK, BOTH_HEARD, ASKED)
"""What a search over worlds with screens must have seen."""


class ScreenStage:
    """One per world; where nobody has a screen it has nothing to do."""

    def __init__(self, world: World) -> None:
        incident = world.incident
        self._world = world
        self._kernel = world.kernel
        self._screens = incident.screens
        self.lan: Lan | None = None
        """For faults."""
        self.scripts: tuple[AgentScript, ...] = ()
        self.desktops: tuple[SimDesktop, ...] = ()
        """Of the agents, in order."""
        if self._screens is None:
            return
        self._source = incident.sources[0]
        self._lan = self.lan = Lan(world.kernel, world.machines)
        self.scripts = tuple(
            script_of(
                agent := agent_of(self._source, number, self._screens),
                sayable(self._source, self._screens),
                incident.minutes * 60,
                world.kernel.streams.stream("agent", agent),
            )
            for number in range(1, self._screens.agents + 1)
        )
        self.platform = Platform(
            kernel=world.kernel,
            machines=world.machines,
            screens=self._screens,
            scripts=self.scripts,
            source=self._source,
            mouth=(mouth := mouth_of(self._source, self._screens)),
        )
        self.call = mouth.call
        self.desktops = tuple(
            SimDesktop(f"pc-{number}", self._key(script.agent), kernel=world.kernel, lan=self._lan)
            for number, script in enumerate(self.scripts, 1)
        )
        self.seats = {node: self._seat(node) for node in world.machines}
        for node, machine in world.machines.items():
            machine.seat = self.seats[node]
        self._sight = Sight(
            kernel=world.kernel,
            machines=world.machines,
            seats=self.seats,
            lan=self._lan,
            desktops=self.desktops,
            broken=world.broken,
        )

    def begin(self) -> None:
        """Agents come to work."""
        if self._screens is None:
            return
        self.platform.begin()
        self._sight.begin()
        for desktop, script in zip(self.desktops, self.scripts, strict=True):
            desktop.begin()
            self._at(script.last.span.from_s + _RECORDED_S, partial(self._lives, desktop, script))
            self._at(script.last.span.to_s + _OVER_S, partial(self._rests, desktop, script))

    def at_the_end(self) -> Iterator[Violation]:
        """Once the world has healed: live on until everything must be where it belongs, and look."""
        if self._screens is None:
            return
        last_s = max(script.last.span.to_s for script in self.scripts)
        self._kernel.run_until(max(self._kernel.now_ns, round((last_s + _OVER_S + 1) * _NS)))
        deadline_ns = self._kernel.now_ns + round(_ARCHIVED_S * _NS)
        while self._kernel.now_ns < deadline_ns and self._unfinished():
            self._kernel.run_for(_LOOK_S)
        yield from check_screens(self.seen())
        yield from self._starts()

    def counts(self) -> dict[str, int]:
        """How often each interesting situation was reached."""
        if self._screens is None:
            return {}
        found: Counter[str] = Counter()
        for desktop in self.desktops:
            found[TAKEN_UP] += desktop.spool.taken_up
            nodes = [node for _, node in desktop.served]
            streams = desktop.sent_from
            found[MOVED] += sum(
                old != new and bool(stream)
                for old, new, stream in zip(nodes, nodes[1:], streams[1:], strict=False)
            )
        newest: dict[str, int] = {}
        heard = [one for one in self.platform.tellings.values() if one.heard_ns is not None]
        events = self._world.data_center.agent_events.events
        found[ASKED] = sum(
            one is not None and not one.heard_by
            for one in map(self.platform.tellings.get, (key[1] for key in events))
        )
        for one in sorted(heard, key=lambda one: one.heard_ns or 0):
            event = one.event
            found[DISORDER] += event.at_us < newest.get(event.agent, 0)
            newest[event.agent] = max(newest.get(event.agent, 0), event.at_us)
            late_us = WALL_START_US + (one.heard_ns or 0) // 1000 - event.at_us
            late = late_us > _LATE_US
            found[LATE_REFUSAL] += late and event.kind is AgentEventKind.NOT_RESPONDING
            found[LATE_MASK] += late and event.kind is AgentEventKind.MASK
            found[BOTH_HEARD] += len(one.heard_by) > 1
        return {name: number for name, number in found.items() if number}

    # -- while it runs ----

    def _lives(self, desktop: SimDesktop, script: AgentScript) -> None:
        """The agent has been talking for a while: is the screen being recorded?"""
        now_ns = self._kernel.now_ns
        fresh = any(
            now_ns - one.at_ns <= _FRESH_S * _NS and one.stream == desktop.filming
            for one in desktop.kept
        )
        if not fresh:
            what = "an agent talks, and no frame is being kept"
            self._world.broken(Violation(PROMISE, what, (script.last.call, desktop.name)))

    def _rests(self, desktop: SimDesktop, script: AgentScript) -> None:
        if desktop.filming:
            what = "an agent has had no call for long, and is recorded"
            self._world.broken(Violation(PROMISE, what, (script.last.call, desktop.filming)))

    def _blind_stop(self, node: str, agent: str) -> None:
        """Only what goes on for longer than any call may is stopped blindly."""
        long_s = self._world.machines[node].config.screens.leg_max_s
        if any(one.agent_key == agent and one.filming_s > long_s for one in self.desktops):
            return
        what = f"{node} stopped a desktop of whose agent it knew nothing"
        self._world.broken(Violation(PROMISE, what, (agent,)))

    def _discarded(self, seat: Seat, key: str, data: bytes) -> None:
        """A file is about to go: what nobody decided about may only go late, and with its period archived."""
        frames = self._frames()
        shown = [frames[place] for place in places(data)]
        legs = [
            leg
            for leg in self._legs()
            if leg.verdict is Verdict.UNDECIDED
            and any(one.call == leg.call for one in seat.legs.get(leg.agent_key, ()))
        ]
        if not any(leg.from_us <= one.at_us <= leg.to_us for leg in legs for one in shown):
            return
        settings = self._world.machines[NODES[0]].config.screens
        progress = self._world.data_center.contacts.progress.get(self._source)
        done_us = 0 if progress is None else progress.watermark_us
        old_us = self._world.data_center.now_us() - round(settings.undecided_s * 1e6)
        parts = [part for part in self._parts() if part.archived or part.key != key]
        for violation in check_discarded(legs, shown, parts, min(done_us, old_us)):
            self._world.broken(violation)

    def _telling(self, node: str, source: str, opened: DataSource) -> DataSource:
        if source != self._source:
            return opened
        road = self._world.services[source].roads[node]
        return self.platform.telling(node, road, opened)

    # -- at the end ----

    def _unfinished(self) -> bool:
        return bool(missing(self.seen())) or any(one.spool.streams() for one in self.desktops)

    def _starts(self) -> Iterator[Violation]:
        """Where nothing goes wrong a desktop begins once for all calls that follow one another."""
        if self._world.incident.faults or not self._is_prompt:
            return
        for desktop, script in zip(self.desktops, self.scripts, strict=True):
            began = {stream for stream, _ in desktop.captured}
            most = len(_together(script.legs))
            if len(began) > most:
                what = f"{len(began)} streams for {most} stretches with calls"
                yield Violation(PROMISE, what, (desktop.name,))

    @property
    def _is_prompt(self) -> bool:
        """Whether every message comes when it should."""
        screens = self._screens
        return screens is not None and not (
            screens.bodies or screens.late or screens.unheard or screens.missed_end
        )

    def seen(self) -> ScreenRun:
        """How everything is now."""
        calm = not self._world.incident.faults and self._is_prompt
        believed = {
            (node, agent): tuple(legs.values())
            for node, seat in self.seats.items()
            for agent, legs in seat.believed.items()
        }
        return ScreenRun(
            legs=self._legs(),
            frames=self._frames(),
            parts=tuple(self._parts()),
            lost=self._lost(),
            moved={
                stream
                for desktop in self.desktops
                for stream, wires in desktop.sent_over.items()
                if len(wires) > 1
            },
            believed={} if calm else believed,
        )

    def _legs(self) -> list[AgentLeg]:
        return [self._leg(leg) for script in self.scripts for leg in script.legs]

    def _frames(self) -> dict[Place, Frame]:
        return {place: one for desktop in self.desktops for place, one in desktop.captured.items()}

    def _parts(self) -> Iterator[SeenPart]:
        center = self._world.data_center
        for key, part in sorted(center.screens.parts.items()):
            stored = center.objects.objects.get(part.object_key)
            if key not in center.screens.forgotten and stored is not None:
                yield SeenPart(key, part.node, True, places(stored))  # noqa: FBT003
        for node, machine in self._world.machines.items():
            disk = machine.disk.screens.disk
            for key, data in sorted({**disk.opened, **disk.sealed}.items()):
                yield SeenPart(key, node, False, places(bytes(data)))  # noqa: FBT003

    def _lost(self) -> set[Place]:
        lost = {place for desktop in self.desktops for place in desktop.spool.dropped}
        lost.update(deleted(self._world.data_center.screens))
        for node, machine in self._world.machines.items():
            for cut_us in machine.disk.screens.power_cuts_us:
                for desktop in self.desktops:
                    lost.update(unsynced(desktop, node, cut_us))
        return lost

    # -- making ----

    def _seat(self, node: str) -> Seat:
        return Seat(
            node,
            lan=self._lan,
            center=self._world.data_center,
            telling=partial(self._telling, node),
            on_discard=self._discarded,
            agents_of=partial(self._lan.agents_of, node),
            on_blind_stop=self._blind_stop,
        )

    def _key(self, agent: str) -> str:
        return f"{self._source}/{agent}"

    def _leg(self, leg: TrueLeg) -> AgentLeg:
        return AgentLeg(
            self._key(leg.agent),
            self.call(leg.call),
            *instants(leg.span),
            leg.verdict,
            tuple(instants(mask) for mask in leg.masks),
            tuple(self._doubtful(leg)),
            max(
                one.told_us.get((self._key(leg.agent), self.call(leg.call)), 0)
                for one in self.seats.values()
            ),
        )

    def _doubtful(self, leg: TrueLeg) -> Iterator[tuple[int, int]]:
        """From a mask to the last late word of its end."""
        for mask in leg.masks:
            from_us, mask_to_us = instants(mask)
            tellings = self.platform.tellings.values()
            if not any(
                one.event.kind is AgentEventKind.UNMASK and one.event.at_us == mask_to_us
                for one in tellings
                if one.event.agent == leg.agent
            ):
                # It lasts as long as its leg, for whoever knows no more.
                yield from_us, instants(leg.span)[1] + _UNTOLD_US
            heard_us = [
                WALL_START_US + (one.heard_ns or self._kernel.now_ns) // 1000
                for one in tellings
                if one.event.agent == leg.agent
                and one.event.kind in _UNMASKS
                and from_us <= one.event.at_us
                and one.event.at_us <= instants(leg.span)[1] + _LATE_US
                and self._is_late(one)
            ]
            if heard_us:
                yield from_us, max(heard_us)

    def _is_late(self, one: Telling) -> bool:
        heard_us = WALL_START_US + (one.heard_ns or self._kernel.now_ns) // 1000
        return heard_us - one.event.at_us > _LATE_US

    def _at(self, at_s: float, act: partial[None]) -> None:
        self._kernel.schedule(round(at_s * _NS), act, label="agents")


def _together(legs: list[TrueLeg]) -> list[Span]:
    """Stretches with at least one call."""
    found: list[Span] = []
    for leg in sorted(legs, key=lambda one: one.span.from_s):
        from_us, to_us = instants(leg.span)
        last = found[-1] if found else None
        if last is not None and last.to_us is not None and from_us <= last.to_us:
            found[-1] = Span(last.from_us, max(last.to_us, to_us))
        else:
            found.append(Span(from_us, to_us))
    return found
