"""What surfaces may ask of a running node: the one place where a surface waits for an actor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from cluster.adapters.real_randomness import RealRandomness
from cluster.board import Board
from cluster.errors import ReplyTimeout
from cluster.messages import CommandAnswer, Failover, PairMessage, SetPaused, Switchover
from cluster.ports import Address, Clock, Randomness, Runtime
from recorder.audit.audit_messages import AuditCommand, Record, Recorded
from recorder.audit.trail import NO_TRAIL
from recorder.budgets import BudgetFigures, budget_of
from recorder.desk.logins import LoginDesk
from recorder.desk.proof import ProofDesk
from recorder.desk.recoveries import RecoveryDesk
from recorder.desk.replay import ReplayDesk
from recorder.desk.retention import RetentionDesk
from recorder.messages import CompareNow, PollerCommand, PollNow, RetryItems, Rewind
from recorder.model import ItemRef, Window
from recorder.ports.audit import AuditDb, AuditTrail
from recorder.ports.proof import FindingsDb
from recorder.ports.recording import Archive, ContactDb, DataSource
from recorder.ports.screens import ScreenDb
from recorder.ports.scrub import ScrubDb
from recorder.scn.desk import ScreenDesk
from recorder.scn.messages import AgentEventsHeard, AgentEventsKept, AskStates
from recorder.scn.model import AgentEvent
from recorder.webhooks import Hearing, kind_of

M = TypeVar("M")

AGENT_EVENTS_TIMEOUT_S = 2.0
"""Services give an answer to a webhook up after 3 s or later."""
AUDIT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 16.0
"""Above the longest wait of the pair for a command of an operator (three hand-over timeouts)."""


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A configured source that did not start; the node runs without it."""

    name: str
    kind: str
    state: str
    """disabled, stopped_by_load_error, stopped_by_config_error or stopped_by_self_check."""
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source that runs."""

    kind: str
    source: DataSource = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedToken:
    """A token of `web.tokens`."""

    name: str
    roles: frozenset[str]
    read: Callable[[], str] = field(repr=False)
    """At every use. Raises ConfigError."""
    shared: bool = False
    """Of the role desktop: it is itself the token of every desktop, not the secret behind theirs."""


@dataclass(frozen=True, slots=True)
class NodeControl:
    """One running node, for its web server."""

    node: str
    cluster: str
    boot: str
    build: str
    started_us: int
    web_url: str
    board: Board
    clock: Clock
    contact_db: ContactDb
    archive: Archive
    runtime: Runtime
    pair: Address[PairMessage]
    pollers: Mapping[str, Address[PollerCommand]]
    problems: tuple[SourceProblem, ...]
    admin_token: Callable[[], str | None] = field(repr=False)
    """Read at every use; None when none is configured."""
    sources: Mapping[str, OpenSource] = field(default_factory=dict[str, OpenSource])
    """By name; those of `pollers`."""
    tokens: tuple[NamedToken, ...] = ()
    """Beside that of the admin."""
    audit: AuditTrail = NO_TRAIL
    """Where what people do is put on record."""
    audit_writer: Address[AuditCommand] | None = None
    """Behind `audit`, for who must wait until a record is safe."""
    audit_db: AuditDb | None = None
    scrub_db: ScrubDb | None = None
    proof: ProofDesk | None = None
    """Contacts for programs, and certificates."""
    recoveries: RecoveryDesk | None = None
    findings: FindingsDb | None = None
    reconciliation: Address[CompareNow] | None = None
    """Who compares; None on a node that keeps no findings."""
    retention: RetentionDesk | None = None
    screen_db: ScreenDb | None = None
    """Parts and renditions on record; None on a node without."""
    login_s: float = 8 * 3600.0
    """So long a login to the pages lasts."""
    logins: LoginDesk | None = None
    """Which logins are over before their time; without it a login lasts as long as it was made for."""
    randomness: Randomness = field(default_factory=RealRandomness)
    desktops: ScreenDesk | None = None
    """For agents' desktops; None while screens.enabled is false."""
    replay: ReplayDesk | None = None
    ris: Address[AgentEventsHeard] | None = None
    """Hears what agents do."""
    states: Address[AskStates] | None = None
    """Asks platforms what agents did; None where no platform can be asked."""

    def switchover(self, to_node: str) -> CommandAnswer:
        """Planned change of primary; waits for what became of it."""
        return self._command(lambda reply_to: Switchover(to_node, reply_to))

    def failover(self, *, without_peer: bool) -> CommandAnswer:
        """Take the role on this node although the peer cannot agree."""
        return self._command(lambda reply_to: Failover(without_peer, reply_to))

    def set_paused(self, *, paused: bool) -> CommandAnswer:
        """Stop or resume automatic role changes, on both nodes."""
        return self._command(lambda reply_to: SetPaused(paused, reply_to))

    def rewind(self, source: str, to_us: int) -> CommandAnswer:
        """Archive a source again from an instant on. Raises KeyError for an unknown source."""

        def question(reply_to: Address[CommandAnswer]) -> PollerCommand:
            return Rewind(to_us, reply_to)

        return self._ask(self.pollers[source], question)

    def compare_now(self, source: str, window: Window | None) -> CommandAnswer:
        """Compare a source with what is on record, now; waits until it begins."""
        assert self.reconciliation is not None, "who keeps findings compares"

        def question(reply_to: Address[CommandAnswer]) -> CompareNow:
            return CompareNow(source, window, reply_to)

        return self._ask(self.reconciliation, question)

    def poll_now(self, source: str) -> None:
        """A hint that something is there. Raises KeyError for an unknown source."""
        self.pollers[source].tell(PollNow(source))

    def hearing(self, adapter: str, source: str | None) -> tuple[tuple[str, Hearing], ...]:
        """Sources behind an adapter's name that hear messages of their service, in order of name."""
        kind = kind_of(adapter)
        return tuple(
            (name, cast("Hearing", opened.source))
            for name, opened in sorted(self.sources.items())
            if opened.kind == kind
            and source in {None, name}
            and callable(getattr(opened.source, "hear", None))
        )

    def agent_events(self, events: tuple[AgentEvent, ...]) -> bool:
        """Tell the RIS, and wait until a crash cannot lose it. False when nobody could say so in time."""
        ris = self.ris
        if ris is None or not events:
            return True

        def question(reply_to: Address[AgentEventsKept]) -> AgentEventsHeard:
            return AgentEventsHeard(events, reply_to=reply_to)

        try:
            self.runtime.ask(ris, question, AGENT_EVENTS_TIMEOUT_S)
        except ReplyTimeout:
            return False
        return True

    def ask_states(self, source: str) -> None:
        """A hint that agents of this source did something."""
        if self.states is not None:
            self.states.tell(AskStates(source))

    def budget(self, source: str) -> BudgetFigures | None:
        """How the request budget of a source is spent on this node; None when its adapter cannot say."""
        opened = self.sources.get(source)
        return None if opened is None else budget_of(opened.source)

    def retry(self, source: str, refs: tuple[ItemRef, ...]) -> None:
        """Try failed items again now. Raises KeyError for an unknown source."""
        self.pollers[source].tell(RetryItems(refs))

    def audited(
        self, what: str, subject: str, actor: str, detail: Mapping[str, object] | None = None
    ) -> bool:
        """Put on record, and wait until a crash cannot lose it. False when nobody could say so in time."""
        writer = self.audit_writer
        if writer is None:
            self.audit.record(what, subject, actor, detail)
            return True
        at_us = self.clock.wall_us()

        def question(reply_to: Address[Recorded]) -> AuditCommand:
            return Record(what, subject, actor, at_us, dict(detail or {}), reply_to=reply_to)

        try:
            self.runtime.ask(writer, question, AUDIT_TIMEOUT_S)
        except ReplyTimeout:
            return False
        return True

    def _command(self, question: Callable[[Address[CommandAnswer]], PairMessage]) -> CommandAnswer:
        return self._ask(self.pair, question)

    def _ask(
        self, address: Address[M], question: Callable[[Address[CommandAnswer]], M]
    ) -> CommandAnswer:
        try:
            return self.runtime.ask(address, question, COMMAND_TIMEOUT_S)
        except ReplyTimeout:
            return CommandAnswer(
                "unknown",
                "The node did not say in time what became of it.",
                "See `tandem node list` and `tandem node history`.",
            )
