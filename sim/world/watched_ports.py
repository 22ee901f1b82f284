"""The ports of a node with someone who looks at what goes through them, as soon as it has an effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, TypeAlias

from cluster.frames import Mark, MarksMoved
from cluster.messages import RoleChanged, SendFrame
from cluster.ports import Behaviour, NodeState
from cluster.work_messages import JobFinished, WorkDone
from recorder.assembly.actors import NodePorts
from recorder.messages import ArchiveItem, ItemArchived, ItemRefused
from recorder.model import BufferedItem, ItemEvent, ItemOutcome, ItemRef, SourceProgress
from recorder.records.contacts import CommitResult
from recorder.tracing.facts import job_data
from sim.checkers.nothing_lost import Place


class Watcher(Protocol):
    """Who looks at one life of a node."""

    def role(self, node: str, change: RoleChanged) -> None:
        """The node says that its role changed."""
        ...

    def holds(self, node: str, item: BufferedItem) -> None:
        """The item is in the call buffer, to be committed."""
        ...

    def refuses(self, node: str, place: Place) -> None:
        """The item cannot be committed."""
        ...

    def called_archived(self, node: str, place: Place) -> None:
        """Somebody is told that it is archived."""
        ...

    def discarded(self, node: str, file: str) -> None:
        """A file left the call buffer."""
        ...

    def found(self, refs: Sequence[ItemRef], node: str) -> None:
        """Items were put on record."""
        ...

    def committed(
        self, node: str, items: Sequence[BufferedItem], names: Sequence[Sequence[str]]
    ) -> None:
        """A commit came back, or its answer was lost."""
        ...

    def outcome(self, node: str, outcome: ItemOutcome) -> None:
        """An end without media came back, or its answer was lost."""
        ...

    def moved(self, node: str, where: str, source: str, mark: Mark) -> None:
        """A watermark was saved or told."""
        ...

    def kept(self, node: str, term: int) -> None:
        """A term is durable on the disk of the node."""
        ...


Look: TypeAlias = Callable[[Any], None]


def watched_ports(node: str, ports: NodePorts, watcher: Watcher) -> NodePorts:
    """`ports`, with `watcher` looking."""
    looks = _looks(node, watcher)
    around = ports.around

    def watched(actor: str, behaviour: Behaviour[Any]) -> Behaviour[Any]:
        inner = around(actor, behaviour)
        return _Watched(inner, looks) if actor.partition(":")[0] in _WATCHED else inner

    db: Any = _Db(node, ports.contact_db, watcher)
    files: Any = _Files(node, ports.files, watcher)
    return replace(
        ports,
        around=watched,
        contact_db=db,
        files=files,
        state=_State(node, ports, watcher),
        progress=_Progress(node, ports, watcher),
    )


_WATCHED: Final = frozenset({"monitor", "archiver", "ingester", "distributor", "poller", "link"})


def _looks(node: str, watcher: Watcher) -> Mapping[type, Look]:
    def told(message: SendFrame) -> None:
        if isinstance(message.frame, MarksMoved):
            for source, mark in message.frame.marks.items():
                watcher.moved(node, "told", source, mark)

    return {
        RoleChanged: lambda message: watcher.role(node, message),
        ArchiveItem: lambda message: watcher.holds(node, message.item),
        ItemRefused: lambda message: watcher.refuses(node, place_of(message.ref)),
        ItemArchived: lambda message: watcher.called_archived(node, place_of(message.ref)),
        WorkDone: lambda message: watcher.called_archived(node, _place(message.key)),
        JobFinished: lambda message: watcher.called_archived(node, _place(message.key)),
        SendFrame: told,
    }


def place_of(ref: ItemRef) -> Place:
    """An item and its version."""
    return (ref.source, ref.key, ref.version)


def _place(key: str) -> Place:
    data = job_data(key)
    return (data["source"], data["key"], data["version"])


class _Watched:
    """A behaviour whose messages are looked at before it handles them."""

    def __init__(self, inner: Behaviour[Any], looks: Mapping[type, Look]) -> None:
        self._inner = inner
        self._looks = looks
        self._handle = inner.on_message

    def on_start(self) -> None:
        self._inner.on_start()

    def on_message(self, message: object) -> None:
        look = self._looks.get(type(message))
        if look is not None:
            look(message)
        self._handle(message)

    def on_stop(self) -> None:
        self._inner.on_stop()


class _Db:
    """The contact database of a node. An exception may come after the effect, so it is looked at too."""

    def __init__(self, node: str, inner: Any, watcher: Watcher) -> None:
        self._node = node
        self._inner = inner
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def record_found(
        self, refs: Sequence[ItemRef], events: Sequence[ItemEvent], *, late: bool = False
    ) -> None:
        try:
            self._inner.record_found(refs, events, late=late)
        except Exception:
            self._watcher.found(refs, self._node)
            raise
        self._watcher.found(refs, self._node)

    def commit(
        self, items: Sequence[BufferedItem], object_keys: Sequence[Sequence[str]]
    ) -> CommitResult:
        try:
            result: CommitResult = self._inner.commit(items, object_keys)
        except Exception:
            self._watcher.committed(self._node, items, object_keys)
            raise
        self._watcher.committed(self._node, items, object_keys)
        return result

    def record_outcome(self, outcome: ItemOutcome, term: int) -> None:
        try:
            self._inner.record_outcome(outcome, term)
        except Exception:
            self._watcher.outcome(self._node, outcome)
            raise
        self._watcher.outcome(self._node, outcome)

    def save_progress(self, progress: SourceProgress, term: int) -> SourceProgress:
        saved: SourceProgress = self._inner.save_progress(progress, term)
        mark = Mark(saved.epoch, saved.watermark_us)
        self._watcher.moved(self._node, "saved", saved.source, mark)
        return saved


class _Files:
    """The call buffer of a node."""

    def __init__(self, node: str, inner: Any, watcher: Watcher) -> None:
        self._node = node
        self._inner = inner
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def discard(self, name: str) -> None:
        self._inner.discard(name)
        self._watcher.discarded(self._node, name)


class _State:
    """The node state on the disk of a node."""

    def __init__(self, node: str, ports: NodePorts, watcher: Watcher) -> None:
        self._node = node
        self._inner = ports.state
        self._watcher = watcher

    def load(self) -> NodeState | None:
        return self._inner.load()

    def save(self, state: NodeState) -> None:
        self._inner.save(state)
        self._watcher.kept(self._node, state.term)


class _Progress:
    """Source progress on the disk of a node."""

    def __init__(self, node: str, ports: NodePorts, watcher: Watcher) -> None:
        self._node = node
        self._inner = ports.progress
        self._watcher = watcher

    def load(self) -> tuple[SourceProgress, ...]:
        return self._inner.load()

    def save(self, progress: SourceProgress) -> None:
        self._inner.save(progress)
        mark = Mark(progress.epoch, progress.watermark_us)
        self._watcher.moved(self._node, "kept", progress.source, mark)
