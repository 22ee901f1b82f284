"""Watches a world while it runs: every promise about safety, after every event that could break it.

Nothing is scanned: each checker keeps what it needs and hears of every change. It draws no chance and
schedules nothing, so a run is the same whoever watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from cluster.frames import Mark, Role
from cluster.messages import RoleChanged
from recorder.archive.journal_records import replay
from recorder.assembly.actors import NodePorts
from recorder.model import BufferedItem, ItemOutcome, ItemRef, ItemState
from sim.checkers.contents import StoredObject
from sim.checkers.forgotten import Forgotten
from sim.checkers.healing import Patience
from sim.checkers.independent import IndependenceBook
from sim.checkers.media_intact import Served
from sim.checkers.nothing_lost import CommittedFirst, Place
from sim.checkers.nothing_twice import Stored
from sim.checkers.terms import Terms
from sim.checkers.violation import Violation
from sim.checkers.watermark_never_ahead import OpenItems
from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Kernel
from sim.truth import TruthItem
from sim.ucaas.statistics import Poll
from sim.world.data_center import WorldDataCenter
from sim.world.history import History
from sim.world.incident import NODES, Fault
from sim.world.kinds.kind import client_id
from sim.world.situation import Situation
from sim.world.watched_ports import place_of, watched_ports

_FINAL: Final = frozenset(state.value for state in ItemState if state.is_final)
_CENTER: Final = ("data_center_", "answers_lost")
_WRONG_STAMPS: Final = frozenset({"service_clock_skew", "service_late"})


class Watch:
    """One per world. Violations go to `tell` at once, with what else they are about."""

    def __init__(
        self,
        *,
        kernel: Kernel,
        data_center: WorldDataCenter,
        sources: Sequence[str],
        tell: Callable[[Violation, tuple[str, ...]], None],
        judges_takeovers: bool,
    ) -> None:
        self.history = History()
        self.archived_us: dict[Place, int] = {}
        """When each item was committed first, in true time."""
        self.polls: dict[str, list[Poll]] = {}
        """Of each source. A service's own account has listings that are no polls as well."""
        self.failed: set[Place] = set()
        """Items of which a failure is on record."""
        self._kernel = kernel
        self._center = data_center
        self._tell = tell
        self._committed = CommittedFirst()
        self._stored = Stored()
        self._served = Served()
        self._open = OpenItems()
        self._terms = Terms()
        self._situation = Situation(
            now_ns=lambda: kernel.now_ns, sources=sources, judges_takeovers=judges_takeovers
        )
        self._independence = IndependenceBook(sources)
        self.forgotten = Forgotten()
        """What only processes knew that are no more."""
        self.behind: set[tuple[str, str]] = set()
        """Items of a service whose clock was wrong before, by source and key."""
        self._stamps_wrong = False
        self._nodes: Mapping[str, str] = {client_id(node): node for node in NODES}
        self._marks: dict[tuple[str, str], Mark] = {}

    @property
    def takeovers_s(self) -> tuple[float, ...]:
        """How long each takeover took that was judged."""
        return self._situation.takeovers_s

    # -- the world ----

    def life(self, node: str, what: str) -> None:
        """See sim.world.observer.Observer."""
        self.history.world(self._kernel.now_ns, f"{node} {what}")
        self._independence.strikes(self._now_us())
        if what in {"crashed", "powered_off"}:
            self.forgotten.ended(self._now_us())
        self._broken(self._situation.life(node, what))

    def fault_begins(self, fault: Fault) -> int:
        """Returns its number for `fault_ends`."""
        self.history.world(self._kernel.now_ns, f"fault: {fault}")
        self._stamps_wrong |= fault.kind in _WRONG_STAMPS
        self._independence.begins(fault.text("source", ""), self._now_us())
        if fault.kind.startswith(_CENTER):
            self.forgotten.away(self._now_us())
        number, found = self._situation.fault_begins(fault)
        self._broken(found)
        return number

    def fault_ends(self, fault: Fault, number: int) -> None:
        """It is over."""
        if fault.for_s:
            self.history.world(self._kernel.now_ns, f"end of fault {fault.kind} {fault.target}")
        self._independence.ends(fault.text("source", ""), self._now_us())
        if fault.kind.startswith(_CENTER):
            self.forgotten.back(self._now_us())
        self._broken(self._situation.fault_ends(number))

    def item(self, item: TruthItem, *, by_poll: bool) -> None:
        """An item of the service is new or changed. `by_poll`: a poll is being answered just now."""
        self.forgotten.listed(item, by_poll=by_poll)
        if self._stamps_wrong:
            self.behind.add((item.source, item.key))
        self._open.offered(item, excused=self._stamps_wrong)
        self._served.offered(item)

    def polled(self, source: str, client: str, ordered_ns: int) -> None:
        """The service of a source understood a poll that was ordered at `ordered_ns`."""
        node, now_ns = self._nodes.get(client), self._kernel.now_ns
        if node is None:
            return
        polls = self.polls.setdefault(source, [])
        poll = Poll(len(polls) + 1, client, now_ns, self._now_us(), first_page=True, status=0)
        polls.append(poll)
        self._broken(self._situation.polled(source, node, ordered_ns))

    def ports(self, node: str, ports: NodePorts) -> NodePorts:
        """The ports of a new life of `node`, watched."""
        state = ports.state.load()
        self._broken(self._terms.kept(node, 0 if state is None else state.term))
        waiting = replay(ports.journal.read()).open_items
        self._committed.lets_go(node, [place_of(item.ref) for item in waiting])
        for item in waiting:
            self.holds(node, item)
        return watched_ports(node, ports, self)

    def over(self, truth: Iterable[TruthItem], patience: Mapping[str, Patience]) -> None:
        """The run ends; `patience` is that of each source."""
        self._broken(self._situation.over())
        found = self._independence.check(
            truth, self.archived_us, self.failed, self._now_us(), patience
        )
        self._broken(found)

    @property
    def beside_trouble(self) -> int:
        """Items that were to come in time while another source was in trouble; counted at the end."""
        return self._independence.beside

    # -- one life of a node: see Watcher ----

    def role(self, node: str, change: RoleChanged) -> None:
        """The node says that its role changed."""
        text = f"{node} is {change.new.value}, term {change.term}: {change.reason}"
        self.history.world(self._kernel.now_ns, text)
        self._broken(self._situation.role(node, change.new))
        if change.new is Role.PRIMARY:
            resumed = change.old is Role.HANDING_OVER
            self._broken(self._terms.reign(node, change.term, resumed=resumed))

    def holds(self, node: str, item: BufferedItem) -> None:
        """The item is in the call buffer, to be committed."""
        self._about((item.ref.key,), f"{node} has {item.ref.key} in its call buffer")
        files = [media.buffer_name for media in item.media]
        self._committed.holds(node, place_of(item.ref), files)

    def refuses(self, node: str, place: Place) -> None:
        """The item cannot be committed."""
        self._about((place[1],), f"{node} cannot commit {place[1]}")
        self._committed.refuses(node, place)

    def called_archived(self, node: str, place: Place) -> None:
        """Somebody is told that it is archived."""
        self._about((place[1],), f"{node} hears that {place[1]} is archived")
        self._look_again(*place[:2])
        self._broken(self._committed.called_archived(node, place))

    def discarded(self, node: str, file: str) -> None:
        """A file left the call buffer."""
        self._broken(self._committed.discarded(node, file))

    def found(self, refs: Sequence[ItemRef], node: str) -> None:
        """Items were put on record."""
        for ref in refs:
            self._about((ref.key,), f"{node} found {ref.key}")
            self._look_at(ref)

    def committed(
        self, node: str, items: Sequence[BufferedItem], names: Sequence[Sequence[str]]
    ) -> None:
        """A commit came back, or its answer was lost: what of it had its effect?"""
        media = self._center.contacts.contacts.media
        for item, objects in zip(items, names, strict=True):
            ref, place = item.ref, place_of(item.ref)
            if all((ref.source, one.ref.key) in media for one in item.media):
                self._about((ref.key,), f"{node} committed {ref.key}")
                self._committed.ended(place)
                self.archived_us.setdefault(place, self._now_us())
                self._look_at(ref)
                self._look_at_media(item, objects)

    def outcome(self, node: str, outcome: ItemOutcome) -> None:
        """An end without media came back, or its answer was lost."""
        ref = outcome.ref
        what = "parked" if outcome.parked else outcome.state.value
        self._about((ref.key,), f"{node} put on record: {ref.key} {what}, {outcome.reason}")
        if outcome.state is ItemState.FAILED:
            self.failed.add(place_of(ref))
        self._look_at(ref)

    def moved(self, node: str, where: str, source: str, mark: Mark) -> None:
        """A watermark was saved or told."""
        if self._marks.get((node, where)) != mark:
            self._marks[node, where] = mark
            self._about((source,), f"{node} {where} the watermark of {source}: {mark.at_us}")
        for violation in self._open.moved(source, mark.at_us):
            for key in violation.items:
                self._look_again(source, key)
        self._broken(self._open.moved(source, mark.at_us), (source,))

    def rows_lost(self, source: str, key: str) -> None:
        """What was on record of an item is no more, by no doing of a node."""
        self._about((key,), f"what was on record of {key} is lost")
        self._open.lost(source, key)

    def kept(self, node: str, term: int) -> None:
        """A term is durable on the disk of the node."""
        self._broken(self._terms.kept(node, term))

    # -- what the Data Center has now ----

    def _look_again(self, source: str, key: str) -> None:
        """Whoever wrote it may have died before anybody saw."""
        row = self._center.contacts.items.rows.get((source, key))
        if row is not None:
            self._look_at(row.ref)

    def _look_at(self, ref: ItemRef) -> None:
        row = self._center.contacts.items.rows.get((ref.source, ref.key))
        if row is None:
            return
        over = row.parked or row.state in _FINAL
        self._open.recorded(ref.source, ref.key, row.ref.changed_us, over=over)
        if over:
            self._committed.ended(place_of(row.ref))
        if row.contact_id is not None and row.state == ItemState.ARCHIVED:
            session = row.ref.session_key
            self._broken(self._stored.contact(ref.source, session, row.contact_id))

    def _look_at_media(self, item: BufferedItem, names: Sequence[str]) -> None:
        source, archive = item.ref.source, self._center.objects
        for one, name in zip(item.media, names, strict=True):
            row = self._center.contacts.contacts.media[source, one.ref.key].row
            data = archive.objects.get(row.object_key)
            stored = None if data is None else StoredObject(name, len(data), _hash(data))
            durable = row.object_key not in archive.unsynced
            key = row.media_key
            found = (
                *self._stored.media(source, key, row.sha256, row.object_key),
                *self._served.committed(row, stored, durable=durable),
            )
            self._broken(found, (item.ref.key,))

    # -- notes ----

    def _now_us(self) -> int:
        return WALL_START_US + self._kernel.now_ns // 1000

    def _about(self, keys: tuple[str, ...], text: str) -> None:
        self.history.about(self._kernel.now_ns, keys, text)

    def _broken(self, found: Iterable[Violation], about: tuple[str, ...] = ()) -> None:
        for violation in found:
            self.history.about(
                self._kernel.now_ns, (*about, *violation.items), f"broken: {violation.what}"
            )
            self._tell(violation, about)


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()
