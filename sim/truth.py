"""The ground truth: every recording a fake service offered, with the bytes it would serve.

The service writes it, the checkers compare the Data Center with it. One entry per item and version;
a replaced file is a new version of the same item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class TruthItem:
    """One recording as offered. Instants are microseconds since 1970 UTC."""

    source: str
    key: str
    version: str
    """Id of the media file; empty when there never was one."""
    session_key: str
    """The conversation."""
    changed_us: int
    """The row's `modifiedon`, on the service's clock; follows later changes."""
    offered_us: int
    """When row and file could both be seen, on the real clock."""
    size_bytes: int = 0
    sha256: str = ""
    name: str = ""
    late: bool = False
    """It appeared with stamps from the past: a window already read may have held it."""
    first_listed_us: int | None = None
    """When a poll was shown it for the first time (the service's clock)."""
    deleted_us: int | None = None
    replaced_us: int | None = None
    """A newer version took its place."""
    absent: str = ""
    """Why there is nothing to archive, if so."""
    other_sha256: tuple[str, ...] = ()
    """Of other files of the item: its metadata."""

    @property
    def must_be_archived(self) -> bool:
        """True when nothing excuses its absence."""
        return not self.absent and self.deleted_us is None and self.replaced_us is None


_ITEMS = TypeAdapter(tuple[TruthItem, ...])


class GroundTruth:
    """Every item ever offered, in the order of offering. Not thread-safe: the service locks."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str, str], TruthItem] = {}
        self._versions: dict[tuple[str, str], list[str]] = {}
        self.on_change: Callable[[TruthItem], None] = _nobody
        """Told of every item that is new or not as it was."""

    def offer(self, item: TruthItem) -> None:
        """Record a recording; an older version of it counts as replaced."""
        versions = self._versions.setdefault((item.source, item.key), [])
        for version in versions:
            old = self._items[item.source, item.key, version]
            if old.absent:
                del self._items[item.source, item.key, version]
            elif old.replaced_us is None:
                self._put(replace(old, replaced_us=item.offered_us))
        versions[:] = [v for v in versions if (item.source, item.key, v) in self._items]
        versions.append(item.version)
        self._put(item)

    def changed(self, source: str, key: str, changed_us: int) -> None:
        """The row's stamp moved."""
        self._update(source, key, lambda item: replace(item, changed_us=changed_us))

    def listed(self, source: str, key: str, at_us: int) -> None:
        """A listing showed it."""
        self._update(
            source,
            key,
            lambda item: (
                replace(item, first_listed_us=at_us) if item.first_listed_us is None else item
            ),
        )

    def deleted(self, source: str, key: str, at_us: int) -> None:
        """The source deleted it."""
        self._update(source, key, lambda item: replace(item, deleted_us=at_us))

    def items(self) -> tuple[TruthItem, ...]:
        """All, in the order they were offered."""
        return tuple(self._items.values())

    def _update(self, source: str, key: str, change: Callable[[TruthItem], TruthItem]) -> None:
        versions = self._versions.get((source, key))
        if versions:
            self._put(change(self._items[source, key, versions[-1]]))

    def _put(self, item: TruthItem) -> None:
        self._items[item.source, item.key, item.version] = item
        self.on_change(item)


def _nobody(item: TruthItem) -> None:
    del item


def to_json(items: Iterable[TruthItem]) -> list[dict[str, Any]]:
    """Plain values for JSON."""
    return [asdict(item) for item in items]


def from_json(values: object) -> tuple[TruthItem, ...]:
    """What `to_json` gave. Raises pydantic.ValidationError (a ValueError) when it is none."""
    return _ITEMS.validate_python(values)
