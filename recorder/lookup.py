"""What a data source may offer beside `recorder.ports.recording.DataSource`: what it has by an id that people know.

A source without it takes no part in recoveries of kind specific, nor in `tandem item why --ask-source`.
"""

from __future__ import annotations

from typing import Protocol, cast

from recorder.model import ItemRef
from recorder.ports.recording import DataSource


class Lookup(Protocol):
    """A source that can be asked by id. Blocks; belongs into job functions."""

    def find(self, identifier: str) -> tuple[ItemRef, ...]:
        """Everything behind one id, each as a listing would show it; empty when there is nothing.

        Zoom: a meeting's UUID or number. Dynamics: a conversation or a recording. Webex: a recording, in
        either alphabet. Raises NotAnId for what cannot be one, and every SourceError of a listing.
        """
        ...


def lookup_of(source: DataSource) -> Lookup | None:
    """The source as one that can be asked by id; None when it cannot."""
    return cast("Lookup", source) if callable(getattr(source, "find", None)) else None
