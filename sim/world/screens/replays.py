"""Contacts that are made replayable in a world: their calls end at the source, people open them, and it is judged."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from recorder.assembly.stitching import StitchStores
from recorder.model import MediaKind
from recorder.records.contacts import ContactDetail
from recorder.scn.messages import Stitch
from recorder.scn.model import AgentEvent, Leg, Rendition, Verdict
from recorder.screen.legs import fold, limits_of
from recorder.stitch.gathering import gathered
from recorder.stitch.stitch_ports import StitchTools
from recorder.stitch.stitching import planned
from sim.checkers.replay_whole import (
    PROMISE,
    Content,
    ReplayRun,
    SeenContact,
    SeenRendition,
    check_replays,
    not_shown,
)
from sim.checkers.violation import Violation
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.tables.agent_events import MemoryAgentEventDb
from sim.tables.data_center import MemoryArchive, MemoryContactDb
from sim.tables.screens import MemoryScreenDb
from sim.world.incident import NODES
from sim.world.kinds.kind import Talk
from sim.world.screens.script import TrueLeg
from sim.world.screens.studio import SimStudio, StudioTrouble, content_of

if TYPE_CHECKING:
    from recorder.traps import Trap
    from sim.world.screens.shelf import ScreenShelf
    from sim.world.world import World

_NS: Final = 1_000_000_000
_FOLDER: Final = "renditions/"
_SOUNDS: Final = ((0,), (1,), (0, 1))
_LATE_S: Final = (1.0, 1.0, 20.0, 60.0)
_OPENED_S: Final = (2.0, 20.0)
"""From one opening of a contact's page to the next."""
_LOOK_S: Final = 5.0
_AHEAD_S: Final = 420.0
"""So long after faults are over contacts with screens are made: a call is looked up again when as much time has passed as before."""
_ASKED_S: Final = 300.0
"""So long after faults are over every contact is made that somebody asks for: some minute for a try that failed."""

LATE_PART: Final = "late part after a rendition"
LATE_MASK: Final = "mask after a rendition"
CRASHED: Final = "crash during stitching"
TAKEN_OVER: Final = "failover during stitching"
WANTED: Final = (LATE_PART, LATE_MASK, CRASHED, TAKEN_OVER)
"""What a search over worlds with screens must have seen."""


class ReplayStage:
    """One per world; where nothing is replayed it has nothing to do."""

    def __init__(self, world: World) -> None:
        screens = world.incident.screens
        self._world = world
        self._center = world.data_center
        self._kernel = world.kernel
        self._chance = world.kernel.streams.stream("replays")
        self._is_over = False
        self._share = 0.0 if screens is None else screens.replayed
        self._books = {node: _Book(world, node) for node in world.machines}
        self.troubles = {node: StudioTrouble() for node in world.machines}
        """For faults."""
        if self._share:
            for node, seat in world.screens.seats.items():
                seat.stitching = partial(self._stores, node)

    def begin(self) -> None:
        """Calls that are answered end at the source too, and people open what is there."""
        if not self._share:
            return
        for script in self._world.screens.scripts:
            for leg in script.legs:
                answered = leg.verdict is Verdict.KEPT and leg is not script.last
                if answered and self._chance.random() < self._share:
                    self._after(leg.span.to_s, partial(self._record, leg))
        self._after(self._chance.uniform(*_OPENED_S), self._open_some)

    def at_the_end(self) -> Iterator[Violation]:
        """Everybody opens every contact until all is as it should be."""
        if not self._share:
            return
        self._is_over = True
        yield from self._not_ahead()
        deadline_ns = self._kernel.now_ns + round(_ASKED_S * _NS)
        wrong = tuple(check_replays(self.seen()))
        while wrong and self._kernel.now_ns < deadline_ns:
            self._open_all()
            self._kernel.run_for(_LOOK_S)
            wrong = tuple(check_replays(self.seen()))
        yield from wrong

    def _not_ahead(self) -> Iterator[Violation]:
        """Contacts with screens that nobody made although nobody had to ask, where the program did not refuse them."""
        failed = {home for book in self._books.values() for home in book.failed}
        deadline_ns = self._kernel.now_ns + round(_AHEAD_S * _NS)
        while True:
            late = [one for one in not_shown(self.seen()) if one.contact_id not in failed]
            if not late or self._kernel.now_ns >= deadline_ns:
                break
            self._kernel.run_for(_LOOK_S)
        for one in late:
            what = "a contact with a screen was not made replayable before anybody asked"
            yield Violation(PROMISE, what, (one.call, one.contact_id))

    def counts(self) -> dict[str, int]:
        """How often each interesting situation was reached."""
        made: dict[str, list[tuple[int, Content, int]]] = {}
        for book in self._books.values():
            for at_ns, content, masks in book.made:
                made.setdefault(content.contact_id, []).append((at_ns, content, masks))
        found: Counter[str] = Counter()
        for every in made.values():
            every.sort(key=lambda one: one[0])
            _, first, masks = every[0]
            _, last, masks_then = every[-1]
            found[LATE_PART] += len(last.heard) > len(first.heard) or bool(
                {*last.frames} - {*first.frames}
            )
            found[LATE_MASK] += masks_then > masks
        found[CRASHED] = sum(book.crashed for book in self._books.values())
        found[TAKEN_OVER] = sum(book.taken_over for book in self._books.values())
        return {name: number for name, number in found.items() if number}

    def seen(self) -> ReplayRun:
        """How everything is now."""
        tools, known = self._tools(), self._center.contacts.contacts.rows
        details = [tools.contacts.contact(home) for home in sorted(known)]
        rows = [one for every in self._center.screens.renditions.values() for one in every]
        objects = self._center.objects.objects
        keys = [*(one.object_key for one in rows), *objects]
        return ReplayRun(
            screens=self._world.screens.seen(),
            contacts=tuple(
                one for detail in details if detail is not None for one in _seen(tools, detail)
            ),
            renditions=tuple(map(self._rendition, rows)),
            left=tuple(
                key
                for key in dict.fromkeys(keys)
                if key.startswith(_FOLDER) and key.split("/")[2] not in known
            ),
        )

    # -- inside ----

    def _record(self, leg: TrueLeg) -> None:
        talk = Talk(
            key=self._world.screens.call(leg.call),
            end_us=self._center.now_us(),
            seconds=leg.span.to_s - leg.span.from_s,
            sounds=self._chance.choice(_SOUNDS),
            late_s=self._chance.choice(_LATE_S),
        )
        self._world.service.born.record(talk)

    def _open_some(self) -> None:
        if self._is_over:
            return
        homes = sorted(self._center.contacts.contacts.rows)
        if homes:
            self._open(self._chance.choice(homes), self._chance.choice(NODES))
        self._after(self._chance.uniform(*_OPENED_S), self._open_some)

    def _open_all(self) -> None:
        """As `ReplayDesk` does: of what is ready nobody is asked."""
        run = self.seen()
        ready = {
            (one.contact_id, one.digest)
            for one in run.renditions
            if one.content is not None and not one.lost
        }
        for place, contact in enumerate(run.contacts):
            if (contact.contact_id, contact.digest) not in ready:
                self._open(contact.contact_id, NODES[place % len(NODES)])

    def _open(self, contact_id: str, node: str) -> None:
        assembly = self._world.machines[node].assembly
        if assembly is not None and assembly.stitch.address is not None:
            assembly.stitch.address.tell(Stitch(contact_id))

    def _rendition(self, one: Rendition) -> SeenRendition:
        objects = self._center.objects.objects
        data = objects.get(one.object_key)
        named = (one.object_key, one.peaks_key, one.timeline_key)
        lost = [key for key in named if key not in objects]
        if data is not None and hashlib.sha256(data).hexdigest() != one.sha256:
            lost.append(one.object_key)
        content = None if data is None else content_of(data)
        return SeenRendition(one.contact_id, one.number, one.digest, content, tuple(lost))

    def _stores(self, node: str, shelf: ScreenShelf, trap: Trap) -> StitchStores:
        return StitchStores(
            screens=self._center.screen_db(node),
            events=self._center.events_of_agents(node),
            studio=SimStudio(
                files=shelf.made,
                wait=self._kernel.block_for,
                chance=self._kernel.streams.stream("studio", node),
                trouble=self.troubles[node],
                trap=trap,
                book=self._books[node],
            ),
        )

    def _tools(self) -> StitchTools:
        """Of somebody who looks at the Data Center without being on any network."""
        center = self._center
        clock = SimClock(kernel=self._kernel, epoch=Epoch("judge", 0))
        limits = limits_of(self._world.machines[NODES[0]].config.screens)

        def legs(events: Sequence[AgentEvent], now_us: int) -> Sequence[Leg]:
            return fold(events, limits, now_us).legs

        files: dict[str, bytes] = {}
        return StitchTools(
            node="judge",
            contacts=MemoryContactDb(center.contacts, node="judge", clock=clock),
            events=MemoryAgentEventDb(center.agent_events),
            screens=MemoryScreenDb(center.screens),
            archive=MemoryArchive(center.objects, read=files.__getitem__),
            studio=SimStudio(
                files=files,
                wait=self._kernel.block_for,
                chance=self._chance,
                trouble=StudioTrouble(),
                trap=lambda _: None,
                book=self._books[NODES[0]],
            ),
            fold=legs,
            service_clock=lambda _: None,
            wall_us=center.now_us,
        )

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._kernel.schedule(round(seconds * _NS), act, label="replays")


def _seen(tools: StitchTools, detail: ContactDetail) -> Iterator[SeenContact]:
    """Nothing where nothing can be replayed."""
    plan = planned(gathered(tools, detail, clock=False))
    if not plan.nothing:
        left_out = {one.object_key for one in plan.files if one.problem and not one.beside}
        of_use = [one.object_key for one in detail.media if one.kind != MediaKind.OTHER]
        heard = tuple(key for key in of_use if key not in left_out)
        yield SeenContact(detail.row.contact_id, detail.row.session_key, heard, plan.digest)


class _Book:
    """What the program that stitches did on one node."""

    def __init__(self, world: World, node: str) -> None:
        self._world = world
        self._node = node
        self._since: tuple[Epoch | None, int] | None = None
        self.made: list[tuple[int, Content, int]] = []
        """When, what, and how many masks it knew of."""
        self.failed: set[str] = set()
        self._crashed = 0
        self.taken_over = 0

    @property
    def crashed(self) -> int:
        """How often the node died while it was at work."""
        since = self._since
        return self._crashed + (since is not None and since[0] is not None and since[0].ended)

    def begins(self) -> None:
        """See Book."""
        if self._since is not None:
            self._crashed += 1
        self._since = (self._world.machines[self._node].epoch, self._term)

    def ends(self, content: Content, masks: int) -> None:
        """See Book."""
        assert self._since is not None, "it began"
        self.taken_over += self._since[1] != self._term
        self._since = None
        self.made.append((self._world.kernel.now_ns, content, masks))

    def fails(self, contact_id: str) -> None:
        """See Book."""
        self.failed.add(contact_id)

    @property
    def _term(self) -> int:
        return self._world.data_center.lease_table.row[1]
