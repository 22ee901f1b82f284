"""Who does which job: the primary's waiting queue and its claims on both nodes. Pure.

Invariant: a key is either waiting or claimed exactly once; a claim names one node and ends by a result,
by a refusal, by its node's death, or by time. Ending a claim never forbids its late result: results are
matched by key. Nobody relies on this table for safety; a new primary rebuilds it by listing again.

Time is an argument everywhere: `now_ns` is monotonic.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from cluster.frames import Role
from cluster.jobs.capacity import Capacity
from cluster.jobs.claim import Claim, Peer
from cluster.jobs.groups import Group, Groups
from cluster.jobs.rooms import Rooms
from cluster.jobs.waiting import Waiting
from cluster.status import ClaimStatus
from cluster.work_messages import Job

ANSWER_S = 5.0
"""A peer that did not answer an offer for so long did not get it."""
ASK_MAX = 100
"""Claims asked about at the same time."""
AVOID_S = 5.0
"""How long a node that refused a job is not asked for this job again."""
STALE_S = 10.0
"""What was queued here longer than this before the role arrived belongs to an older reign."""


def in_first_half(key: str) -> bool:
    """Whether a key belongs to the node with the lower id when the nodes cannot agree."""
    return zlib.crc32(key.encode()) & 1 == 0


def one_group(key: str) -> str:
    """All jobs are of one kind."""
    del key
    return ""


class Claims:
    """The table. Methods that end claims return them, so that the caller can cancel them."""

    def __init__(
        self,
        *,
        node: str,
        boot: str,
        claim_s: float,
        other_half_after_s: float,
        group_of: Callable[[str], str] = one_group,
    ) -> None:
        """`group_of` a key: jobs of one group share room, and never wait for those of another one."""
        self._node = node
        self._boot = boot
        self._claim_ns = int(claim_s * 1e9)
        self._other_half_ns = int(other_half_after_s * 1e9)
        self._rooms = Rooms(node=node)
        self._groups = Groups(group_of)
        self._primary = False
        self._leading = False
        self._claims: dict[str, Claim] = {}
        self._claim_of: dict[str, str] = {}
        self._doubted: dict[str, None] = {}
        self._here = 0
        self._next = 0
        self.expired = 0
        self.given_again = 0

    # -- what is known ----

    def role(self, role: Role, now_ns: int) -> bool:
        """Take note of the own role. True when the lead was lost: queue and table are dropped."""
        leading = role in {Role.PRIMARY, Role.HANDING_OVER}
        lost = self._leading and not leading
        if lost:
            self._groups.clear()
            self._claims.clear()
            self._claim_of.clear()
            self._doubted.clear()
            self._here = 0
            self._rooms.lead_lost()
        if leading and not self._leading:
            for group in self._groups.all():
                group.line.drop_older(now_ns - int(STALE_S * 1e9))
        self._leading = leading
        self._primary = role is Role.PRIMARY
        return lost

    def peer(self, peer: Peer, *, alone: bool) -> tuple[Claim, ...]:
        """Take note of the peer. Returns the claims that fell free because its process is gone."""
        known = self._rooms.peer
        restarted = bool(known.boot) and bool(peer.boot) and peer.boot != known.boot
        died = peer.state == "dead" or restarted
        was_split = self._rooms.is_split
        if peer.state == "alive" and known.state != "alive":
            # Meanwhile frames may have been lost, the ends of these claims among them.
            self._doubt(claim for claim in self._claims.values() if claim.answered)
        freed = [claim for claim in self._claims.values() if died and claim.node != self._node]
        self._rooms.know(peer, alone=alone)
        for group in self._groups.all():
            if was_split and not self._rooms.is_split:
                group.line.wake_all()
            if restarted:
                group.trust.forget_node(self.peer_node)
        for claim in freed:
            self._free(claim)
        return tuple(freed)

    def own_capacity(self, free: int, by_group: Mapping[str, int] | None = None) -> None:
        """How many more jobs this node takes now: of each group named, and of any other (`free`)."""
        self._rooms.own_said(Capacity(free, by_group or {}))

    def peer_capacity(self, free: int, by_group: Mapping[str, int] | None = None) -> None:
        """How many more jobs the peer takes now, by its own word."""
        self._rooms.peer_said(Capacity(free, by_group or {}))

    @property
    def own_free(self) -> Capacity:
        """What is left of the own capacity."""
        return self._rooms.own.left

    @property
    def peer_free(self) -> Capacity:
        """The peer's word, less the offers it did not answer yet; nothing unless it is alive."""
        return self._rooms.peer_free

    @property
    def peer_node(self) -> str:
        """The peer's node id; `peer` while it is unknown."""
        return self._rooms.peer_node

    # -- jobs ----

    def add(self, job: Job, attempt: int, now_ns: int) -> bool:
        """Queue a job. False when its key waits or is claimed already: nothing changed."""
        line = self._groups.of(job.key).line
        if job.key in line or job.key in self._claim_of:
            return False
        self._next += 1
        line.put(Waiting(self._next, job, attempt, now_ns))
        return True

    def hand_out(self, now_ns: int, running: Mapping[str, str]) -> list[Claim]:
        """Claim what can be claimed now, oldest first in each group; returns the claims to be started.

        `running` maps keys this node works on anyway to the claim its worker knows: those are claimed
        for this node without starting anything.
        """
        given: list[Claim] = []
        passed: list[tuple[Group, Waiting]] = []
        turns = deque(self._groups.in_turn() if self._primary else ())
        for group in turns:
            group.line.wake(now_ns)
        while turns:
            group = turns.popleft()
            claim = self._give_one(group, now_ns, running, passed)
            if claim is not None:
                given.append(claim)
                turns.append(group)
        for group, entry in passed:
            group.line.step_back([entry])
        return given

    def adopt(self, key: str, running: str, now_ns: int) -> bool:
        """Claim a waiting job for this node, whose worker has it in hand as claim `running`."""
        entry = self._groups.of(key).line.remove(key) if self._primary else None
        if entry is None:
            return False
        self._claim(entry, self._node, running, now_ns)
        return True

    # -- what becomes of claims ----

    def answered(self, claim_id: str, *, accepted: bool, now_ns: int) -> Claim | None:
        """The peer took the job (returned), or refused it: it waits for the other node, or for later.

        Or it was asked again: what it does not have in hand any more waits for whoever is free.
        """
        claim = self._claims.get(claim_id)
        if claim is None:
            return None
        if claim.answered:
            if not accepted:
                self._free(claim)
            return None
        if not accepted:
            self._free(claim, claim.node, now_ns + int(AVOID_S * 1e9))
            return None
        taken = replace(claim, answered=True, deadline_ns=now_ns + self._claim_ns)
        self._claims[claim_id] = taken
        self._rooms.answered(self._groups.of(claim.job.key))
        return taken

    def moved(self, claim_id: str, bytes_total: int, now_ns: int, *, held: bool) -> None:
        """Extend a claim, if bytes moved since the last time or the result is safe on disk."""
        claim = self._claims.get(claim_id)
        if claim is None or not (held or bytes_total > claim.bytes_total):
            return
        group = self._groups.of(claim.job.key)
        if not claim.answered:
            self._rooms.answered(group)
        if held:
            group.trust.worked(claim.node, now_ns)
        self._claims[claim_id] = replace(
            claim,
            answered=True,
            bytes_total=max(bytes_total, claim.bytes_total),
            held=held or claim.held,
            deadline_ns=now_ns + self._claim_ns,
        )

    def finished(self, key: str, by_node: str, now_ns: int) -> Claim | None:
        """Forget the key, whoever finished it. Returns a claim of another node, to be cancelled."""
        group = self._groups.of(key)
        group.trust.worked(by_node, now_ns)
        group.trust.forget_key(key)
        group.line.remove(key)
        claim_id = self._claim_of.get(key)
        if claim_id is None:
            return None
        claim = self._drop(claim_id)
        return claim if claim.node != by_node else None

    def broken(self, claim_id: str, now_ns: int) -> bool:
        """Forget a failed claim. False when it was not current: someone else has the job by now.

        When the job is added again, the other node is preferred.
        """
        if claim_id not in self._claims:
            return False
        claim = self._drop(claim_id)
        self._groups.of(claim.job.key).trust.broke(claim.job.key, claim.node, now_ns)
        return True

    def withdraw(self, keys: Sequence[str]) -> list[Claim]:
        """Forget these jobs; returns the claims among them."""
        dropped: list[Claim] = []
        for key in keys:
            group = self._groups.of(key)
            group.line.remove(key)
            group.trust.forget_key(key)
            claim_id = self._claim_of.get(key)
            if claim_id is not None:
                dropped.append(self._drop(claim_id))
        return dropped

    def expire(self, now_ns: int) -> list[Claim]:
        """End the claims whose time is over; their jobs wait again, for the other node first.

        What a live node holds is never ended by time; the peer is asked about it.
        """
        over = [claim for claim in self._claims.values() if claim.deadline_ns <= now_ns]
        ended: list[Claim] = []
        for claim in over:
            if claim.held and self._is_live(claim.node):
                self._claims[claim.id] = replace(claim, deadline_ns=now_ns + self._claim_ns)
                self._doubt([claim])
                continue
            ended.append(claim)
            self.expired += 1
            self._free(claim, claim.node, now_ns + self._claim_ns)
        return ended

    def ask(self) -> list[Claim]:
        """Claims to offer to the peer once more, because their end may have been lost on the way.

        At most ASK_MAX at a time, and none while the peer is not alive.
        """
        asked: list[Claim] = []
        while self._doubted and len(asked) < ASK_MAX and self._rooms.peer.state == "alive":
            claim_id = next(iter(self._doubted))
            del self._doubted[claim_id]
            if claim_id in self._claims:
                asked.append(self._claims[claim_id])
        return asked

    # -- counts ----

    @property
    def waiting(self) -> int:
        """Jobs that nobody has."""
        return self._groups.waiting

    def claimed(self) -> tuple[int, int]:
        """Claims here, and at the peer."""
        return self._here, len(self._claims) - self._here

    def under_way(self) -> tuple[ClaimStatus, ...]:
        """Every claim that its node has taken."""
        return tuple(
            ClaimStatus(claim.job.key, claim.node, claim.attempt, claim.bytes_total, claim.held)
            for claim in self._claims.values()
            if claim.answered
        )

    # -- inside ----

    def _give_one(
        self,
        group: Group,
        now_ns: int,
        running: Mapping[str, str],
        passed: list[tuple[Group, Waiting]],
    ) -> Claim | None:
        """Claim the next job of a group that is to be started; what nobody should get now is `passed`."""
        while True:
            room = self._rooms.for_group(group, now_ns)
            entry = group.line.step_out() if max(room) > 0 else None
            if entry is None:
                return None
            ours_ns = entry.queued_ns + self._other_half_ns
            if now_ns < ours_ns and self._is_of_other_half(entry.job.key):
                group.line.sleep(entry, ours_ns)
                continue
            node = self._rooms.choose(group, entry, room, now_ns)
            if node is None:
                passed.append((group, entry))
                continue
            group.line.remove(entry.job.key)
            known = running.get(entry.job.key, "") if node == self._node else ""
            claim = self._claim(entry, node, known, now_ns)
            if known:
                continue
            group.trust.given(node, now_ns)
            if node == self._node:
                self._rooms.own.take(group.name)
            return claim

    def _doubt(self, claims: Iterable[Claim]) -> None:
        self._doubted.update((claim.id, None) for claim in claims if claim.node != self._node)

    def _is_live(self, node: str) -> bool:
        return node == self._node or self._rooms.peer.state in {"alive", "suspect"}

    def _is_of_other_half(self, key: str) -> bool:
        peer = self._rooms.peer.node
        return self._rooms.is_split and in_first_half(key) != (self._node < peer)

    def _claim(self, entry: Waiting, node: str, known: str, now_ns: int) -> Claim:
        if not known:
            self._next += 1
        here = node == self._node
        claim = Claim(
            id=known or f"{self._boot}.{self._next}",
            seq=entry.seq,
            job=entry.job,
            attempt=entry.attempt,
            node=node,
            queued_ns=entry.queued_ns,
            deadline_ns=now_ns + (self._claim_ns if here else int(ANSWER_S * 1e9)),
            answered=here,
            ask_first=entry.again or self._is_of_other_half(entry.job.key),
        )
        assert claim.job.key not in self._claim_of
        group = self._groups.of(claim.job.key)
        group.claimed += 1
        self._here += here
        if not here:
            self._rooms.offered(group)
        self._claims[claim.id] = claim
        self._claim_of[claim.job.key] = claim.id
        return claim

    def _drop(self, claim_id: str) -> Claim:
        claim = self._claims.pop(claim_id)
        del self._claim_of[claim.job.key]
        group = self._groups.of(claim.job.key)
        group.claimed -= 1
        self._here -= claim.node == self._node
        if not claim.answered:
            self._rooms.answered(group)
        return claim

    def _free(self, claim: Claim, avoid: str = "", avoid_until_ns: int = 0) -> None:
        self._drop(claim.id)
        self.given_again += 1
        again = Waiting(
            seq=claim.seq,
            job=claim.job,
            attempt=claim.attempt,
            queued_ns=claim.queued_ns,
            avoid=avoid,
            avoid_until_ns=avoid_until_ns,
            again=True,
        )
        self._groups.of(claim.job.key).line.put(again)
