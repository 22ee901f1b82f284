"""The role machine of one node: which of the pair is primary, decided without I/O and without a clock.

    STARTING ---> SECONDARY ---> CANDIDATE ---> PRIMARY ---> HANDING_OVER ---> SECONDARY
        `-----------------------^     `-> SECONDARY  `-> SECONDARY    `-> PRIMARY

Inputs are `step(event, now_ns)` and `tick(now_ns)`; the output is an ordered tuple of effects. Order
matters: carry them out one after the other, and crash rather than skip one. A crash between any two
of them is harmless.

Invariants, each with a test:

* Terms are unique. The witness's row gives a term once; what is taken without it ends in a digit of
  this node's own (`terms.py`). So two nodes never act in the same term.
* Terms only grow, over restarts too. A term is durable (`SaveState` answered) before this node acts
  in it or announces it.
* One leased duty. `GrantDuty(leased=True)` never reaches beyond the instant until which the lease is
  believed, which lies before its end at the witness. The lease leaves a living holder only after the
  duty was withdrawn. So never do two nodes hold an unexpired leased duty.
* Duty without a lease is granted only while the witness does not answer, in short pieces, and it is
  allowed to overlap: what it costs is double work, never a recording.
* A role is not trusted after an own pause: belief is re-read, silence is measured anew.

Who must move first: to begin a reign, the witness grants, the disk keeps, the peer hears, the work
starts. To end one, the work stops, the witness changes hands, the peer hears. Every interruption
leaves either the old reign, or none and a lease row that says who goes on.

What a step does: learn the facts (`roles/learn.py`), let the detector speak, apply the rule of the state
(`roles/tables.py`), and close the gap between what is and what was asked for (`roles/settle.py`).
"""

from __future__ import annotations

from cluster.errors import ImpossibleTransition
from cluster.frames import Goodbye, Role
from cluster.messages import PeerSaid
from cluster.roles.detector import FailureDetector
from cluster.roles.io import Effect, Event, Tick
from cluster.roles.learn import change_of_verdict, learn
from cluster.roles.lease_belief import LeaseBelief
from cluster.roles.memory import Memory
from cluster.roles.settle import settle
from cluster.roles.tables import TABLE
from cluster.settings import PairSettings


class RoleMachine:
    """One node's half of the pair. Not thread-safe; instants are monotonic nanoseconds."""

    def __init__(self, *, node: str, settings: PairSettings, now_ns: int) -> None:
        self._m = Memory(
            node=node,
            settings=settings,
            detector=FailureDetector(settings=settings),
            belief=LeaseBelief(settings=settings),
            started_ns=now_ns,
        )

    @property
    def memory(self) -> Memory:
        """What the machine knows. For reading only."""
        return self._m

    @property
    def role(self) -> Role:
        """The role now."""
        return self._m.role

    def step(self, event: Event, now_ns: int) -> tuple[Effect, ...]:
        """Take one event. Raises ImpossibleTransition for one that cannot happen in this state."""
        m = self._m
        assert not m.effects, "a step begins where the last one ended"
        learn(m, event, now_ns)
        spoken = change_of_verdict(m, event, now_ns)
        if spoken is not None:
            self._apply(spoken, type(spoken), now_ns)
        if isinstance(event, PeerSaid):
            if not isinstance(event.frame, Goodbye):
                self._apply(event, type(event.frame), now_ns)
        else:
            self._apply(event, type(event), now_ns)
        settle(m, now_ns)
        effects = tuple(m.effects)
        m.effects.clear()
        return effects

    def tick(self, now_ns: int) -> tuple[Effect, ...]:
        """Let time pass. Call it every `tick_s`."""
        return self.step(Tick(), now_ns)

    def _apply(self, event: Event, kind: type, now_ns: int) -> None:
        rule = TABLE.get((self._m.role, kind))
        if rule is None:
            raise ImpossibleTransition(f"{kind.__name__} cannot happen while {self._m.role}")
        rule(self._m, event, now_ns)
