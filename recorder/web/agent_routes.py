"""The route of agents: what this node knows of their calls, and whose screens it records."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from recorder.control import NodeControl
from recorder.instants import to_text
from recorder.screen_model import Leg, Span
from recorder.screen_recorder_status import DesktopStatus, ScreenRecorderStatus
from recorder.screen_status import AgentAtHand, RisStatus
from recorder.web.auth import require_reader
from recorder.web.refusals import documented, refuse


class SpanView(BaseModel):
    """A stretch of time; without an end while it lasts."""

    begin: str
    end: str | None = None

    @classmethod
    def of(cls, span: Span) -> SpanView:
        """As text."""
        return cls(begin=to_text(span.from_us), end=_text(span.to_us))


class LegView(BaseModel):
    """One offer of a call to the agent, and what followed."""

    call: str
    span: SpanView
    verdict: str
    """undecided, kept or deleted: what becomes of the screen."""
    ended_by: str | None = None
    """not_responding, available, time_limit or next_call."""
    masks: list[SpanView]

    @classmethod
    def of(cls, leg: Leg) -> LegView:
        """As this node knows it."""
        return cls(
            call=leg.call,
            span=SpanView.of(leg.span),
            verdict=leg.verdict.value,
            ended_by=leg.ended_by or None,
            masks=[SpanView.of(mask) for mask in leg.masks],
        )


class AgentView(BaseModel):
    """One agent of whom something was heard lately, or whose desktop is connected here."""

    agent: str
    """SOURCE/ID."""
    state: str
    """recording: the screen is to be recorded now; masked: it is, but nothing is shown; idle."""
    last_event: str | None = None
    last_event_at: str | None = None
    legs: list[LegView]
    """The newest ones, oldest first."""
    desktop: str | None = None
    """The agent's computer, where it is connected to this node."""
    streaming: bool = False
    """Whether its screen is recorded on this node."""


class AgentsView(BaseModel):
    """What this node knows. Counts are of its process."""

    node: str
    agents: list[AgentView]
    events: int
    """At hand."""
    heard: int
    """By this node first."""
    told: int
    """By the other node, or found in the Data Center."""
    doubled: int
    refused: int
    shared: int
    waiting: int
    """Not in the Data Center yet."""
    lost: int
    problem: str | None = None
    """Why the Data Center does not take them."""


def agent_router(control: NodeControl) -> APIRouter:
    """Routes for readers."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["agents"],
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 403, 503),
    )

    @router.get("/agents", response_model_exclude_none=True)
    def agents() -> AgentsView:
        """Agents with their legs, and whether this node records their screens."""
        status = control.board.read("ris", RisStatus)
        if status is None:
            refuse(503, "This node hears nothing of agents.", "Start it as `tandem node run` does.")
        screens = control.board.read("screens", ScreenRecorderStatus)
        return _view(control.node, status, () if screens is None else screens.desktops)

    return router


def _view(node: str, status: RisStatus, desktops: tuple[DesktopStatus, ...]) -> AgentsView:
    by_agent = {agent: one for one in desktops for agent in one.agents}
    names = sorted({*status.agents, *by_agent})
    return AgentsView(
        node=node,
        agents=[_agent(name, status.agents.get(name), by_agent.get(name)) for name in names],
        events=status.events,
        heard=status.heard,
        told=status.told,
        doubled=status.doubled,
        refused=status.refused,
        shared=status.shared,
        waiting=status.waiting,
        lost=status.lost,
        problem=status.problem or None,
    )


def _agent(name: str, known: AgentAtHand | None, desktop: DesktopStatus | None) -> AgentView:
    state = "idle"
    if known is not None and known.lasting:
        state = "masked" if known.masked else "recording"
    return AgentView(
        agent=name,
        state=state,
        last_event=None if known is None else known.last,
        last_event_at=None if known is None else to_text(known.last_us),
        legs=[] if known is None else [LegView.of(leg) for leg in known.legs],
        desktop=None if desktop is None else desktop.desktop,
        streaming=desktop is not None and desktop.streaming,
    )


def _text(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_text(instant_us)
