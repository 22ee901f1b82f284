"""The story of an item as people read it: a cause before its effect, although clocks and mailboxes differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from recorder.model import ItemEvent

_APART_US = 1_000_000
"""The node that fetches may write before the one that gave the item hears that it did."""


def in_order(events: Iterable[ItemEvent]) -> tuple[ItemEvent, ...]:
    """By time; but `assigned` before the `fetching` that it led to, where a second or less says otherwise."""
    left = sorted(events, key=_place)
    told: list[ItemEvent] = []
    assigned = False
    while left:
        step = left.pop(0)
        if step.what == "fetching" and not assigned:
            late = next((one for one in left if one.what == "assigned"), None)
            if late is not None and late.at_us - step.at_us <= _APART_US:
                left.remove(late)
                told.append(late)
        if step.what in {"assigned", "fetching"}:
            assigned = step.what == "assigned"
        told.append(step)
    return tuple(told)


def _place(event: ItemEvent) -> tuple[int, str, str, int]:
    return (event.at_us, event.node, event.boot, event.number)
