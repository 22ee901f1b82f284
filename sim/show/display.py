"""Shows a running pair: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from recorder.instants import duration_text

EVENTS_SHOWN = 14
LINE_EVERY_S = 2.0
_ROLE_STYLES = {"primary": "bold green", "secondary": "cyan", "down": "bold red"}


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One source at one instant, by the word of the node that polls it."""

    name: str
    polled_by: str
    """Empty while no node is primary."""
    offered: int
    archived: int
    failed: int
    state: str = ""
    lag_s: float | None = None
    pending: int | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown at one instant."""

    nodes: tuple[dict[str, Any], ...]
    """As in /api/v1/cluster; `role` is `down` for a node that does not run."""
    offered: int
    archived: int
    failed: int
    at_s: float
    """Since the show began."""
    sources: tuple[SourcePicture, ...] = ()


class Display(Protocol):
    """Where a run is shown."""

    def show(self, picture: Picture) -> None:
        """The newest state; may be dropped."""
        ...

    def event(self, at_s: float, text: str) -> None:
        """Something happened; always shown."""
        ...

    def close(self) -> None:
        """Give the terminal back."""
        ...


def open_display() -> Display:
    """A live table on a terminal, lines otherwise."""
    return _LiveDisplay() if sys.stdout.isatty() else _LineDisplay()


class _LiveDisplay:
    def __init__(self) -> None:
        self._events: deque[str] = deque(maxlen=EVENTS_SHOWN)
        self._picture: Picture | None = None
        self._live = Live(console=Console(highlight=False), refresh_per_second=8, transient=False)
        self._live.start()

    def show(self, picture: Picture) -> None:
        self._picture = picture
        self._live.update(self._group())

    def event(self, at_s: float, text: str) -> None:
        self._events.append(f"{at_s:6.1f} s  {text}")
        self._live.update(self._group())

    def close(self) -> None:
        self._live.stop()

    def _group(self) -> Group:
        parts: list[Any] = []
        if self._picture is not None:
            parts += [_table(self._picture), _sources_table(self._picture)]
            parts.append(Text(_totals(self._picture)))
        return Group(*parts, *(Text(event, style="dim") for event in self._events))


class _LineDisplay:
    """A line when a role changes, and every so often between."""

    def __init__(self) -> None:
        self._roles = ""
        self._said_s = 0.0
        self._errors: dict[str, str] = {}

    def show(self, picture: Picture) -> None:
        roles = ", ".join(
            f"{node['node']} {node.get('role', '?')}"
            + (f" (term {node['term']})" if "term" in node else "")
            for node in picture.nodes
        )
        if roles != self._roles or picture.at_s - self._said_s >= LINE_EVERY_S:
            self._roles, self._said_s = roles, picture.at_s
            self.event(picture.at_s, f"{roles} · {_totals(picture)}{_by_source(picture)}")
        for source in picture.sources:
            if source.last_error != self._errors.get(source.name, ""):
                self.event(picture.at_s, f"{source.name}: {source.last_error or 'well again'}")
            self._errors[source.name] = source.last_error

    def event(self, at_s: float, text: str) -> None:
        print(f"{at_s:6.1f} s  {text}", flush=True)

    def close(self) -> None:
        """Nothing is held."""


def _totals(picture: Picture) -> str:
    failed = f", {picture.failed} failed for now" if picture.failed else ""
    return f"calls: {picture.offered} offered, {picture.archived} archived{failed}"


def _by_source(picture: Picture) -> str:
    """Nothing where there is one source only: the totals say it."""
    if len(picture.sources) < 2:  # noqa: PLR2004 - one is no list
        return ""
    parts = [f"{one.name} {one.archived}/{one.offered}" for one in picture.sources]
    return f" ({', '.join(parts)})"


def _sources_table(picture: Picture) -> Table:
    table = Table(box=None, pad_edge=False)
    columns = ("Source", "Polled by", "State", "Lag", "Queue", "Archived", "Last error")
    for column in columns:
        table.add_column(column)
    for one in picture.sources:
        table.add_row(
            one.name,
            one.polled_by,
            one.state,
            "" if one.lag_s is None else duration_text(one.lag_s),
            "" if one.pending is None else str(one.pending),
            f"{one.archived} of {one.offered}",
            Text(one.last_error, style="red"),
        )
    return table


def _table(picture: Picture) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("Node", "Role", "Term", "Lag", "Queue", "Archived here"):
        table.add_column(column)
    for node in picture.nodes:
        role = str(node.get("role", "?"))
        table.add_row(
            node["node"], Text(role, style=_ROLE_STYLES.get(role, "yellow")), *_numbers(node)
        )
    return table


def _numbers(node: dict[str, Any]) -> Sequence[str]:
    lag = node.get("lag_seconds")
    queue = node.get("queue_depth")
    return (
        str(node.get("term", "?")),
        "" if lag is None else duration_text(lag),
        "" if queue is None else f"{queue}/{node.get('queue_depth_max', '?')}",
        str(node.get("archived", "")),
    )
