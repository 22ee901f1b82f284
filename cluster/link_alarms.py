"""Tells the operator what keeps the peer link from working, once per change."""

from __future__ import annotations

from typing import assert_never

import structlog

from cluster.frames import Hello
from cluster.links.effects import Note
from cluster.links.one_way import EchoWatch
from cluster.links.tls_faults import TlsFault
from cluster.links.troubles import TlsTrouble, one_way_alarm
from cluster.messages import (
    AlarmCleared,
    AlarmRaised,
    ObserverMessage,
    PeerGone,
    PeerRefused,
    PeerRejected,
    PeerUp,
)
from cluster.ports import Address
from cluster.settings import PairSettings

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("link")
_NS = 1_000_000_000


def log_note(note: Note) -> None:
    """Write to the log what the link noted."""
    log = _log.warning if note.warn else _log.info
    log(note.event, **note.fields)


class LinkAlarms:
    """Part of the link actor. Instants are monotonic nanoseconds."""

    def __init__(
        self, *, node: str, settings: PairSettings, observer: Address[ObserverMessage]
    ) -> None:
        self._node = node
        self._observer = observer
        self._tls = TlsTrouble(node)
        self._echoes = EchoWatch(
            limit_ns=round(settings.dead_s * _NS),
            pause_ns=round((settings.pause_guard_s + settings.heartbeat_s) * _NS),
        )
        self._deaf = ""

    def tls_failed(self, fault: TlsFault, host: str, now_ns: int, *, connected: bool) -> None:
        """A handshake came to nothing, or somebody spoke TLS to a node without."""
        if self._tls.is_new(fault):
            _log.warning("handshake_failed", host=host, reason=fault.what)
        self._tell(self._tls.failed(fault, host, now_ns, connected=connected))

    def news(self, news: PeerUp | PeerGone | PeerRefused | PeerRejected, now_ns: int) -> None:
        """What the pair is told as well."""
        match news:
            case PeerUp():
                self._tell(self._tls.up())
                self._echoes.connected(now_ns)
            case PeerRefused():
                self.forget_peer()
            case PeerGone() | PeerRejected():
                pass
            case _:
                assert_never(news)

    def forget_peer(self) -> None:
        """Another process of the peer speaks now, or the one known is dead."""
        self._echoes.forget_peer()
        self._settle("")

    def beat_sent(self, seq: int, now_ns: int) -> None:
        """An own heartbeat left."""
        self._echoes.sent(seq, now_ns)

    def beat_heard(self, echo_seq: int, now_ns: int) -> None:
        """A heartbeat of the peer arrived."""
        self._echoes.heard(echo_seq, now_ns)

    def sweep(self, peer: Hello | None, now_ns: int) -> None:
        """At every own beat; `peer` is whom the link knows."""
        self._tell(self._tls.sweep(now_ns))
        is_deaf = self._echoes.judge(now_ns)
        self._settle(peer.node if peer is not None and is_deaf else "")

    def _settle(self, deaf: str) -> None:
        if deaf == self._deaf:
            return
        before, self._deaf = self._deaf, deaf
        if before:
            self._tell(AlarmCleared("link_one_way", before))
        if deaf:
            self._tell(one_way_alarm(self._node, deaf))

    def _tell(self, news: AlarmRaised | AlarmCleared | None) -> None:
        if news is not None:
            self._observer.tell(news)
