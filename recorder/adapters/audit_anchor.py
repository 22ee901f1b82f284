"""The newest verified record of the audit trail, on this node's own disk: one small JSON file."""

from __future__ import annotations

import threading
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cluster.adapters.state_file import replace_file
from recorder.errors import CallBufferError, RecorderError
from recorder.records.audit import AuditHead

_ADAPTER = TypeAdapter(AuditHead)


class AuditAnchorFile:
    """Implements recorder.ports.audit.AuditAnchor. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        """The folder must exist."""
        self._path = path
        self._lock = threading.Lock()

    def load(self) -> AuditHead:
        """What was saved last; number 0 when nothing was. Raises RecorderError when it is damaged."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return AuditHead()
        except OSError as error:
            raise RecorderError(
                f"cannot read {self._path}: {error.strerror}",
                hint="Make the file readable for the user this node runs as.",
            ) from error
        try:
            return _ADAPTER.validate_json(data)
        except ValidationError as error:
            raise RecorderError(
                f"{self._path} is damaged; it should name a record of the audit trail",
                hint="Restore it from a backup. Or verify the trail with the other node's anchor "
                "(tandem audit verify) and move the file away.",
            ) from error

    def save(self, head: AuditHead) -> None:
        """Durable when it returns; a lower number is ignored. Raises CallBufferError."""
        with self._lock:
            if head.number <= self.load().number:
                return
            try:
                replace_file(self._path, _ADAPTER.dump_json(head) + b"\n")
            except OSError as error:
                raise CallBufferError(
                    f"cannot write {self._path}: {error.strerror}",
                    hint="Check the disk behind the data directory: free space, rights, health.",
                ) from error
