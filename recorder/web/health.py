"""Whether a node lives and whether it is ready, from snapshots alone. Pure.

*Live* asks only whether every actor still answers: restarting helps. *Ready* asks whether this node
could be given work and the primary role: restarting does not help.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.board import Board
from cluster.frames import Role
from cluster.status import PairStatus, SupervisorStatus
from recorder.status import ArchiveStatus, BufferStatus

LIVE_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict with its reasons; `ok` means no reason."""

    reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True when there is nothing to say."""
        return not self.reasons


def liveness(board: Board, now_ns: int) -> Health:
    """Every actor answered the supervisor lately. Touches no database."""
    status = board.read("supervisor", SupervisorStatus)
    if status is None:
        return Health(("the actors have not started yet",))
    reasons = [f"{name} does not answer" for name in status.silent]
    for name, answered_ns in status.answered_ns.items():
        age_s = (now_ns - answered_ns) / 1e9
        if age_s > LIVE_AFTER_S and name not in status.silent:
            reasons.append(f"{name} answered last {age_s:.0f} s ago")
    return Health(tuple(reasons))


def readiness(board: Board, now_ns: int) -> Health:
    """The node could be given work and the role now."""
    reasons = list(liveness(board, now_ns).reasons)
    pair = board.read("pair", PairStatus)
    if pair is None or pair.role is Role.STARTING:
        reasons.append("the node is still starting")
    if pair is not None:
        reasons.extend(pair.problems)
        if not pair.sees_data_center:
            reasons.append("the Data Center does not answer")
    buffer = board.read("buffer", BufferStatus)
    if buffer is not None and not buffer.open:
        reasons.append(f"the call buffer takes no more: {buffer.reason}")
    archive = board.read("archive", ArchiveStatus)
    if archive is not None and archive.failing_since_us is not None:
        reasons.append(f"archiving fails: {archive.last_error}")
    return Health(tuple(dict.fromkeys(reasons)))
