"""The node's own memory on disk: highest term, pause flag, and the identity of its data directory.

Invariant: what was durable is never lowered or lost: neither by a late save nor by a crash between
two system calls. The folder of every path must exist.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import cast

from cluster.errors import ClusterError
from cluster.ports import NodeState, Randomness
from cluster.roles.terms import TERM_MAX

_TOKEN_DIGITS = 32


def replace_file(path: Path, data: bytes) -> None:
    """Make `path` hold exactly `data`, durably: after a crash it holds the old or the new bytes.

    Raises OSError. Not safe for two writers of the same path at once.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class StateFile:
    """Implements `cluster.ports.NodeStateStore` with one small JSON file. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._durable: NodeState | None = None

    def load(self) -> NodeState | None:
        """None when this node never ran. Raises ClusterError with a hint when unreadable."""
        with self._lock:
            return self._load()

    def save(self, state: NodeState) -> None:
        """Durable when it returns; keeps the higher term, and the pause flag of the higher revision.

        Raises OSError, and ClusterError when the file that is there cannot be read.
        """
        with self._lock:
            old = self._load()
            new = state if old is None else merge_states(old, state)
            if new == self._durable:
                return
            fields = {
                "term": new.term,
                "paused": new.paused,
                "paused_revision": new.paused_revision,
                "peer": new.peer,
            }
            self._durable = None  # until the folder is synced nothing is known for sure
            replace_file(self._path, json.dumps(fields).encode() + b"\n")
            self._durable = new

    def _load(self) -> NodeState | None:
        if self._durable is not None:
            return self._durable
        data = _read(self._path)
        if data is None:
            return None
        state = _parse(data)
        if state is None:
            raise _garbled(self._path, "the term and the pause flag of this node")
        return state


def instance_id(path: Path, randomness: Randomness) -> str:
    """The identity of this data directory: made at the first call, the same ever after.

    Two nodes with one node id and different instances are clones of each other. Raises OSError, and
    ClusterError with a hint when the file holds anything else.
    """
    data = _read(path)
    if data is None:
        made = randomness.token()
        replace_file(path, made.encode() + b"\n")
        return made
    text = data.decode("ascii", errors="replace").strip()
    if len(text) != _TOKEN_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise _garbled(path, "the identity of this data directory")
    return text


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClusterError(
            f"cannot read {path}: {error.strerror}",
            hint="Make the file readable for the user this node runs as.",
        ) from error


def _parse(data: bytes) -> NodeState | None:
    """None when `data` is no node state. Unknown fields are a newer version's and ignored."""
    try:
        value = cast("object", json.loads(data))
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, object]", value)
    term, revision = fields.get("term"), fields.get("paused_revision")
    paused = fields.get("paused")
    if type(term) is not int or type(revision) is not int or type(paused) is not bool:
        return None
    peer = fields.get("peer", "")
    if not (0 <= term <= TERM_MAX and 0 <= revision <= TERM_MAX and isinstance(peer, str)):
        return None
    return NodeState(term=term, paused=paused, paused_revision=revision, peer=peer)


def merge_states(old: NodeState, new: NodeState) -> NodeState:
    """What is kept when `new` is saved over `old`: nothing that must only grow goes back."""
    pause = new if new.paused_revision >= old.paused_revision else old
    return NodeState(
        max(old.term, new.term), pause.paused, pause.paused_revision, new.peer or old.peer
    )


def _garbled(path: Path, what: str) -> ClusterError:
    return ClusterError(
        f"{path} is damaged; it should hold {what}",
        hint=(
            "Restore it from a backup. Or, while the other node or the Data Center is up, move it "
            "away and start again: this node then learns the term from them."
        ),
    )
