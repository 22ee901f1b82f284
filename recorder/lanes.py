"""Which kinds of work a node has, and how many workers each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from recorder.assembly.audit import SCRUB_LANE
from recorder.assembly.certificates import NAME as CERTIFICATES
from recorder.assembly.reconciliation import COMPARE
from recorder.assembly.recoveries import calls_lane
from recorder.assembly.retention import NAME as RETENTION
from recorder.assembly.screens import FILES_LANE, PARTS_LANE
from recorder.assembly.stitching import STITCH
from recorder.config import Config

DATABASE_WORKERS: Final = 2
CONTROL_WORKERS: Final = 4
LOCAL_WORKERS: Final = 2
"""One may be busy with a hook for long; the other still looks at the disk."""
SOURCE_WORKERS: Final = 2
"""Of each source: while a listing hangs, a check of credentials still goes through."""


def lanes(config: Config, sources: Iterable[str]) -> dict[str, int]:
    """How many workers each kind of work has, so that a renewal never waits behind a download.

    What calls a source has lanes of that source alone: one that hangs delays no other.
    """
    shared = {
        "database": DATABASE_WORKERS,
        "archive": 1,
        "control": CONTROL_WORKERS,
        "local": LOCAL_WORKERS,
        RETENTION: 1,
        CERTIFICATES: 1,
        COMPARE: 1,
        SCRUB_LANE: 1,
        STITCH: 1,
        FILES_LANE: 1,
        PARTS_LANE: 1,
    }
    for source in sources:
        shared[downloads_lane(source)] = config.ingest.downloads
        shared[calls_lane(source)] = SOURCE_WORKERS
    return shared


def downloads_lane(source: str) -> str:
    """Of the downloads of one source."""
    return f"downloads:{source}"
