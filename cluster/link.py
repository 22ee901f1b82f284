"""The actor that talks to the peer: finds it, keeps one connection, sends beats, routes frames.

It decides nothing itself: `links/state.py` judges connections, `beats.py` keeps the heartbeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

import structlog

from cluster.board import Board
from cluster.errors import WireError
from cluster.frames import (
    Frame,
    Goodbye,
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverPlease,
    HandOverRefuse,
    Heartbeat,
    Hello,
    JobAnswer,
    JobCancel,
    JobDone,
    JobFailed,
    JobOffer,
    JobProgress,
    MarksMoved,
    Refusal,
    Share,
)
from cluster.link_alarms import LinkAlarms, log_note
from cluster.links.beats import Beats
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
)
from cluster.links.handshake import Identity, refused_by
from cluster.links.state import LinkState, S
from cluster.links.tls_faults import SPEAKS_TLS, TlsFault, is_client_hello
from cluster.links.view import peer_status
from cluster.links.wire import FrameDecoder, encode
from cluster.messages import (
    BeatDue,
    DescribeSelf,
    HintsHeard,
    LinkMessage,
    MarksHeard,
    ObserverMessage,
    PeerGone,
    PeerRefused,
    PeerRejected,
    PeerSaid,
    PeerUp,
    Ping,
    Pong,
    RedialDue,
    SendFrame,
    ShareMessage,
    StopLink,
    WorkProven,
)
from cluster.ports import (
    Address,
    Clock,
    Closed,
    Connection,
    DialFailed,
    Discovery,
    Endpoint,
    HandshakeFailed,
    Opened,
    PeerSeen,
    Randomness,
    Received,
    Timer,
    Transport,
    TransportEvent,
)
from cluster.settings import PairSettings
from cluster.sharing import NOBODY, Sharing, tell_marks
from cluster.work_messages import PeerJobFrame

PeerNews: TypeAlias = PeerUp | PeerSaid | PeerGone | PeerRefused | PeerRejected
LinkInbox: TypeAlias = LinkMessage | Ping

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("link")


class Link:
    """One per node. Publishes PeerStatus on the board as part `peer`.

    With a `fixed_peer` endpoint nothing else is ever dialled; without one, discovery and the
    peer's own hello say where it listens.
    """

    def __init__(
        self,
        *,
        own: Address[LinkInbox],
        identity: Identity,
        settings: PairSettings,
        transport: Transport,
        discovery: Discovery | None,
        clock: Clock,
        randomness: Randomness,
        board: Board,
        pair: Address[PeerNews],
        distributor: Address[PeerJobFrame],
        observer: Address[ObserverMessage],
        duties: Sequence[Address[MarksHeard | HintsHeard]],
        fixed_peer: Endpoint | None = None,
        sharers: Mapping[str, Address[ShareMessage]] = NOBODY,
    ) -> None:
        self._own = own
        self._identity = identity
        self._heartbeat_s = settings.heartbeat_s
        self._work_deadline_ns = int(settings.actor_deadline_s * S)
        self._transport = transport
        self._discovery = discovery
        self._clock = clock
        self._randomness = randomness
        self._board = board
        self._pair = pair
        self._distributor = distributor
        self._duties = tuple(duties)
        self._sharing = Sharing(sharers)
        self._beats = Beats()
        self._alarms = LinkAlarms(node=identity.node, settings=settings, observer=observer)
        self._state = LinkState(
            identity,
            fixed=fixed_peer,
            pause_guard_s=settings.pause_guard_s + settings.heartbeat_s,
        )
        self._connections: dict[int, tuple[Connection, FrameDecoder]] = {}
        self._listen_port = 0
        self._peer_boot = ""
        self._beating = False
        self._stopped = False
        self._beat_timer: Timer | None = None
        self._redial_timer: Timer | None = None
        self._frames_in = 0
        self._frames_out = 0

    # -- behaviour ----

    def on_start(self) -> None:
        """Listen, announce, dial. Raises OSError when the port is taken."""
        bound = self._transport.listen(self._own)
        self._listen_port = bound.port
        _log.info("link_listening", endpoint=str(bound))
        if self._discovery is not None:
            self._discovery.start(self._own)
        self._beat_timer = self._clock.call_later(self._heartbeat_s, self._own, BeatDue())
        self._do(self._state.start(self._now()))
        self._publish()

    def on_message(self, message: LinkInbox) -> None:
        """Handle one message."""
        match message:
            case Opened() | Received() | Closed() | DialFailed() | HandshakeFailed():
                self._on_transport(message)
            case PeerSeen():
                self._do(self._state.seen(message, self._now()))
            case SendFrame(frame=frame):
                assert not isinstance(frame, Hello | Heartbeat), "the link makes these itself"
                if self._sharing.may_send(frame, self._state.protocol):
                    self._send(frame)
            case DescribeSelf() | WorkProven():
                self._on_facts(message)
            case BeatDue():
                self._on_beat_due()
            case RedialDue():
                self._redial_timer = None
                self._do(self._state.redial_due(self._now()))
            case StopLink(reason=reason):
                self._stop(reason)
            case Ping(number=number, reply_to=reply_to):
                reply_to.tell(Pong(self._own.name, number))
            case _:
                assert_never(message)

    def on_stop(self) -> None:
        """Say goodbye if nobody did, give back the port, and withdraw the announcement."""
        self._stop("the node stops")
        self._transport.stop()
        if self._discovery is not None:
            self._discovery.stop()

    # -- what comes in ----

    def _on_transport(self, event: TransportEvent) -> None:
        now_ns = self._now()
        match event:
            case Opened(connection=connection):
                self._connections[connection.number] = (connection, FrameDecoder())
                self._do(
                    self._state.opened(
                        connection.number,
                        inbound=connection.inbound,
                        remote_host=connection.remote_host,
                        now_ns=now_ns,
                    )
                )
            case Received(connection=connection, data=data):
                self._on_bytes(connection.number, data, now_ns)
            case Closed(connection=connection, reason=reason):
                self._connections.pop(connection.number, None)
                self._do(self._state.closed(connection.number, reason, now_ns, self._jitter()))
                self._publish()
            case DialFailed(refused=refused, reason=reason):
                jitter = self._jitter()
                self._do(
                    self._state.dial_failed(reason, refused=refused, now_ns=now_ns, jitter=jitter)
                )
            case HandshakeFailed(remote_host=host, what=what, hint=hint):
                self._tls_failed(TlsFault(what, hint), host)
            case _:
                assert_never(event)

    def _tls_failed(self, fault: TlsFault, host: str) -> None:
        connected = self._state.current is not None
        self._alarms.tls_failed(fault, host, self._now(), connected=connected)

    def _on_facts(self, facts: DescribeSelf | WorkProven) -> None:
        if isinstance(facts, DescribeSelf):
            self._beats.describe(facts)
            at_once = facts.at_once
        else:
            at_once = self._beats.work_proven(facts, self._now())
        if at_once:
            self._beat()

    def _on_bytes(self, number: int, data: bytes, now_ns: int) -> None:
        known = self._connections.get(number)
        if known is None:
            return  # closed by us; the rest of its bytes does not matter
        try:
            frames = known[1].feed(data)
        except WireError as error:
            if is_client_hello(data):
                self._tls_failed(SPEAKS_TLS, known[0].remote_host)
            self._do(self._state.broken(number, str(error), now_ns, self._jitter()))
            return
        for frame in frames:
            self._frames_in += 1
            if isinstance(frame, Heartbeat) and not self._beats.is_possible(frame):
                reason = "it echoes a beat never sent"
                self._do(self._state.broken(number, reason, now_ns, self._jitter()))
            elif number in self._connections and (leap := self._beats.leap(frame)):
                self._do(self._state.broken(number, leap, now_ns, self._jitter()))
                self._pair.tell(PeerRejected(leap, cloned=False))
            else:
                self._do(self._state.said(number, frame, now_ns, self._jitter()))

    def _route(self, frame: Frame) -> None:
        match frame:
            case JobOffer() | JobAnswer() | JobProgress() | JobDone() | JobFailed() | JobCancel():
                self._distributor.tell(PeerJobFrame(frame))
                return
            case Hello():
                if frame.boot != self._peer_boot:
                    self._peer_boot = frame.boot
                    self._beats.forget_peer()
                    self._alarms.forget_peer()
                tell_marks(self._duties, frame.marks)
                return
            case Heartbeat():
                self._beats.heard(frame, self._now())
                self._alarms.beat_heard(frame.echo_seq, self._now())
                tell_marks(self._duties, frame.marks, self._beats.new_hints(frame))
                self._publish()
            case MarksMoved() | HandOverOffer() | HandOverCommit():
                tell_marks(self._duties, frame.marks)
            case Share():
                self._sharing.heard(frame)
                return
            case (
                HandOverPlease() | HandOverAccept() | HandOverRefuse() | HandOverAbort() | Goodbye()
            ):
                pass
            case Refusal(reason=reason):
                raise refused_by(str(self._state.endpoint), reason)
            case _:
                assert_never(frame)
        self._pair.tell(PeerSaid(frame, self._now()))

    # -- what goes out ----

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Dial(endpoint=endpoint):
                    self._transport.dial(endpoint, self._own)
                case RedialIn(delay_s=delay_s):
                    self._redial_in(delay_s)
                case SendHello() | Refuse():
                    self._introduce(effect)
                case Close(number=number, reason=reason):
                    connection, _ = self._connections.pop(number)
                    connection.close(reason)
                case BeatAtOnce():
                    self._beat()
                case Deliver(frame=frame):
                    self._route(frame)
                case TellPair(news=news):
                    self._alarms.news(news, self._now())
                    self._pair.tell(news)
                    self._sharing.told(news, self._state.protocol)
                    self._publish()
                case Note():
                    log_note(effect)
                case _:
                    assert_never(effect)

    def _introduce(self, effect: SendHello | Refuse) -> None:
        """The first word on a connection, or the only other one to a stranger."""
        match effect:
            case SendHello(number=number):
                self._send_on(number, self._beats.hello(self._identity, self._listen_port))
            case Refuse(number=number, reason=reason):
                self._send_on(number, Refusal(reason))

    def _redial_in(self, delay_s: float) -> None:
        if self._redial_timer is not None:
            self._redial_timer.cancel()
        self._redial_timer = self._clock.call_later(delay_s, self._own, RedialDue())

    def _on_beat_due(self) -> None:
        if self._stopped:
            return
        self._beat_timer = self._clock.call_later(self._heartbeat_s, self._own, BeatDue())
        self._do(self._state.sweep(self._now(), self._jitter()))
        self._alarms.sweep(self._state.peer, self._now())
        self._beat()
        self._publish()

    def _beat(self) -> None:
        """Send a heartbeat, unless the proof that this node works is too old."""
        may = self._beats.may_beat(self._now(), self._work_deadline_ns)
        if self._beating and not may:
            _log.error("heartbeat_withheld", reason="an actor of this node does not answer")
        self._beating = may
        if may and self._state.current is not None:
            beat = self._beats.next_beat(self._now())
            self._alarms.beat_sent(beat.seq, self._now())
            self._send(beat)

    def _send(self, frame: Frame) -> None:
        if self._state.current is not None:
            self._send_on(self._state.current, frame)

    def _send_on(self, number: int, frame: Frame) -> None:
        try:
            data = encode(frame)
        except WireError as error:
            _log.error("frame_not_sent", reason=str(error))
            return
        self._frames_out += 1
        self._connections[number][0].send(data)

    def _stop(self, reason: str) -> None:
        if self._stopped:
            return
        self._stopped = True
        for timer in (self._beat_timer, self._redial_timer):
            if timer is not None:
                timer.cancel()
        self._send(Goodbye(self._beats.term, reason))
        self._do(self._state.stop(reason))
        _log.info("link_stopped", reason=reason)
        self._publish()

    # -- helpers ----

    def _now(self) -> int:
        return self._clock.monotonic_ns()

    def _jitter(self) -> float:
        return self._randomness.uniform(0.0, 1.0)

    def _publish(self) -> None:
        status = peer_status(
            self._state, self._beats, frames_in=self._frames_in, frames_out=self._frames_out
        )
        self._board.publish("peer", status)
