"""Everything the role machine knows and intends, in one place, with the few words its rules share.

Facts (what was learned) are changed by `roles/learn.py`; intentions (`candidacy`, `hand_over`, `reign`,
...) by the rules of the states. `roles/settle.py` compares both with what was last asked for and
produces the effects that close the gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from cluster.frames import PRIORITY_USUAL, Mark, Role
from cluster.messages import AlarmRaised, CommandAnswer, DescribeSelf
from cluster.ports import OTHER_INSTANCE, NodeState
from cluster.roles.detector import FailureDetector, PeerState, judges_second
from cluster.roles.io import Answer, Command, Effect, NoteRoleChange, WithdrawDuty
from cluster.roles.lease_belief import LeaseBelief
from cluster.settings import PairSettings

NS = 1_000_000_000
_HOUR_NS = 3600 * NS
_PAUSE_FIRST_S = 30.0
_PAUSE_MAX_S = 300.0
"""An unhealthy primary beside a healthy secondary is worth a change of roles every five minutes."""
ACTING = (Role.PRIMARY, Role.HANDING_OVER)
"""Roles that do the primary's work."""


class Way(StrEnum):
    """How a candidate means to get its term."""

    ACQUIRE = "acquire"
    """Take the lease."""
    CONFIRM = "confirm"
    """The row names this node in a fresh term: renew it, and the reign is ours."""
    ALONE = "alone"
    """Without the witness, in a term of this node's own digit."""


@dataclass(slots=True)
class Candidacy:
    """A reign this node is trying to begin."""

    way: Way
    reason: str
    early: bool = False
    """Take the lease although it has not ended: its holder is dead, agrees, or was overruled."""
    row_term: int = 0
    """For CONFIRM: the term in the row."""
    seen: int = 0
    """For an early taking: the reigns it is about end with this term."""
    last_sign_ns: int | None = None
    """When the peer that is to be replaced was last heard; None when there is none."""
    asked: bool = False
    """The witness was asked on behalf of this candidacy: from now on its answers are ours."""
    term: int = 0
    """The term to act in, once granted and durable; 0 before."""
    by_operator: bool = False


class Phase(Enum):
    """Where a hand-over stands."""

    OFFERED = auto()
    """The peer was asked whether it is ready. Duty goes on."""
    ENDING = auto()
    """Duty was withdrawn; its holders finish the page in hand."""
    TRANSFERRING = auto()
    """The witness was asked to give the lease to the peer."""
    UNDOING = auto()
    """Nobody knows whether it did: a higher term of our own settles it."""
    RELEASING = auto()
    """No peer to hand over to: the lease is being ended."""


@dataclass(slots=True)
class HandOver:
    """A planned end of this node's reign."""

    target: str
    """Empty: to nobody, because this node stops."""
    reason: str
    phase: Phase
    deadline_ns: int
    by_operator: bool = False


@dataclass(slots=True)
class PeerFacts:
    """What the peer last said of itself."""

    node: str
    boot: str
    role: Role
    term: int
    healthy: bool = True
    sees_data_center: bool = False
    free_capacity: int = 0
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class Pending:
    """A command that is answered when its outcome is known, or at the deadline."""

    command: Command
    deadline_ns: int
    revision: int = 0
    """For a pause or resume: the revision that must be durable."""


@dataclass(slots=True)
class Memory:
    """The machine's whole state. Instants are monotonic nanoseconds."""

    node: str
    settings: PairSettings
    detector: FailureDetector
    belief: LeaseBelief
    started_ns: int
    effects: list[Effect] = field(default_factory=list[Effect])

    # this node
    role: Role = Role.STARTING
    reason: str = "started"
    loaded: bool = False
    healthy: bool = True
    problems: tuple[str, ...] = ()
    stopping: bool = False
    failing: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    """Duty holder to reason and since when."""

    # what must survive a restart
    seen: int = 0
    """Highest term known. Acted upon only once durable."""
    paused: bool = False
    paused_revision: int = 0
    peer_name: str = ""
    saved: NodeState = field(default_factory=NodeState)
    saving: NodeState | None = None
    save_error: str = ""
    save_again_ns: int = 0

    # the peer
    peer: PeerFacts | None = None
    peer_priority: int = PRIORITY_USUAL
    """As it last said; the usual one before."""
    verdict: PeerState = PeerState.UNKNOWN
    goodbye: str = ""
    """What the peer's process said when it stopped in order; empty once another one is up."""
    evidence_term: int | None = None
    """A process of the peer died, and this was the highest term it can have reigned in."""
    rejected: AlarmRaised | None = None
    draining: bool = False
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])

    # the witness
    spent: int = 0
    """A row that names this node in a term up to this one is about an old reign, not an order."""
    first_view_read: bool = False
    release_term: int | None = None
    twin_ends_ns: int | None = None
    """When the lease of another installation with this node's id ends, by the first answers that told of it."""
    twin_lives: bool = False
    """It was renewed since: the other installation runs now."""

    # intentions
    candidacy: Candidacy | None = None
    candidate_again_ns: int = 0
    reign: int = 0
    """The term acted in; 0 when not acting."""
    next_reign: int = 0
    """A higher term granted to the acting primary, used once durable; 0 for none."""
    over_term: int = 0
    """While acting: reigns of the peer up to this term are over, by evidence or its consent."""
    blind_since_ns: int | None = None
    """While primary: so long the peer has been seeing the witness and this node not."""
    hand_over: HandOver | None = None
    hand_over_again_ns: int = 0
    offered_until_ns: int = 0
    """The peer offered its role and this node accepted: wait so long for its word."""
    offered_term: int = 0
    """The reign that the peer offered to end; 0 when it did not."""
    offered_by_operator: bool = False
    duty_until_ns: int | None = None
    duty_leased: bool = False
    leaderless_since_ns: int | None = None
    equal_since_ns: int | None = None
    last_sign_ns: int | None = None
    """When the peer was last heard before it died."""
    takeover_from_ns: int | None = None
    """The same for the takeover whose first grant of duty is still to come."""

    # what was told
    pending: list[Pending] = field(default_factory=list[Pending])
    announced: DescribeSelf | None = None
    raised: dict[tuple[str, str], AlarmRaised] = field(
        default_factory=dict[tuple[str, str], AlarmRaised]
    )
    changes: deque[int] = field(default_factory=deque[int])
    """When a reign began or ended here within the hour, but for what an operator ordered."""
    change_count: int = 0
    """All of them, since this process started."""
    takeover_ms: float | None = None

    # --- words the rules share -----------------------------------------------------------------------

    def do(self, effect: Effect) -> None:
        """Append an effect."""
        self.effects.append(effect)

    def after(self, now_ns: int, seconds: float) -> int:
        """The instant `seconds` from now."""
        return now_ns + round(seconds * NS)

    def become(self, role: Role, reason: str, now_ns: int) -> None:
        """Take a role, forget the intentions of the old one, and note it for the history."""
        old = self.role
        assert old is not Role.FAULTED, "faulted is the end"
        if (old in ACTING) is not (role in ACTING):
            self.change_count += 1
            if not self._is_commanded():
                self.changes.append(now_ns)
        self.role, self.reason = role, reason
        if role is not Role.CANDIDATE:
            self.candidacy = None
        if role is not Role.HANDING_OVER:
            self.hand_over = None
        if role not in ACTING:
            self.reign = self.next_reign = self.over_term = 0
            if old in ACTING and self.peer_lives():
                self.evidence_term = None  # about a process before the one that lives
        self.leaderless_since_ns = self.equal_since_ns = self.blind_since_ns = None
        if old is not role:
            self.do(NoteRoleChange(old, role, self.reign or self.seen, reason))

    def _is_commanded(self) -> bool:
        """What is being done now was ordered by an operator."""
        return (self.hand_over is not None and self.hand_over.by_operator) or (
            self.candidacy is not None and self.candidacy.by_operator
        )

    def withdraw(self) -> None:
        """Take the duty back, if it was granted."""
        if self.duty_until_ns is not None:
            self.duty_until_ns = None
            self.do(WithdrawDuty())

    def step_down(self, reason: str, now_ns: int, *, release: bool) -> None:
        """Stop acting at once. `release`: end the lease as well, so that the peer need not wait."""
        assert self.role in ACTING
        self.withdraw()
        if release and self.row_is_ours():
            self.release_term = self.reign
        self.belief.drop()
        self.become(Role.SECONDARY, reason, now_ns)

    def wait_for(self, command: Command, seconds: float, now_ns: int, revision: int = 0) -> None:
        """Answer `command` later; `unknown` after so many seconds."""
        self.pending.append(Pending(command, self.after(now_ns, seconds), revision))

    def answer(self, command: Command, status: str, message: str, hint: str = "") -> None:
        """Answer `command` at once."""
        self.do(Answer(command.reply_to, CommandAnswer(status, message, hint)))

    def reply(self, pending: Pending, status: str, message: str, hint: str = "") -> None:
        """Answer a command and forget it."""
        self.pending.remove(pending)
        self.answer(pending.command, status, message, hint)

    def merge_marks(self, marks: Mapping[str, Mark]) -> None:
        """Keep the higher mark of each name."""
        for name in sorted(marks):
            mine = self.marks.get(name)
            if mine is None or marks[name] > mine:
                self.marks[name] = marks[name]

    # --- questions the rules share ---------------------------------------------------------------------

    def peer_lives(self) -> bool:
        """The peer was heard and is not judged dead."""
        return self.peer is not None and self.verdict in (PeerState.ALIVE, PeerState.SUSPECT)

    def peer_acts(self) -> bool:
        """The peer lives and does the primary's work."""
        return self.peer_lives() and self.peer is not None and self.peer.role in ACTING

    def peer_process_died(self) -> bool:
        """There is evidence, and the witness does not name a reign that began after it."""
        view = self.belief.view
        known = view.term if view is not None else 0
        return self.evidence_term is not None and known <= self.evidence_term

    def peer_is_ready(self) -> bool:
        """The peer is a healthy secondary that is heard right now."""
        peer = self.peer
        return (
            peer is not None
            and self.verdict is PeerState.ALIVE
            and peer.healthy
            and peer.role is Role.SECONDARY
        )

    def peer_outranks(self) -> bool:
        """Two nodes act: the higher term wins, then the lower node id."""
        peer = self.peer
        if peer is None or not self.peer_acts():
            return False
        return peer.term > self.reign or (peer.term == self.reign and peer.node < self.node)

    def is_calm(self, now_ns: int) -> bool:
        """Few enough role changes within the hour to allow another one for a preference."""
        while self.changes and now_ns - self.changes[0] > _HOUR_NS:
            self.changes.popleft()
        return len(self.changes) < self.settings.role_changes_per_hour_max

    def may_move_in_need(self, now_ns: int) -> bool:
        """Whether to hand over what this node cannot do: soon, but ever later while roles flap."""
        if self.is_calm(now_ns):
            return True
        beyond = len(self.changes) - self.settings.role_changes_per_hour_max
        pause_s = min(_PAUSE_MAX_S, _PAUSE_FIRST_S * 2 ** min(beyond, 9))
        return now_ns >= self.after(self.changes[-1], pause_s)

    def was_last_holder(self) -> bool:
        """The witness names this node as the holder, even of a lease that ended."""
        view = self.belief.view
        return view is not None and view.holder == self.node

    def row_is_ours(self) -> bool:
        """The newest answer of the witness says: this node, in the term it acts in."""
        view = self.belief.view
        return view is not None and view.holder == self.node and view.term == self.reign

    def row_is_of_a_reign_that_is_over(self) -> bool:
        """The newest answer names the peer, in a reign that it ended or died in."""
        view = self.belief.view
        if view is None or view.holder in ("", self.node, OTHER_INSTANCE):
            return False
        return view.term <= self.over_term

    def lease_is_free(self, now_ns: int) -> bool:
        """By the newest answer: the lease has ended by now, or this node was its last holder."""
        return now_ns >= self.belief.ends_ns or self.was_last_holder()

    def may_change_by_itself(self) -> bool:
        """Not stopping; and not paused, or only going on with what this node already was."""
        return not self.stopping and (not self.paused or self.was_last_holder())

    def knows_the_past(self) -> bool:
        """Own state on disk, or a term heard: this node cannot reign blindly."""
        return self.seen > 0

    def is_preferred(self) -> bool:
        """Between two equal nodes this one should be primary."""
        return not self.judges_second()

    def judges_second(self) -> bool:
        """This node waits longer before it takes silence for death."""
        return judges_second(
            node=self.node,
            peer=self.peer_name,
            priority=self.settings.priority,
            peer_priority=self.peer_priority,
        )
