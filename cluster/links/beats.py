"""What heartbeats say: the own facts, the echo of what was heard, the round trip. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from cluster.frames import (
    PRIORITY_USUAL,
    Frame,
    Goodbye,
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverRefuse,
    Heartbeat,
    Hello,
    Mark,
    Role,
)
from cluster.links.handshake import Identity
from cluster.links.wire import is_mark
from cluster.messages import DescribeSelf, WorkProven
from cluster.roles.terms import leap

PROBLEMS_MAX: Final = 20
PROBLEM_CHARS_MAX: Final = 300
FREE_CAPACITY_MAX: Final = 1_000_000

_SENT_KEPT: Final = 64
_NS_PER_MS: Final = 1_000_000
_SMOOTHING: Final = 8


class Beats:
    """The book of heartbeats sent and heard. Instants are monotonic nanoseconds."""

    def __init__(self) -> None:
        self.last_heard: Heartbeat | None = None
        self.round_trip_ns: int | None = None
        self._term = 0
        self._role = Role.STARTING
        self._sees_data_center = False
        self._paused = False
        self._paused_revision = 0
        self._free_capacity = 0
        self._free_by_group: Mapping[str, int] = {}
        self._priority = PRIORITY_USUAL
        self._marks: dict[str, Mark] = {}
        self._figures: dict[str, float] = {}
        self._hints: dict[str, int] = {}
        self._hints_heard: dict[str, int] = {}
        self._work = WorkProven(healthy=False, problems=())
        self._work_ns: int | None = None
        self._seq = 0
        self._sent_ns: dict[int, int] = {}
        self._heard_seq = 0
        self._heard_ns: int | None = None

    @property
    def term(self) -> int:
        """The own term, as last described."""
        return self._term

    def describe(self, facts: DescribeSelf) -> None:
        """Take over the facts that are given; marks only grow, figures replace by name."""
        self._describe_standing(facts)
        if facts.free_capacity is not None:
            self._free_capacity = min(max(facts.free_capacity, 0), FREE_CAPACITY_MAX)
        if facts.free_by_group is not None:
            self._free_by_group = {
                group: min(max(free, 0), FREE_CAPACITY_MAX)
                for group, free in facts.free_by_group.items()
            }
        self._hints |= facts.hints or {}
        for name, mark in (facts.marks or {}).items():
            if is_mark(mark):
                self._marks[name] = max(mark, self._marks.get(name, mark))
        for name, figure in (facts.figures or {}).items():
            if math.isfinite(figure):
                self._figures[name] = figure
            else:
                self._figures.pop(name, None)

    def _describe_standing(self, facts: DescribeSelf) -> None:
        if facts.term is not None:
            self._term = facts.term
        if facts.role is not None:
            self._role = facts.role
        if facts.sees_data_center is not None:
            self._sees_data_center = facts.sees_data_center
        if facts.paused is not None:
            self._paused = facts.paused
        if facts.paused_revision is not None:
            self._paused_revision = facts.paused_revision
        if facts.priority is not None:
            self._priority = facts.priority

    def work_proven(self, proof: WorkProven, now_ns: int) -> bool:
        """Remember that the node works; True when its health changed, so that a beat is due."""
        problems = tuple(text[:PROBLEM_CHARS_MAX] for text in proof.problems[:PROBLEMS_MAX])
        proof = WorkProven(healthy=proof.healthy, problems=problems)
        changed = self._work_ns is not None and proof != self._work
        self._work = proof
        self._work_ns = now_ns
        return changed

    def may_beat(self, now_ns: int, deadline_ns: int) -> bool:
        """True while the proof of work is fresher than `deadline_ns`."""
        return self._work_ns is not None and now_ns - self._work_ns < deadline_ns

    def hello(self, own: Identity, listen_port: int) -> Hello:
        """The first frame of a connection."""
        return Hello(
            protocol_min=own.protocol_min,
            protocol_max=own.protocol_max,
            cluster=own.cluster,
            node=own.node,
            instance=own.instance,
            boot=own.boot,
            build=own.build,
            listen_port=listen_port,
            web_url=own.web_url,
            term=self._term,
            role=self._role,
            paused=self._paused,
            paused_revision=self._paused_revision,
            marks=self.marks(),
        )

    def next_beat(self, now_ns: int) -> Heartbeat:
        """A heartbeat with the next `seq`, to be sent now."""
        self._seq += 1
        self._sent_ns[self._seq] = now_ns
        self._sent_ns.pop(self._seq - _SENT_KEPT, None)
        age_ns = 0 if self._heard_ns is None else max(now_ns - self._heard_ns, 0)
        return Heartbeat(
            term=self._term,
            role=self._role,
            healthy=self._work.healthy,
            problems=self._work.problems,
            sees_data_center=self._sees_data_center,
            free_capacity=self._free_capacity,
            marks=self.marks(),
            seq=self._seq,
            echo_seq=self._heard_seq,
            echo_age_ms=age_ns // _NS_PER_MS,
            paused=self._paused,
            paused_revision=self._paused_revision,
            figures=dict(self._figures),
            priority=self._priority,
            free_by_group=self._free_by_group,
            hints=dict(self._hints),
        )

    def marks(self) -> Mapping[str, Mark]:
        """The own marks, by name."""
        return dict(self._marks)

    def is_possible(self, beat: Heartbeat) -> bool:
        """False for an echo of a beat that was never sent."""
        return beat.echo_seq <= self._seq

    def leap(self, frame: Frame) -> str:
        """Why the term or the pause revision in a frame must not be learnt; empty when they may."""
        match frame:
            case Hello() | Heartbeat():
                found = leap("pause revision", frame.paused_revision, self._paused_revision)
                return leap("term", frame.term, self._term) or found
            case (
                HandOverOffer()
                | HandOverAccept()
                | HandOverRefuse()
                | HandOverCommit()
                | HandOverAbort()
                | Goodbye()
            ):
                return leap("term", frame.term, self._term)
            case _:
                return ""

    def heard(self, beat: Heartbeat, now_ns: int) -> None:
        """Remember a beat of the peer and estimate the round trip from its echo."""
        assert self.is_possible(beat)
        if beat.seq <= self._heard_seq:
            return
        self._heard_seq = beat.seq
        self._heard_ns = now_ns
        self.last_heard = beat
        sent_ns = self._sent_ns.get(beat.echo_seq)
        if sent_ns is None:
            return
        sample_ns = max(now_ns - sent_ns - beat.echo_age_ms * _NS_PER_MS, 0)
        before_ns = self.round_trip_ns
        if before_ns is None:
            self.round_trip_ns = sample_ns
        else:
            self.round_trip_ns = before_ns + (sample_ns - before_ns) // _SMOOTHING

    def new_hints(self, beat: Heartbeat) -> tuple[str, ...]:
        """Names that this beat hints at more often than any beat of the peer's process did before."""
        new = tuple(
            name for name, count in beat.hints.items() if count > self._hints_heard.get(name, 0)
        )
        self._hints_heard.update((name, beat.hints[name]) for name in new)
        return new

    def forget_peer(self) -> None:
        """Another process speaks now: its beats, and its hints, count from one again."""
        self._hints_heard.clear()
        self.last_heard = None
        self.round_trip_ns = None
        self._heard_seq = 0
        self._heard_ns = None
