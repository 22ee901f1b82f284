"""Who does which job: the primary's waiting queue and its claims on both nodes. Pure.

Invariant: a key is either waiting or claimed exactly once; a claim names one node and ends by a result,
by a refusal, by its node's death, or by time. Ending a claim never forbids its late result: results are
matched by key. Nobody relies on this table for safety; a new primary rebuilds it by listing again.

Time is an argument everywhere: `now_ns` is monotonic.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cluster.claim import Claim, Peer
from cluster.frames import Role
from cluster.status import ClaimStatus
from cluster.trust import Trust
from cluster.waiting import Line, Waiting
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


class Claims:
    """The table. Methods that end claims return them, so that the caller can cancel them."""

    def __init__(self, *, node: str, boot: str, claim_s: float, other_half_after_s: float) -> None:
        self._node = node
        self._boot = boot
        self._claim_ns = int(claim_s * 1e9)
        self._other_half_ns = int(other_half_after_s * 1e9)
        self._peer = Peer()
        self._trust = Trust()
        self._alone = False
        self._primary = False
        self._leading = False
        self._own_free = 0
        self._line = Line()
        self._claims: dict[str, Claim] = {}
        self._claim_of: dict[str, str] = {}
        self._doubted: dict[str, None] = {}
        self._here = 0
        self._unanswered = 0
        self._next = 0
        self.expired = 0
        self.given_again = 0

    # -- what is known ----

    def role(self, role: Role, now_ns: int) -> bool:
        """Take note of the own role. True when the lead was lost: queue and table are dropped."""
        leading = role in {Role.PRIMARY, Role.HANDING_OVER}
        lost = self._leading and not leading
        if lost:
            self._line.clear()
            self._claims.clear()
            self._claim_of.clear()
            self._doubted.clear()
            self._here = self._unanswered = 0
            self._trust.clear()
        if leading and not self._leading:
            self._line.drop_older(now_ns - int(STALE_S * 1e9))
        self._leading = leading
        self._primary = role is Role.PRIMARY
        return lost

    def peer(self, peer: Peer, *, alone: bool) -> tuple[Claim, ...]:
        """Take note of the peer. Returns the claims that fell free because its process is gone."""
        restarted = bool(self._peer.boot) and bool(peer.boot) and peer.boot != self._peer.boot
        died = peer.state == "dead" or restarted
        was_split = self._is_split
        if peer.state == "alive" and self._peer.state != "alive":
            # Meanwhile frames may have been lost, the ends of these claims among them.
            self._doubt(claim for claim in self._claims.values() if claim.answered)
        self._alone = alone
        freed = [claim for claim in self._claims.values() if died and claim.node != self._node]
        self._peer = replace(
            peer, boot=peer.boot or self._peer.boot, node=peer.node or self._peer.node
        )
        if was_split and not self._is_split:
            self._line.wake_all()
        if restarted:
            self._trust.forget_node(self.peer_node)
        for claim in freed:
            self._free(claim)
        return tuple(freed)

    def own_capacity(self, free: int) -> None:
        """How many more jobs this node takes now."""
        self._own_free = free

    def peer_capacity(self, free: int) -> None:
        """How many more jobs the peer takes now, by its own word."""
        self._peer = replace(self._peer, free_capacity=free)

    @property
    def own_free(self) -> int:
        """What is left of the own capacity."""
        return self._own_free

    @property
    def peer_free(self) -> int:
        """The peer's word, less the offers it did not answer yet; zero unless it is alive."""
        if self._peer.state != "alive" or self._alone:
            return 0
        return max(0, self._peer.free_capacity - self._unanswered)

    @property
    def peer_node(self) -> str:
        """The peer's node id; `peer` while it is unknown."""
        return self._peer.node or "peer"

    # -- jobs ----

    def add(self, job: Job, attempt: int, now_ns: int) -> bool:
        """Queue a job. False when its key waits or is claimed already: nothing changed."""
        if job.key in self._line or job.key in self._claim_of:
            return False
        self._next += 1
        self._line.put(Waiting(self._next, job, attempt, now_ns))
        return True

    def hand_out(self, now_ns: int, running: Mapping[str, str]) -> list[Claim]:
        """Claim what can be claimed now, oldest first; returns the claims to be started.

        `running` maps keys this node works on anyway to the claim its worker knows: those are claimed
        for this node without starting anything.
        """
        given: list[Claim] = []
        if not self._primary:
            return given
        self._line.wake(now_ns)
        skipped: list[Waiting] = []
        peer_free = self.peer_free
        while True:
            own, peer = self._room(peer_free, now_ns)
            entry = self._line.step_out() if own > 0 or peer > 0 else None
            if entry is None:
                break
            ours_ns = entry.queued_ns + self._other_half_ns
            if now_ns < ours_ns and self._is_of_other_half(entry.job.key):
                self._line.sleep(entry, ours_ns)
                continue
            node = self._choose(entry, own, peer, now_ns)
            if node is None:
                skipped.append(entry)
                continue
            self._line.remove(entry.job.key)
            known = running.get(entry.job.key, "") if node == self._node else ""
            claim = self._claim(entry, node, known, now_ns)
            if known:
                continue
            given.append(claim)
            self._trust.given(node, now_ns)
            if node == self._node:
                self._own_free -= 1
            else:
                peer_free -= 1
        self._line.step_back(skipped)
        return given

    def adopt(self, key: str, running: str, now_ns: int) -> bool:
        """Claim a waiting job for this node, whose worker has it in hand as claim `running`."""
        entry = self._line.remove(key) if self._primary else None
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
        self._unanswered -= 1
        return taken

    def moved(self, claim_id: str, bytes_total: int, now_ns: int, *, held: bool) -> None:
        """Extend a claim, if bytes moved since the last time or the result is safe on disk."""
        claim = self._claims.get(claim_id)
        if claim is None or not (held or bytes_total > claim.bytes_total):
            return
        self._unanswered -= not claim.answered
        if held:
            self._trust.worked(claim.node, now_ns)
        self._claims[claim_id] = replace(
            claim,
            answered=True,
            bytes_total=max(bytes_total, claim.bytes_total),
            held=held or claim.held,
            deadline_ns=now_ns + self._claim_ns,
        )

    def finished(self, key: str, by_node: str, now_ns: int) -> Claim | None:
        """Forget the key, whoever finished it. Returns a claim of another node, to be cancelled."""
        self._trust.worked(by_node, now_ns)
        self._trust.forget_key(key)
        self._line.remove(key)
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
        self._trust.broke(claim.job.key, claim.node, now_ns)
        return True

    def withdraw(self, keys: Sequence[str]) -> list[Claim]:
        """Forget these jobs; returns the claims among them."""
        dropped: list[Claim] = []
        for key in keys:
            self._line.remove(key)
            self._trust.forget_key(key)
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
        while self._doubted and len(asked) < ASK_MAX and self._peer.state == "alive":
            claim_id = next(iter(self._doubted))
            del self._doubted[claim_id]
            if claim_id in self._claims:
                asked.append(self._claims[claim_id])
        return asked

    # -- counts ----

    @property
    def waiting(self) -> int:
        """Jobs that nobody has."""
        return len(self._line)

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

    def _doubt(self, claims: Iterable[Claim]) -> None:
        self._doubted.update((claim.id, None) for claim in claims if claim.node != self._node)

    def _is_live(self, node: str) -> bool:
        return node == self._node or self._peer.state in {"alive", "suspect"}

    def _room(self, peer_free: int, now_ns: int) -> tuple[int, int]:
        """What this node and the peer should take now: nothing for the worse one if the other can."""
        own_free = self._own_free
        own_fails = self._trust.is_passed_over(self._node, now_ns)
        peer_fails = self._trust.is_passed_over(self.peer_node, now_ns)
        own_is_worse = own_fails and not peer_fails and self._peer.healthy
        peer_is_worse = not own_fails and (peer_fails or not self._peer.healthy)
        if own_is_worse and (peer_free > 0 or self._is_busy_well(self.peer_node, now_ns)):
            return 0, peer_free
        if peer_is_worse and own_free > 0:
            return own_free, 0
        if peer_is_worse and peer_fails and self._is_busy_well(self._node, now_ns):
            return own_free, 0
        return own_free, peer_free

    def _is_busy_well(self, node: str, now_ns: int) -> bool:
        """Full because it gets things done: worth waiting for, when the other one fails at all it gets."""
        usable = node == self._node or (self._peer.state == "alive" and not self._alone)
        return usable and self._trust.is_proven(node, now_ns)

    def _choose(self, entry: Waiting, own: int, peer: int, now_ns: int) -> str | None:
        avoid = entry.avoid if now_ns < entry.avoid_until_ns else ""
        own = own if avoid != self._node else 0
        peer = peer if avoid != self.peer_node else 0
        if own <= 0 and peer <= 0:
            return None
        if own > 0 and peer > 0:
            breaker = self._trust.breaker(entry.job.key, now_ns)
            if breaker:
                return self.peer_node if breaker == self._node else self._node
        return self._node if own >= peer else self.peer_node

    @property
    def _is_split(self) -> bool:
        return self._alone and bool(self._peer.node)

    def _is_of_other_half(self, key: str) -> bool:
        return self._is_split and in_first_half(key) != (self._node < self._peer.node)

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
        self._here += here
        self._unanswered += not here
        self._claims[claim.id] = claim
        self._claim_of[claim.job.key] = claim.id
        return claim

    def _drop(self, claim_id: str) -> Claim:
        claim = self._claims.pop(claim_id)
        del self._claim_of[claim.job.key]
        self._here -= claim.node == self._node
        self._unanswered -= not claim.answered
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
        self._line.put(again)
