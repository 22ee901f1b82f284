"""What messages say that belongs into a trace beside their names. Pure; nothing secret is taken from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.frames import (
    Frame,
    Heartbeat,
    Hello,
    JobAnswer,
    JobCancel,
    JobDone,
    JobFailed,
    JobOffer,
    JobProgress,
    Mark,
    MarksMoved,
)
from cluster.messages import (
    RoleChanged,
    SendFrame,
)
from cluster.work_messages import (
    Distribute,
    JobFinished,
    RunJob,
    WorkDone,
    WorkFailed,
)
from recorder.codec import FAIL, JOB
from recorder.messages import ArchiveItem, ItemArchived
from recorder.model import ItemRef
from recorder.scn.messages import (
    AgentEventsHeard,
    DesktopGone,
    DesktopHello,
    DesktopSaid,
    LegsChanged,
    StreamBegan,
    StreamEnded,
)
from recorder.scn.model import Leg
from recorder.tracing.rows import TraceKind

ROUTINE: Final = frozenset(
    {
        *("Ping", "Pong", "PingDue", "WorkProven", "TickDue", "BeatDue", "ClaimsDue", "Received"),
        *("DescribeSelf", "MarksHeard", "PairChanged", "WorkerReady", "DutyGranted"),
        *("LookDue", "Looked", "_FiguresDue", "DesktopSaid", "FilesRan"),
    }
)
"""Messages that come all the time; a row only when another row follows from them."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A row to be."""

    kind: TraceKind
    what: str
    data: Mapping[str, Any]


def item_data(ref: ItemRef) -> dict[str, Any]:
    """Which item, and its instant on the source's clock."""
    return {
        "source": ref.source,
        "key": ref.key,
        "version": ref.version,
        "changed_us": ref.changed_us,
    }


def job_data(job_key: str) -> dict[str, Any]:
    """Which item the key of a job means: see recorder.codec.job_key."""
    source, _, rest = job_key.partition("/")
    key, _, version = rest.rpartition("@")
    return {"source": source, "key": key, "version": version}


def marks_data(source: str, mark: Mark) -> dict[str, Any]:
    """A watermark."""
    return {"source": source, "epoch": mark.epoch, "watermark_us": mark.at_us}


def frame_data(frame: Frame) -> dict[str, Any]:
    """What a frame says of terms, claims and items."""
    match frame:
        case Heartbeat():
            return {
                "term": frame.term, "role": frame.role.value, "healthy": frame.healthy, "seq": frame.seq,
                "echo": frame.echo_seq,
            }  # fmt: skip
        case Hello():
            return {"term": frame.term, "role": frame.role.value, "boot": frame.boot}
        case JobOffer() | JobDone() | JobFailed():
            return {"claim": frame.claim, "item": frame.key}
        case JobAnswer():
            return {"claim": frame.claim, "accepted": frame.accepted}
        case JobProgress() | JobCancel():
            return {"claim": frame.claim}
        case _:
            term = getattr(frame, "term", None)
            return {} if term is None else {"term": term}


def facts_of(message: object) -> tuple[Fact, ...]:
    """What the message tells of roles, items and watermarks; most messages tell nothing."""
    find = _FACTS.get(type(message))
    return () if find is None else tuple(find(message))


def _role(message: RoleChanged) -> Iterator[Fact]:
    data = {"term": message.term, "old": message.old.value, "reason": message.reason}
    yield Fact(TraceKind.ROLE, message.new.value, data)


def _found(message: Distribute) -> Iterator[Fact]:
    ref = JOB.decode(message.job.body).ref
    yield Fact(TraceKind.ITEM, "found", {**item_data(ref), "attempt": message.attempt})


def _assigned(message: RunJob) -> Iterator[Fact]:
    data = {"claim": message.claim, "by": message.from_node, "attempt": message.attempt}
    yield Fact(TraceKind.ITEM, "assigned", {**job_data(message.job.key), **data})


def _buffered(message: ArchiveItem) -> Iterator[Fact]:
    files = [media.buffer_name for media in message.item.media]
    yield Fact(TraceKind.ITEM, "buffered", {**item_data(message.item.ref), "files": files})


def _done(message: ItemArchived) -> Iterator[Fact]:
    yield Fact(TraceKind.ITEM, "done", {**item_data(message.ref), "claim": message.claim})


def _reported(message: WorkDone) -> Iterator[Fact]:
    yield Fact(TraceKind.ITEM, "reported", {**job_data(message.key), "claim": message.claim})


def _finished(message: JobFinished) -> Iterator[Fact]:
    yield Fact(TraceKind.ITEM, "finished", {**job_data(message.key), "by": message.node})


def _failed(message: WorkFailed) -> Iterator[Fact]:
    body = FAIL.decode(message.body)
    data = {"state": body.state.value, "code": body.code, "attempts": body.attempts}
    yield Fact(TraceKind.ITEM, "failed", {**job_data(message.key), **data})


def _shared(message: SendFrame) -> Iterator[Fact]:
    if isinstance(message.frame, MarksMoved):
        for source, mark in message.frame.marks.items():
            yield Fact(TraceKind.WATERMARK, "shared", marks_data(source, mark))


def _heard(message: AgentEventsHeard) -> Iterator[Fact]:
    for one in message.events:
        data = {"agent": one.agent_key, "call": one.call, "at_us": one.at_us, "event": one.event_id}
        yield Fact(TraceKind.AGENT, one.kind.value, data)


def _legs(message: LegsChanged) -> Iterator[Fact]:
    data = {"agent": message.agent_key, "legs": [_leg_data(leg) for leg in message.legs]}
    yield Fact(TraceKind.SCREEN, "legs", data)


def _leg_data(leg: Leg) -> dict[str, Any]:
    return {
        "call": leg.call,
        "from_us": leg.span.from_us,
        "to_us": leg.span.to_us,
        "verdict": leg.verdict.value,
        "masks": [[mask.from_us, mask.to_us] for mask in leg.masks],
    }


def _desktop(message: DesktopSaid) -> Iterator[Fact]:
    data: dict[str, Any] = {"connection": message.connection}
    match message.saying:
        case DesktopHello() as hello:
            stream = hello.streaming.stream if hello.streaming else ""
            told = {"desktop": hello.desktop, "agents": list(hello.agents), "stream": stream}
            yield Fact(TraceKind.SCREEN, "desktop", {**data, **told})
        case StreamBegan(stream):
            yield Fact(TraceKind.SCREEN, "stream", {**data, "stream": stream.stream})
        case StreamEnded(name, seq_last, reason):
            told = {"stream": name, "seq_last": seq_last, "reason": reason.partition(":")[0]}
            yield Fact(TraceKind.SCREEN, "ended", {**data, **told})
        case _:
            return


def _desktop_gone(message: DesktopGone) -> Iterator[Fact]:
    yield Fact(TraceKind.SCREEN, "gone", {"connection": message.connection})


_FACTS: Final[Mapping[type, Callable[[Any], Iterator[Fact]]]] = {
    RoleChanged: _role,
    Distribute: _found,
    RunJob: _assigned,
    ArchiveItem: _buffered,
    ItemArchived: _done,
    WorkDone: _reported,
    JobFinished: _finished,
    WorkFailed: _failed,
    SendFrame: _shared,
    AgentEventsHeard: _heard,
    LegsChanged: _legs,
    DesktopSaid: _desktop,
    DesktopGone: _desktop_gone,
}
