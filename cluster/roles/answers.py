"""Answers to operators' commands, given when the outcome is known and not before."""

from __future__ import annotations

from cluster.frames import Role
from cluster.messages import Failover, SetPaused, StepDownAndStop, Switchover
from cluster.roles.io import Command
from cluster.roles.memory import ACTING, Memory, Pending


def answer_finished(m: Memory, now_ns: int) -> None:
    """Answer every command whose outcome is known by now, or whose time is up."""
    for pending in tuple(m.pending):
        if _is_done(m, pending):
            m.reply(pending, "done", _done_text(m, pending.command))
        elif isinstance(pending.command, SetPaused) and m.save_error and m.saving is None:
            m.paused, m.paused_revision = m.saved.paused, m.saved.paused_revision
            m.reply(pending, "refused", m.save_error, "Make room on the disk of this node.")
        elif now_ns >= pending.deadline_ns:
            m.reply(pending, "unknown", "no confirmation in time", "See `tandem node list`.")


def refuse_waiting(
    m: Memory, reason: str, kinds: tuple[type[Command], ...] = (Switchover,)
) -> None:
    """What was asked for came to nothing: refuse the commands of these kinds that wait."""
    for pending in tuple(m.pending):
        if isinstance(pending.command, kinds):
            m.reply(pending, "refused", reason, "See `tandem node list` for the state of both.")


def _is_done(m: Memory, pending: Pending) -> bool:
    match pending.command:
        case Switchover(to_node=to_node):
            if to_node == m.node:
                return m.role is Role.PRIMARY
            return m.role is Role.SECONDARY and m.peer_acts()
        case Failover():
            return m.role is Role.PRIMARY
        case SetPaused():
            return m.saved.paused_revision >= pending.revision
        case StepDownAndStop():
            return m.role not in (*ACTING, Role.CANDIDATE) and m.release_term is None


def _done_text(m: Memory, command: Command) -> str:
    match command:
        case Switchover(to_node=to_node):
            term = m.reign if to_node == m.node else (m.peer.term if m.peer else m.seen)
            return f"{to_node} is primary in term {term}"
        case Failover():
            return f"{m.node} is primary in term {m.reign}"
        case SetPaused(paused=paused):
            return "automatic role changes are " + ("paused" if paused else "resumed")
        case StepDownAndStop():
            return f"{m.node} does no primary's work"
