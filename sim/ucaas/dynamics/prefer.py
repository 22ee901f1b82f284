"""The `Prefer` header: page size, annotations, change tracking."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PREFERENCE = re.compile(r"\s*([\w.\-]+)(?:\s*=\s*(\"[^\"]*\"|[^,;\s]+))?\s*(?:[,;]|$)")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the caller prefers, and the header that says what was honoured."""

    page_size: int | None = None
    annotations: tuple[str, ...] = ()
    track_changes: bool = False
    applied: str = ""

    def wants(self, annotation: str) -> bool:
        """Whether this annotation was asked for."""
        return "*" in self.annotations or annotation in self.annotations


def preferences(header: str) -> Preferences:
    """Read the header; unknown preferences are ignored."""
    page_size: int | None = None
    annotations: tuple[str, ...] = ()
    tracks = False
    applied: list[str] = []
    for match in _PREFERENCE.finditer(header):
        name, value = match.group(1), (match.group(2) or "").strip('"')
        if name == "odata.maxpagesize" and value.isdigit() and int(value) > 0:
            page_size = int(value)
            applied.append(f"odata.maxpagesize={value}")
        elif name == "odata.include-annotations":
            annotations = tuple(part.strip() for part in value.split(","))
            applied.append(f'odata.include-annotations="{value}"')
        elif name == "odata.track-changes":
            tracks = True
            applied.append("odata.track-changes")
    return Preferences(page_size, annotations, tracks, ",".join(applied))
