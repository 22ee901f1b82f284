"""Parts of screens and renditions, over plain dictionaries, for the simulator."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from recorder.errors import DataCenterDown
from recorder.model import Window
from recorder.scn.model import Rendition, ScreenPart
from sim.tables.data_center import DataCenterFaults


@dataclass
class ScreenTables:
    """What the database keeps of screens. Outlives the nodes."""

    parts: dict[str, ScreenPart] = field(default_factory=dict[str, ScreenPart])
    forgotten: dict[str, str] = field(default_factory=dict[str, str])
    """Why, by the key of the part."""
    renditions: dict[str, list[Rendition]] = field(default_factory=dict[str, list[Rendition]])
    lock: threading.RLock = field(default_factory=threading.RLock)


class MemoryScreenDb:
    """Implements `recorder.ports.screens.ScreenDb`. Any thread."""

    def __init__(self, tables: ScreenTables, *, faults: DataCenterFaults | None = None) -> None:
        self.faults = faults or DataCenterFaults()
        self._tables = tables

    def record_parts(self, parts: Sequence[ScreenPart]) -> None:
        """See ScreenDb."""
        with self._call("screens_record_parts"):
            for part in parts:
                agents = tuple(sorted(set(part.stream.agents)))
                stream = replace(part.stream, agents=agents)
                self._tables.parts.setdefault(part.part_key, replace(part, stream=stream))

    def forget_part(self, part_key: str, reason: str) -> None:
        """See ScreenDb."""
        assert reason, "why is on record"
        with self._call("screens_forget_part"):
            if part_key in self._tables.parts:
                self._tables.forgotten.setdefault(part_key, reason)

    def parts(self, agent_keys: Sequence[str], window: Window) -> tuple[ScreenPart, ...]:
        """See ScreenDb."""
        with self._call("screens_parts"):
            found = [
                part
                for part in self._listed()
                if not set(agent_keys).isdisjoint(part.stream.agents)
                and part.to_us >= window.from_us
                and part.from_us < window.to_us
            ]
            return tuple(sorted(found, key=_by_stream))

    def parts_stored_since(self, from_us: int, limit: int) -> tuple[ScreenPart, ...]:
        """See ScreenDb."""
        with self._call("screens_parts_stored_since"):
            found = [part for part in self._listed() if part.stored_us >= from_us]
            return tuple(sorted(found, key=lambda part: (part.stored_us, part.part_key))[:limit])

    def known(self, part_keys: Sequence[str]) -> frozenset[str]:
        """See ScreenDb."""
        with self._call("screens_known"):
            return frozenset(key for key in part_keys if key in self._tables.parts)

    def objects_known(self, object_keys: Sequence[str]) -> frozenset[str]:
        """See ScreenDb."""
        with self._call("screens_objects_known"):
            named = {part.object_key for part in self._listed()}
            for every in self._tables.renditions.values():
                for one in every:
                    named |= {one.object_key, one.peaks_key, one.timeline_key}
            return frozenset(named.intersection(object_keys))

    def record_rendition(self, rendition: Rendition) -> Rendition:
        """See ScreenDb."""
        with self._call("screens_record_rendition"):
            known = self._tables.renditions.setdefault(rendition.contact_id, [])
            for one in known:
                if one.digest == rendition.digest:
                    return one
            known.append(replace(rendition, number=known[-1].number + 1 if known else 1))
            return known[-1]

    def renditions(self, contact_id: str) -> tuple[Rendition, ...]:
        """See ScreenDb."""
        with self._call("screens_renditions"):
            return tuple(self._tables.renditions.get(contact_id, ()))

    def forget_renditions(self, contact_id: str) -> None:
        """See ScreenDb."""
        with self._call("screens_forget_renditions"):
            self._tables.renditions.pop(contact_id, None)

    def _listed(self) -> list[ScreenPart]:
        tables = self._tables
        return [part for key, part in tables.parts.items() if key not in tables.forgotten]

    @contextmanager
    def _call(self, name: str) -> Generator[None]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._tables.lock:
            yield
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            raise DataCenterDown(f"the contact database did not answer {name}")


def _by_stream(part: ScreenPart) -> tuple[str, int, str]:
    return (part.stream.stream, part.from_us, part.part_key)
