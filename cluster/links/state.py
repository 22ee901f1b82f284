"""What the link decides: which connection counts, who is up, what a loss proves. Pure.

Every input is a method with the instant (and jitter in [0, 1)) as arguments; it returns what is to
be done, in order. The actor in `link.py` does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cluster.frames import Frame, Goodbye, Hello, Refusal
from cluster.links.effects import (
    BeatAtOnce,
    Close,
    Deliver,
    Dial,
    Effect,
    Note,
    RedialIn,
    Refuse,
    SendHello,
    TellPair,
    link_up,
    peer_misbehaved,
    peer_rejected,
)
from cluster.links.handshake import Identity, Rejected, Side, Verdict, judge, newer_stays
from cluster.links.redial import Redial
from cluster.messages import PeerGone, PeerRefused, PeerRejected, PeerUp
from cluster.ports import Endpoint, PeerSeen

S: Final = 1_000_000_000
HELLO_WITHIN_NS: Final = 5 * S
SIMULTANEOUS_NS: Final = 3 * S + S // 2
"""A dial takes 3 s at most: a second connection made later was made because the first one broke."""
RETIRED_KEPT_NS: Final = S
SILENCE_NS: Final = 10 * S
"""Long after the pair judged the silence: give a dead stream up and make a new one."""
STEADY_NS: Final = 5 * S
SHORT_NS: Final = S
SHORT_LINKS_MAX: Final = 3
PROOF_TRIES_MAX: Final = 4
BOOTS_KEPT: Final = 64
LIVES_NS: Final = 2 * S


@dataclass(slots=True)
class _Open:
    """One open connection."""

    number: int
    inbound: bool
    remote_host: str
    dialled: Endpoint | None
    since_ns: int
    hello: Hello | None = None
    up_ns: int = 0
    retired_ns: int | None = None


class LinkState:
    """One peer, at most one current connection to it."""

    def __init__(self, own: Identity, *, fixed: Endpoint | None, pause_guard_s: float) -> None:
        self.peer: Hello | None = None
        """The last accepted hello; stays after the link broke."""
        self.protocol = 0
        self.heard_ns: int | None = None
        self._own = own
        self._redial = Redial(fixed)
        self._open: dict[int, _Open] = {}
        self._current: _Open | None = None
        self._left_boots: list[str] = []
        self._past_boots: list[str] = []
        self._told = ""
        self._short_links = 0
        self._proof_tries = 0
        self._pause_guard_ns = int(pause_guard_s * S)
        self._swept_ns: int | None = None
        self._quiet_ns = 0
        self._stopping = False

    @property
    def current(self) -> int | None:
        """Number of the connection to send on."""
        return None if self._current is None else self._current.number

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the peer is, or would be dialled."""
        if self._current is not None and self._current.dialled is not None:
            return self._current.dialled
        return self._redial.target()

    # -- dialling ----

    def start(self, now_ns: int) -> list[Effect]:
        """The node listens: dial the peer if its address is known."""
        return self._dial(now_ns)

    def seen(self, seen: PeerSeen, now_ns: int) -> list[Effect]:
        """Discovery heard of a node of our cluster."""
        if seen.node == self._own.node or (self.peer is not None and seen.node != self.peer.node):
            return []
        if not self._redial.seen(seen.endpoint):
            return []
        note = Note("peer_seen", {"node": seen.node, "endpoint": str(seen.endpoint)})
        return [note, *(self._dial(now_ns) if self._current is None else ())]

    def redial_due(self, now_ns: int) -> list[Effect]:
        """The time of a planned dial has come."""
        return self._dial(now_ns) if self._current is None or self._wants_proof() else []

    def _wants_proof(self) -> bool:
        """Whether refusals could not yet be evidence, because no dial reached this process."""
        if self._current is None or self._current.hello is None:
            return False
        return not self._redial.is_proven(self._current.hello.boot)

    def dial_failed(
        self, reason: str, *, refused: bool, now_ns: int, jitter: float
    ) -> list[Effect]:
        """The dial under way came to nothing."""
        dead = self._redial.failed(refused=refused, now_ns=now_ns)
        if self._stopping:
            return []
        if self._current is not None:
            return self._proof_failed(reason, jitter)
        effects: list[Effect] = []
        if dead:
            effects += [
                Note("peer_refused", {"reason": reason}, warn=True),
                TellPair(PeerRefused()),
            ]
        return [*effects, RedialIn(self._redial.next_delay_s(jitter))]

    def _proof_failed(self, reason: str, jitter: float) -> list[Effect]:
        if not self._wants_proof():
            return []
        self._proof_tries += 1
        if self._proof_tries < PROOF_TRIES_MAX:
            return [RedialIn(self._redial.next_delay_s(jitter))]
        hint = "the link is up only because the peer dialled: check the peer's address on this node"
        return [Note("peer_not_dialable", {"reason": reason, "hint": hint}, warn=True)]

    def _dial(self, now_ns: int) -> list[Effect]:
        target = None if self._stopping else self._redial.start(now_ns)
        return [] if target is None else [Dial(target)]

    # -- connections ----

    def opened(self, number: int, *, inbound: bool, remote_host: str, now_ns: int) -> list[Effect]:
        """A connection is there, made by us or by whoever dialled."""
        dialled = None if inbound else self._redial.opened()
        if self._stopping:
            return [Close(number, "this node is stopping")]
        self._open[number] = _Open(number, inbound, remote_host, dialled, now_ns)
        # Whoever dialled speaks first: a stranger who only connects learns nothing about us.
        return [] if inbound else [SendHello(number)]

    def closed(self, number: int, reason: str, now_ns: int, jitter: float) -> list[Effect]:
        """The other side or the network ended a connection."""
        gone = self._open.pop(number, None)
        if gone is None:
            return []
        return self._after_end(gone, reason, now_ns, jitter)

    def broken(self, number: int, reason: str, now_ns: int, jitter: float) -> list[Effect]:
        """What came on this connection is not acceptable: end it."""
        gone = self._open.pop(number, None)
        if gone is None:
            return []
        effects: list[Effect] = []
        if gone.hello is not None or reason != self._told:
            self._told = reason
            effects.append(peer_misbehaved(reason, host=gone.remote_host))
        return [*effects, Close(number, reason), *self._after_end(gone, reason, now_ns, jitter)]

    def _after_end(self, gone: _Open, reason: str, now_ns: int, jitter: float) -> list[Effect]:
        if self._stopping:
            return []
        if gone is self._current:
            return self._lost(gone, reason, now_ns, jitter)
        if gone.inbound or gone.hello is not None or self._current is not None:
            return []
        return [RedialIn(self._redial.next_delay_s(jitter))]

    def _lost(self, gone: _Open, reason: str, now_ns: int, jitter: float) -> list[Effect]:
        assert gone.hello is not None
        self._current = self._spare(gone.hello.boot)
        if self._current is not None:
            return []
        lasted_ns = now_ns - gone.up_ns
        self._short_links = self._short_links + 1 if lasted_ns < SHORT_NS else 0
        self._redial.lost(gone.hello.boot, now_ns, steady=lasted_ns >= STEADY_NS)
        effects: list[Effect] = [
            Note("link_down", {"node": gone.hello.node, "reason": reason}, warn=True),
            TellPair(PeerGone(reason)),
        ]
        if self._short_links >= SHORT_LINKS_MAX:
            return [*effects, RedialIn(self._redial.next_delay_s(jitter))]
        return [*effects, *self._dial(now_ns)]

    def _spare(self, boot: str) -> _Open | None:
        """The other one of two connections, when the peer kept that one."""
        for one in self._open.values():
            if one.hello is not None and one.hello.boot == boot:
                one.retired_ns = None
                return one
        return None

    def sweep(self, now_ns: int, jitter: float) -> list[Effect]:
        """Once a second: end what never said hello, what was retired, and what fell silent."""
        before_ns, self._swept_ns = self._swept_ns, now_ns
        if before_ns is not None and now_ns - before_ns > self._pause_guard_ns:
            # This process slept: what arrived meanwhile still waits in the mailbox.
            self._quiet_ns = now_ns
            return []
        effects: list[Effect] = []
        for one in list(self._open.values()):
            if one.retired_ns is not None:
                if now_ns - one.retired_ns >= RETIRED_KEPT_NS:
                    del self._open[one.number]
                    effects.append(Close(one.number, "replaced by another connection"))
            elif one.hello is None and now_ns - one.since_ns >= HELLO_WITHIN_NS:
                effects += self.broken(one.number, "no hello in time", now_ns, jitter)
            elif one is self._current and now_ns - self._quiet_ns >= SILENCE_NS:
                effects += self.broken(one.number, "silent for too long", now_ns, jitter)
        return effects

    def stop(self, reason: str) -> list[Effect]:
        """Close everything; nothing is dialled or accepted any more."""
        self._stopping = True
        self._current = None
        numbers, self._open = list(self._open), {}
        return [Close(number, reason) for number in numbers]

    # -- what the peer says ----

    def said(self, number: int, frame: Frame, now_ns: int, jitter: float) -> list[Effect]:
        """A valid frame arrived."""
        one = self._open.get(number)
        if one is None:
            return []
        match frame, one.hello:
            case Hello(), None:
                return self._greeted(one, frame, now_ns, jitter)
            case Refusal(), None if self._may_refuse(one):
                return [Deliver(frame)]
            case (Hello() | Refusal(), _) | (_, None):
                when = "before" if one.hello is None else "after"
                reason = f"{type(frame).__name__} {when} hello"
                return self.broken(number, reason, now_ns, jitter)
            case Goodbye(), hello:
                return self._left(hello, frame, now_ns, jitter)
            case _:
                self._hear(now_ns)
                return [Deliver(frame)]

    def _may_refuse(self, one: _Open) -> bool:
        """Only who answers where we were told to dial, and never while a peer is connected."""
        told = one.dialled is not None and self._redial.is_told(one.dialled)
        return told and self._current is None

    def _hear(self, now_ns: int) -> None:
        self.heard_ns = self._quiet_ns = now_ns

    def _left(self, hello: Hello, goodbye: Goodbye, now_ns: int, jitter: float) -> list[Effect]:
        self._hear(now_ns)
        self._left_boots = [hello.boot, *self._left_boots][:BOOTS_KEPT]
        reason = f"it said goodbye: {goodbye.reason}"
        effects: list[Effect] = [Deliver(goodbye)]
        for number in [n for n, other in self._open.items() if other.hello is not None]:
            del self._open[number]
            effects.append(Close(number, "goodbye heard"))
        if self._current is None:
            return effects
        self._current = None
        return [
            *effects,
            Note("link_down", {"node": hello.node, "reason": reason}),
            TellPair(PeerGone(reason)),
            TellPair(PeerRefused()),
            RedialIn(self._redial.next_delay_s(jitter)),
        ]

    # -- hello ----

    def _greeted(self, one: _Open, hello: Hello, now_ns: int, jitter: float) -> list[Effect]:
        verdict = self._judge(one, hello, now_ns)
        if isinstance(verdict, Rejected):
            return self._reject(one, hello, verdict, jitter)
        one.hello = hello
        one.up_ns = now_ns
        self._told = ""
        self.protocol = verdict.protocol
        self._hear(now_ns)
        if one.dialled is not None:
            self._redial.proved(one.dialled, hello.boot)
        elif hello.listen_port > 0:
            self._redial.learned(Endpoint(one.remote_host, hello.listen_port))
        current = self._current
        reply: list[Effect] = [SendHello(one.number)] if one.inbound else []
        if current is None:
            return [*reply, *self._up(one, hello, now_ns)]
        return [*reply, *self._second(current, one, hello, now_ns)]

    def _judge(self, one: _Open, hello: Hello, now_ns: int) -> Verdict:
        verdict = judge(self._own, hello)
        if isinstance(verdict, Rejected):
            return verdict
        if hello.boot in self._left_boots:
            return Rejected(f"this process of node {hello.node} said goodbye")
        current = self._current
        if current is None or current.hello is None:
            return verdict
        return self._judge_second(one, hello, current.since_ns, current.hello, now_ns) or verdict

    def _judge_second(
        self, one: _Open, hello: Hello, current_since_ns: int, current: Hello, now_ns: int
    ) -> Rejected | None:
        """What speaks against a hello while a peer is connected."""
        if current.node != hello.node:
            return Rejected(f"the pair is complete: {current.node} is connected already")
        lives = self.heard_ns is not None and now_ns - self.heard_ns < LIVES_NS
        if current.instance != hello.instance:
            reason = f"another installation with node id {hello.node} is connected already"
            return Rejected(reason, to_be_told=lives)
        # A new boot is a restart. But words of the dead process may arrive after those of its
        # successor, and two processes on copied data would replace each other for ever.
        is_older = one.since_ns < current_since_ns or (lives and hello.boot in self._past_boots)
        if current.boot != hello.boot and is_older:
            return Rejected(f"node {hello.node} runs twice, or this process of it is long gone")
        return None

    def _reject(self, one: _Open, hello: Hello, why: Rejected, jitter: float) -> list[Effect]:
        del self._open[one.number]
        effects: list[Effect] = [Refuse(one.number, why.reason)] if why.to_be_told else []
        if one.inbound and why.answered:
            effects.append(SendHello(one.number))
        effects.append(Close(one.number, f"rejected: {why.reason}"))
        if why.reason != self._told:
            self._told = why.reason
            effects.append(peer_rejected(hello, why, host=one.remote_host))
        if hello.boot not in self._left_boots:  # its last words may overtake its first
            effects.append(TellPair(PeerRejected(why.reason, why.cloned)))
        if self._current is None and not one.inbound:
            effects.append(RedialIn(self._redial.next_delay_s(jitter)))
        return effects

    def _up(self, one: _Open, hello: Hello, now_ns: int) -> list[Effect]:
        before, self.peer = self.peer, hello
        restarted = (
            before is not None
            and (before.node, before.instance) == (hello.node, hello.instance)
            and before.boot != hello.boot
        )
        if before is not None and restarted:
            self._past_boots = [before.boot, *self._past_boots][:BOOTS_KEPT]
        self._current = one
        self._proof_tries = 0
        self._redial.up()
        note = link_up(
            hello,
            host=one.remote_host,
            inbound=one.inbound,
            restarted=restarted,
            protocol=self.protocol,
        )
        effects: list[Effect] = [note, Deliver(hello), TellPair(PeerUp(hello, restarted))]
        effects.append(BeatAtOnce())
        if self._wants_proof():
            # Learn now whether our dials reach this process: later refusals are evidence only then.
            effects += self._dial(now_ns)
        return effects

    def _second(self, current: _Open, one: _Open, hello: Hello, now_ns: int) -> list[Effect]:
        assert current.hello is not None
        if hello.boot != current.hello.boot:
            del self._open[current.number]
            reason = "it restarted"
            return [
                Close(current.number, reason),
                Note("link_down", {"node": hello.node, "reason": reason}, warn=True),
                TellPair(PeerGone(reason)),
                *self._up(one, hello, now_ns),
            ]
        stays = newer_stays(
            self._own.node,
            hello.node,
            Side(current.hello.boot, current.inbound),
            Side(hello.boot, one.inbound),
            simultaneous=now_ns - current.up_ns < SIMULTANEOUS_NS,
        )
        retired, kept = (current, one) if stays else (one, current)
        retired.retired_ns = now_ns
        self._current = kept
        return [Deliver(hello), BeatAtOnce()]
