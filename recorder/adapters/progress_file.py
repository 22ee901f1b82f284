"""Source progress on disk: one small JSON file per source, replaced as a whole.

Invariant: a file never goes back to a lower (epoch, watermark); after a crash it holds the old or the new
progress. The name of a source never becomes a path: files are named by its hash, with a readable beginning.
"""

from __future__ import annotations

import hashlib
import re
import threading
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cluster.adapters.state_file import replace_file
from recorder.errors import CallBufferError, RecorderError
from recorder.model import SourceProgress

_SUFFIX = ".progress.json"
_ADAPTER = TypeAdapter(SourceProgress)


class ProgressFile:
    """Implements `recorder.ports.recording.ProgressStore` with a directory of its own. Safe from any thread."""

    def __init__(self, directory: Path) -> None:
        """The directory is made at the first save."""
        self._directory = directory
        self._lock = threading.Lock()

    def load(self) -> tuple[SourceProgress, ...]:
        """What was saved last, sorted by source. Raises RecorderError naming a file that is damaged."""
        try:
            paths = sorted(self._directory.glob("*" + _SUFFIX))
            found = [_parse(path, path.read_bytes()) for path in paths]
        except OSError as error:
            raise RecorderError(
                f"cannot read {self._directory}: {error.strerror}",
                hint="Make the directory readable for the user this node runs as.",
            ) from error
        return tuple(sorted(found, key=lambda progress: progress.source))

    def save(self, progress: SourceProgress) -> None:
        """Durable when it returns; a lower (epoch, watermark) is ignored. Raises CallBufferError."""
        path = self._directory / _file_name(progress.source)
        try:
            with self._lock:
                self._directory.mkdir(parents=True, exist_ok=True)
                if not _is_lower(progress, path):
                    replace_file(path, _ADAPTER.dump_json(progress) + b"\n")
        except OSError as error:
            raise CallBufferError(
                f"cannot write {path}: {error.strerror}",
                hint="Check the disk behind the data directory: free space, rights, health.",
            ) from error


def _file_name(source: str) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40]
    return f"{readable}.{hashlib.sha256(source.encode()).hexdigest()[:16]}{_SUFFIX}"


def _is_lower(progress: SourceProgress, path: Path) -> bool:
    try:
        old = _parse(path, path.read_bytes())
    except FileNotFoundError:
        return False
    except RecorderError:
        return False  # what cannot be read says nothing; the new progress heals it
    return (progress.epoch, progress.watermark_us) < (old.epoch, old.watermark_us)


def _parse(path: Path, data: bytes) -> SourceProgress:
    try:
        return _ADAPTER.validate_json(data)
    except ValidationError as error:
        raise RecorderError(
            f"{path} is damaged; it should say how far a source is archived",
            hint="Move it away: this node then learns it from the other node or the Data Center.",
        ) from error
