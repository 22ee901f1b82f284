"""Which node next, and after what pause. Pure.

A connection that worked and ended leads to the next node at once. Where no node answers, each is tried
again after a pause that grows, drawn at random, so that a hundred desktops do not come back together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recorder.backoff import delay_s

_NS = 1_000_000_000
_BASE_S = 0.5
_DOUBLINGS_MAX = 4


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one node."""

    fails: int = 0
    """In a row."""
    not_before_ns: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which node to try, and when."""

    node: int
    wait_s: float


def next_node(tried: tuple[Tried, ...], last: int, now_ns: int) -> Choice:
    """The node that may be tried soonest; among equals the one after `last`, -1 at the start."""
    assert tried, "there is a node"
    order = [(last + 1 + step) % len(tried) for step in range(len(tried))]
    node = min(order, key=lambda one: max(tried[one].not_before_ns, now_ns))
    return Choice(node, max(0, tried[node].not_before_ns - now_ns) / _NS)


def failed(
    tried: tuple[Tried, ...],
    node: int,
    now_ns: int,
    *,
    cap_s: float,
    chance: float,
    retry_s: float | None = None,
) -> tuple[Tried, ...]:
    """It did not answer, or refused; `retry_s`: what it asked for."""
    fails = tried[node].fails + 1
    pause_s = delay_s(fails, base_s=_BASE_S, cap_s=cap_s, chance=chance, retry_after_s=retry_s)
    return _with(tried, node, Tried(fails, now_ns + round(pause_s * _NS)))


def left(tried: tuple[Tried, ...], node: int, now_ns: int, *, served_s: float) -> tuple[Tried, ...]:
    """It welcomed this desktop, and then it was over. The others are tried at once, this one after them.

    Where a node lets go at once the pauses grow as if it had not answered.
    """
    lasted = served_s >= _BASE_S
    fails = 0 if lasted else tried[node].fails + 1
    others = tuple(replace(one, not_before_ns=0) for one in tried) if lasted else tried
    pause_s = _BASE_S * 2.0 ** min(fails, _DOUBLINGS_MAX)
    return _with(others, node, Tried(fails, now_ns + round(pause_s * _NS)))


def _with(tried: tuple[Tried, ...], node: int, one: Tried) -> tuple[Tried, ...]:
    return (*tried[:node], one, *tried[node + 1 :])
