"""The route of agents: what this node knows of their calls, and whose screens it records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from cluster.status import PairStatus, PeerStatus
from recorder.desk.control import NodeControl
from recorder.instants import to_text
from recorder.scn.model import Leg, Span
from recorder.scn.recorder_status import (
    DesktopStatus,
    PeerScreensStatus,
    ScreenRecorderStatus,
    ToldDesktop,
)
from recorder.scn.ris_status import AgentAtHand, RisStatus
from recorder.web.agent_names import AgentNames
from recorder.web.auth import require_reader
from recorder.web.bare_legs import bare_legs
from recorder.web.refusals import documented, refuse

OLD_AFTER_S: Final = 10.0
"""What the other node tells of its screens is told every two seconds."""


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
    screen: str | None = None
    """none: the call ended a while ago, and no screen of it is on record. Only when `screens` was asked for."""

    @classmethod
    def of(cls, leg: Leg, *, is_bare: bool) -> LegView:
        """As this node knows it; `is_bare`: no screen of it is on record."""
        return cls(
            call=leg.call,
            span=SpanView.of(leg.span),
            verdict=leg.verdict.value,
            ended_by=leg.ended_by or None,
            masks=[SpanView.of(mask) for mask in leg.masks],
            screen="none" if is_bare else None,
        )


class AgentView(BaseModel):
    """One agent of whom something was heard lately, or whose desktop is connected here."""

    agent: str
    """SOURCE/ID."""
    name: str | None = None
    """As the platform calls the agent; absent until a call of the agent that is at hand is archived."""
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


class DesktopView(BaseModel):
    """One agent's computer that is connected to a node."""

    desktop: str
    agents: list[str]
    streaming: bool
    """Whether its screen is recorded there."""
    masked: bool

    @classmethod
    def of(cls, one: DesktopStatus | ToldDesktop) -> DesktopView:
        """Of either node."""
        return cls(
            desktop=one.desktop,
            agents=list(one.agents),
            streaming=one.streaming,
            masked=one.masked,
        )


class NodeScreensView(BaseModel):
    """The desktops of one node. Those of the other node are what it told last."""

    node: str
    state: str
    """live; old: the other node is heard, and told nothing lately; silent: it is not heard; unknown: it told nothing yet."""
    told_seconds_ago: float | None = None
    """Of the other node."""
    desktops: list[DesktopView]
    more: int = 0
    """Desktops that the other node did not name."""
    stopped: str | None = None
    """Why it records no screen."""


class AgentsView(BaseModel):
    """What this node knows. Counts are of its process."""

    node: str
    agents: list[AgentView]
    screens: list[NodeScreensView]
    """This node where it records screens, and the other one where it was heard of."""
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
        responses=documented(401, 403, 422, 503),
    )

    names = AgentNames(
        contact=control.contact_db.contact,
        sees_data_center=lambda: _sees_data_center(control),
        monotonic_ns=control.clock.monotonic_ns,
    )

    @router.get("/agents", response_model_exclude_none=True)
    def agents(*, screens: bool = False) -> AgentsView:
        """Agents with their legs, and whether this node records their screens.

        `screens`: the Data Center is asked, too, which of the legs have a screen on record.
        """
        status = control.board.read("ris", RisStatus)
        if status is None:
            refuse(503, "This node hears nothing of agents.", "Start it as `tandem node run` does.")
        here = control.board.read("screens", ScreenRecorderStatus)
        known = [leg for one in status.agents.values() for leg in one.legs]
        bare = bare_legs(control, known) if screens else frozenset[Leg]()
        nodes = [*_own_screens(control.node, here), *_peer_screens(control)]
        calls = {one.agent_key: _calls(one) for one in status.agents.values()}
        view = _view(control.node, status, () if here is None else here.desktops, nodes, bare)
        return _named(view, names.of(calls))

    return router


def _sees_data_center(control: NodeControl) -> bool:
    pair = control.board.read("pair", PairStatus)
    return pair is None or pair.sees_data_center


def _calls(agent: AgentAtHand) -> tuple[str, ...]:
    """The newest first, each once."""
    return tuple(dict.fromkeys(leg.call for leg in reversed(agent.legs)))


def _named(view: AgentsView, names: Mapping[str, str]) -> AgentsView:
    for one in view.agents:
        one.name = names.get(one.agent)
    return view


def _own_screens(node: str, status: ScreenRecorderStatus | None) -> Iterator[NodeScreensView]:
    if status is not None:
        yield NodeScreensView(
            node=node,
            state="live",
            desktops=[DesktopView.of(one) for one in status.desktops],
            stopped=status.stopped or None,
        )


def _peer_screens(control: NodeControl) -> Iterator[NodeScreensView]:
    peer = control.board.read("peer", PeerStatus)
    pair = control.board.read("pair", PairStatus)
    last = control.board.read("peer_screens", PeerScreensStatus)
    if peer is None or not peer.node:
        return
    silent = pair is not None and pair.peer in {"dead", "unknown"}
    if last is None:
        yield NodeScreensView(node=peer.node, state="silent" if silent else "unknown", desktops=[])
        return
    age_s = max(0.0, (control.clock.monotonic_ns() - last.heard_ns) / 1e9)
    yield NodeScreensView(
        node=last.told.node,
        state="silent" if silent else "live" if age_s <= OLD_AFTER_S else "old",
        told_seconds_ago=round(age_s, 3),
        desktops=[DesktopView.of(one) for one in last.told.desktops],
        more=last.told.more,
        stopped=last.told.stopped or None,
    )


def _view(
    node: str,
    status: RisStatus,
    desktops: tuple[DesktopStatus, ...],
    screens: list[NodeScreensView],
    bare: frozenset[Leg],
) -> AgentsView:
    by_agent = {agent: one for one in desktops for agent in one.agents}
    names = sorted({*status.agents, *by_agent})
    return AgentsView(
        node=node,
        agents=[_agent(name, status.agents.get(name), by_agent.get(name), bare) for name in names],
        screens=screens,
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


def _agent(
    name: str, known: AgentAtHand | None, desktop: DesktopStatus | None, bare: frozenset[Leg]
) -> AgentView:
    state = "idle"
    if known is not None and known.lasting:
        state = "masked" if known.masked else "recording"
    return AgentView(
        agent=name,
        state=state,
        last_event=None if known is None else known.last,
        last_event_at=None if known is None else to_text(known.last_us),
        legs=[] if known is None else [LegView.of(leg, is_bare=leg in bare) for leg in known.legs],
        desktop=None if desktop is None else desktop.desktop,
        streaming=desktop is not None and desktop.streaming,
    )


def _text(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_text(instant_us)
