"""Watches that every actor of the node still works, and lets the heartbeat go on only then.

A wedged actor is not restarted: its silence silences the node's heartbeat, so the peer takes over,
and shows as an alarm here.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from cluster.board import Board
from cluster.liveness import Liveness, Verdict
from cluster.messages import (
    AlarmCleared,
    AlarmRaised,
    HealthChanged,
    ObserverMessage,
    Ping,
    PingDue,
    Pong,
    SupervisorMessage,
    WorkProven,
)
from cluster.ports import Address, Clock, Timer
from cluster.settings import PairSettings
from cluster.status import SupervisorStatus

_NS = 1_000_000_000
_ROUND_S = 1.0
_SILENT = "actor_silent"

Health: TypeAlias = tuple[bool, tuple[str, ...]]


class Supervisor:
    """A behaviour for `SupervisorMessage`.

    `actors` are pinged every second; each answers `Pong` under the name of its address. The link
    hears `WorkProven` in every round in which all of them are known to work, and once more as soon as
    the last one answers after the start or after a pause of the process. Publishes `supervisor`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        settings: PairSettings,
        board: Board,
        own: Address[SupervisorMessage],
        actors: tuple[Address[Ping], ...],
        link: Address[WorkProven],
        pair: Address[HealthChanged],
        observer: Address[ObserverMessage],
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._board = board
        self._own = own
        self._actors = actors
        self._link = link
        self._pair = pair
        self._observer = observer
        # Short deadlines (in tests) need shorter rounds: three pings fit into every deadline.
        self._round_s = min(_ROUND_S, settings.actor_deadline_s / 3)
        self._planned_ns = 0
        self._timer: Timer | None = None
        self._liveness: Liveness | None = None
        self._health: Health | None = None
        self._alarmed: tuple[str, ...] = ()

    def on_start(self) -> None:
        """Begin the first round."""
        now_ns = self._clock.monotonic_ns()
        self._liveness = Liveness(
            names=tuple(actor.name for actor in self._actors),
            deadline_ns=round(self._settings.actor_deadline_s * _NS),
            pause_guard_ns=round(self._settings.pause_guard_s * _NS),
            now_ns=now_ns,
        )
        self._planned_ns = now_ns
        self._round(self._liveness)

    def on_message(self, message: SupervisorMessage) -> None:
        """Handle a timer or an answer."""
        assert self._liveness is not None, "a message before on_start"
        match message:
            case PingDue():
                self._round(self._liveness)
            case Pong():
                self._answered(self._liveness, message)
            case _:
                assert_never(message)

    def on_stop(self) -> None:
        """Stop pinging."""
        if self._timer is not None:
            self._timer.cancel()

    def _round(self, liveness: Liveness) -> None:
        now_ns = self._clock.monotonic_ns()
        number = liveness.begin_round(now_ns, self._planned_ns)
        for actor in self._actors:
            actor.tell(Ping(number, self._own))
        self._planned_ns = now_ns + round(self._round_s * _NS)
        self._timer = self._clock.call_later(self._round_s, self._own, PingDue())
        self._report(liveness)

    def _answered(self, liveness: Liveness, pong: Pong) -> None:
        waited = liveness.waiting_for_trust
        liveness.answered(pong.name, pong.number, pong.problems, self._clock.monotonic_ns())
        if waited and not liveness.waiting_for_trust:
            self._report(liveness)  # at once: a second without heartbeat may cost the role

    def _report(self, liveness: Liveness) -> None:
        verdict = liveness.verdict()
        self._alarm(verdict.silent)
        problems = verdict.problems + tuple(
            f"the actor {name} does not answer" for name in verdict.silent
        )
        if verdict.proven:
            self._link.tell(WorkProven(healthy=not problems, problems=problems))
        self._tell_health(verdict, problems)
        self._board.publish(
            "supervisor",
            SupervisorStatus(
                answered_ns=liveness.answers(), silent=verdict.silent, problems=problems
            ),
        )

    def _tell_health(self, verdict: Verdict, problems: tuple[str, ...]) -> None:
        """Nothing is known, good or bad, while answers are awaited and nobody is silent."""
        health = (not problems, problems)
        if health != self._health and (verdict.proven or verdict.silent):
            self._health = health
            self._pair.tell(HealthChanged(healthy=health[0], problems=problems))

    def _alarm(self, silent: tuple[str, ...]) -> None:
        for name in silent:
            if name not in self._alarmed:
                self._observer.tell(
                    AlarmRaised(
                        code=_SILENT,
                        subject=name,
                        error=True,
                        what=(
                            f"the actor {name} has not answered for more than "
                            f"{self._settings.actor_deadline_s} s; this node sends no heartbeat"
                        ),
                        hint="Dump the threads of this node (SIGUSR1) to see where it hangs, then restart it.",
                    )
                )
        for name in self._alarmed:
            if name not in silent:
                self._observer.tell(AlarmCleared(_SILENT, name))
        self._alarmed = silent
