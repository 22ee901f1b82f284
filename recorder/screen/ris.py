"""The RIS: hears what agents do, from whichever node it was told, and says whose screen is recorded.

One on each node. What it hears first it shares with the peer's; both keep the set of events in the Data
Center; each works the legs out for itself, so that both know the same whatever reached which of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import structlog

from cluster.board import Board
from cluster.frames import Share
from cluster.messages import PeerListens, Ping, Pong, SendFrame, ShareHeard
from cluster.ports import Address, Clock, Timer
from cluster.status import PeerStatus
from recorder.messages import FindingClosed, FindingOpened
from recorder.scn.messages import AgentEventsHeard, LegsChanged
from recorder.scn.model import AgentEvent, Leg
from recorder.scn.ris_status import LEGS_SHOWN, AgentAtHand, RisStatus
from recorder.screen.at_hand import AtHand, is_sane
from recorder.screen.event_codec import TOPIC, bodies, from_body
from recorder.screen.event_keeper import EventKeeper, KeeperMessage, KeeperPorts
from recorder.screen.legs import Folded, fold, limits_of
from recorder.screen.table import order
from recorder.screen.tomorrow import AGENT_EVENTS_AHEAD, Tomorrow
from recorder.settings.screens import ScreenSettings

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("ris")

_US: Final = 1_000_000
SHARE_S: Final = 0.02
"""Between two shares of what is at hand, so that beats find their place in between."""
TIDY_S: Final = 60.0
LOOK_S: Final = 5.0
"""How often the Data Center is asked what the other node heard while the link is down."""
LOOK_BACK_S: Final = 900.0
_DUE_MIN_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class LegsDue:
    """The time limit of a leg has come."""


@dataclass(frozen=True, slots=True)
class ShareDue:
    """Time to send the next part of what is at hand to the peer."""


@dataclass(frozen=True, slots=True)
class TidyDue:
    """Time to forget what is old."""


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to see whether the peer can be heard."""


RisMessage: TypeAlias = (
    AgentEventsHeard
    | PeerListens
    | ShareHeard
    | Ping
    | KeeperMessage
    | LegsDue
    | ShareDue
    | TidyDue
    | LookDue
)


@dataclass(slots=True)
class _Counts:
    heard: int = 0
    told: int = 0
    doubled: int = 0
    refused: int = 0
    shared: int = 0


class Ris:
    """One per node. Publishes RisStatus on the board as part `ris`; tells LegsChanged to the screen recorder."""

    def __init__(
        self,
        *,
        node: str,
        keeping: KeeperPorts,
        link: Address[Any],
        screens: Address[LegsChanged] | None,
        board: Board,
        settings: ScreenSettings,
    ) -> None:
        self._node = node
        self._me: Address[RisMessage] = keeping.me
        self._clock: Clock = keeping.clock
        self._monitor = keeping.monitor
        self._tomorrow = Tomorrow()
        self._link = link
        self._screens = screens
        self._board = board
        self._kept_us = int(settings.events_kept_s * _US)
        self._limits = limits_of(settings)
        self._keeper = EventKeeper(keeping)
        self._at_hand = AtHand()
        self._folded: dict[str, Folded] = {}
        self._shown: dict[str, AgentAtHand] = {}
        self._counts = _Counts()
        self._to_share: list[bytes] = []
        self._sharing = False
        self._due: Timer | None = None

    # -- behaviour ----

    def on_start(self) -> None:
        """Take up what is known, from the disk and from the Data Center."""
        self._keeper.start(self._clock.wall_us() - self._kept_us)
        self._clock.call_later(TIDY_S, self._me, TidyDue())
        self._clock.call_later(LOOK_S, self._me, LookDue())
        self._publish()

    def on_stop(self) -> None:
        """What is not in the Data Center is on the disk."""

    def on_message(self, message: RisMessage) -> None:
        """See the union."""
        match message:
            case AgentEventsHeard(events, from_peer, reply_to):
                self._heard(events, from_peer=from_peer)
                self._keeper.when_safe(events, reply_to)
            case ShareHeard(_, body):
                self._heard(from_body(body), from_peer=True)
            case PeerListens():
                self._share_all()
            case ShareDue():
                self._share_next()
            case LegsDue():
                self._due = None
                self._fold_due()
            case TidyDue():
                self._tidy()
            case LookDue():
                self._look()
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
                return
            case _:
                found = self._keeper.on(message)
                self._take(found)
        self._publish()

    # -- hearing ----

    def _heard(self, events: Sequence[AgentEvent], *, from_peer: bool) -> None:
        if not from_peer:
            events = [one if one.heard_by else replace(one, heard_by=self._node) for one in events]
            for finding in self._tomorrow.heard(events, self._clock.monotonic_ns()):
                self._monitor.tell(FindingOpened(finding))
        sane = [one for one in events if is_sane(one)]
        self._counts.refused += len(events) - len(sane)
        new = [one for one in sane if self._at_hand.add(one)]
        self._counts.doubled += len(sane) - len(new)
        if not new:
            return
        if from_peer:
            self._counts.told += len(new)
            self._keeper.told(new)
        else:
            self._counts.heard += len(new)
            self._keeper.heard(new)
            for body in bodies(new):
                self._share(body)
        for one in new:
            _log.debug("agent_event", agent=one.agent_key, call=one.call, kind=one.kind.value)
        self._fold(one.agent_key for one in new)

    def _take(self, found: Iterable[AgentEvent]) -> None:
        """Events that are on record already."""
        new = [one for one in found if is_sane(one) and self._at_hand.add(one)]
        self._counts.told += len(new)
        self._fold(one.agent_key for one in new)

    # -- the peer ----

    def _share(self, body: bytes) -> None:
        self._counts.shared += 1
        self._link.tell(SendFrame(Share(TOPIC, body)))

    def _share_all(self) -> None:
        """What was sent while nobody listened is lost, and the peer may have forgotten everything."""
        self._to_share = list(bodies(self._at_hand.all()))
        if not self._sharing:
            self._share_next()

    def _share_next(self) -> None:
        self._sharing = bool(self._to_share)
        if self._to_share:
            self._share(self._to_share.pop(0))
            self._clock.call_later(SHARE_S, self._me, ShareDue())

    def _look(self) -> None:
        """While the link is down, what the other node heard is found in the Data Center."""
        self._clock.call_later(LOOK_S, self._me, LookDue())
        peer = self._board.read("peer", PeerStatus)
        if peer is not None and peer.node and not peer.connected:
            self._keeper.load(self._clock.wall_us() - int(LOOK_BACK_S * _US))

    # -- legs ----

    def _fold(self, agent_keys: Iterable[str]) -> None:
        now_us = self._clock.wall_us()
        for agent_key in dict.fromkeys(agent_keys):
            events = self._at_hand.of(agent_key)
            folded = fold(events, self._limits, now_us)
            before = self._folded.get(agent_key)
            if events:
                self._folded[agent_key] = folded
                self._shown[agent_key] = _shown(agent_key, folded, events)
            else:
                self._folded.pop(agent_key, None)
                self._shown.pop(agent_key, None)
            if self._screens is not None and folded.legs != (before.legs if before else ()):
                self._screens.tell(LegsChanged(agent_key, folded.legs))
        self._arm(now_us)

    def _fold_due(self) -> None:
        now_us = self._clock.wall_us()
        self._fold(
            [
                agent_key
                for agent_key, folded in self._folded.items()
                if folded.due_us is not None and folded.due_us <= now_us
            ]
        )

    def _arm(self, now_us: int) -> None:
        """Come back at the next time limit."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        due = [folded.due_us for folded in self._folded.values() if folded.due_us is not None]
        if due:
            wait_s = max((min(due) - now_us) / _US, _DUE_MIN_S)
            self._due = self._clock.call_later(min(wait_s, TIDY_S), self._me, LegsDue())

    def _tidy(self) -> None:
        self._clock.call_later(TIDY_S, self._me, TidyDue())
        self._fold(self._at_hand.evict(self._clock.wall_us() - self._kept_us))
        for source in self._tomorrow.over(self._clock.monotonic_ns()):
            self._monitor.tell(FindingClosed(AGENT_EVENTS_AHEAD, source))

    # -- what is shown ----

    def _publish(self) -> None:
        counts = self._counts
        status = RisStatus(
            agents=dict(self._shown),
            events=len(self._at_hand),
            heard=counts.heard,
            told=counts.told,
            doubled=counts.doubled,
            refused=counts.refused,
            shared=counts.shared,
            waiting=self._keeper.waiting,
            lost=self._keeper.lost,
            problem=self._keeper.problem,
        )
        self._board.publish("ris", status)


def _shown(agent_key: str, folded: Folded, events: Sequence[AgentEvent]) -> AgentAtHand:
    last = max(events, key=order)
    lasting = [leg for leg in folded.legs if leg.span.to_us is None]
    return AgentAtHand(
        agent_key=agent_key,
        legs=folded.legs[-LEGS_SHOWN:],
        lasting=len(lasting),
        masked=any(_is_masked(leg) for leg in lasting),
        last=last.kind.value,
        last_us=last.at_us,
    )


def _is_masked(leg: Leg) -> bool:
    return any(mask.to_us is None for mask in leg.masks)
