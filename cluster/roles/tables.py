"""What each state does with each event. Facts were learned before (`roles/learn.py`).

Every pair of state and event is decided: it has a rule, or it changes facts only. A pair in neither
list must not happen, and the machine says so (`ImpossibleTransition`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from cluster.frames import (
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverPlease,
    HandOverRefuse,
    Heartbeat,
    MarksMoved,
    Role,
)
from cluster.messages import (
    DutyFailing,
    Failover,
    HealthChanged,
    LeaseAnswered,
    PeerGone,
    PeerRefused,
    PeerRejected,
    PeerUp,
    SetPaused,
    StateSaved,
    StepDownAndStop,
    Switchover,
)
from cluster.roles import candidate, hand_over, primary, waiting
from cluster.roles import commands as command
from cluster.roles.io import (
    DutyOver,
    Event,
    MailboxDrained,
    PeerBack,
    PeerDied,
    PeerSuspected,
    StateLoaded,
    Tick,
    WokeLate,
)
from cluster.roles.memory import Memory

Rule: TypeAlias = Callable[[Memory, Event, int], None]


_RULES: Mapping[Role, Mapping[type, Rule]] = {
    Role.STARTING: {
        StateLoaded: waiting.loaded,
        Tick: waiting.decide,
        LeaseAnswered: waiting.decide,
        PeerUp: waiting.decide,
        Heartbeat: waiting.decide,
        PeerDied: waiting.decide,
        PeerRejected: waiting.rejected,
        HandOverPlease: waiting.refuse_request,
        HandOverOffer: waiting.refuse_offer,
        Switchover: command.refuse,
        Failover: command.failover,
        SetPaused: command.set_paused,
        StepDownAndStop: command.stop,
    },
    Role.SECONDARY: {
        Tick: waiting.watch,
        LeaseAnswered: waiting.watch,
        PeerUp: waiting.watch,
        Heartbeat: waiting.watch,
        PeerDied: waiting.watch,
        HandOverPlease: waiting.refuse_request,
        HandOverOffer: waiting.answer_offer,
        HandOverCommit: waiting.take_commit,
        HandOverAbort: waiting.offer_withdrawn,
        Switchover: command.switchover_here,
        Failover: command.failover,
        SetPaused: command.set_paused,
        StepDownAndStop: command.stop,
    },
    Role.CANDIDATE: {
        Tick: candidate.tick,
        LeaseAnswered: candidate.lease_answered,
        StateSaved: candidate.state_saved,
        PeerUp: candidate.hear_peer,
        Heartbeat: candidate.hear_peer,
        HandOverPlease: waiting.refuse_request,
        HandOverOffer: waiting.refuse_offer,
        Switchover: command.refuse,
        Failover: command.failover_under_way,
        SetPaused: command.set_paused,
        StepDownAndStop: command.stop_candidate,
    },
    Role.PRIMARY: {
        Tick: primary.tick,
        HealthChanged: primary.tick,
        LeaseAnswered: primary.lease_answered,
        StateSaved: primary.use_next_reign,
        PeerUp: primary.meet,
        Heartbeat: primary.meet,
        HandOverPlease: primary.asked_to_hand_over,
        HandOverOffer: waiting.refuse_offer,
        Switchover: command.switchover_away,
        Failover: command.already_primary,
        SetPaused: command.set_paused,
        StepDownAndStop: command.stop_primary,
    },
    Role.HANDING_OVER: {
        Tick: hand_over.tick,
        LeaseAnswered: hand_over.lease_answered,
        DutyOver: hand_over.duty_over,
        PeerUp: primary.meet,
        Heartbeat: primary.meet,
        PeerDied: hand_over.peer_died,
        HandOverAccept: hand_over.frame,
        HandOverRefuse: hand_over.frame,
        HandOverOffer: waiting.refuse_offer,
        Switchover: command.refuse,
        Failover: command.refuse,
        SetPaused: command.set_paused,
        StepDownAndStop: command.stop,
    },
    Role.FAULTED: {
        HandOverOffer: waiting.refuse_offer,
        Switchover: command.refuse,
        Failover: command.refuse,
        SetPaused: command.refuse,
        StepDownAndStop: command.stop,
    },
}

_ALWAYS_FACTS_ONLY = (
    WokeLate,
    MailboxDrained,
    DutyFailing,
    PeerGone,
    PeerRefused,
    PeerBack,
    PeerSuspected,
    MarksMoved,
)
_LATE_ANSWERS = (HandOverAccept, HandOverRefuse)
_LATE_WORDS = (*_LATE_ANSWERS, HandOverCommit, HandOverAbort)
_FACTS_ONLY: Mapping[Role, tuple[type, ...]] = {
    Role.STARTING: (StateSaved, HealthChanged, *_LATE_WORDS),
    Role.SECONDARY: (StateSaved, HealthChanged, PeerRejected, DutyOver, *_LATE_ANSWERS),
    Role.CANDIDATE: (HealthChanged, PeerRejected, PeerDied, DutyOver, *_LATE_WORDS),
    Role.PRIMARY: (PeerRejected, PeerDied, DutyOver, *_LATE_WORDS),
    Role.HANDING_OVER: (
        *(StateSaved, HealthChanged, PeerRejected),
        *(HandOverPlease, HandOverCommit, HandOverAbort),
    ),
    Role.FAULTED: (
        *(Tick, StateLoaded, StateSaved, HealthChanged, LeaseAnswered, DutyOver),
        *(PeerUp, PeerRejected, PeerDied, Heartbeat, HandOverPlease, *_LATE_WORDS),
    ),
}


def _facts_only(m: Memory, event: Event, now_ns: int) -> None:
    del m, event, now_ns


TABLE: Mapping[tuple[Role, type], Rule] = {
    **{
        (role, event): _facts_only
        for role, events in _FACTS_ONLY.items()
        for event in (*_ALWAYS_FACTS_ONLY, *events)
    },
    **{(role, event): rule for role, rules in _RULES.items() for event, rule in rules.items()},
}
"""The rule for every pair of state and event that can happen."""
