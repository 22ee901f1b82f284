"""What surfaces may ask about the replay of a contact, on whichever node is asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cluster.board import Board
from cluster.ports import Address
from recorder.errors import StitchFailed
from recorder.scn.messages import Stitch, StitcherCommand
from recorder.scn.model import Rendition
from recorder.stitch.gathering import gathered
from recorder.stitch.late_masks import shows_masked
from recorder.stitch.plan_model import Plan
from recorder.stitch.stitch_ports import StitchTools
from recorder.stitch.stitch_status import StitchStatus
from recorder.stitch.stitching import planned


class ReplayState(StrEnum):
    """How far a contact is from being replayed as it is on record now."""

    READY = "ready"
    MAKING = "making"
    WAITING = "waiting"
    """Others come first, or the node waits for a disk or the Data Center."""
    NOTHING = "nothing"
    """There is neither sound, picture nor text."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Replay:
    """What can be replayed of a contact."""

    contact_id: str
    state: ReplayState
    message: str = ""
    hint: str = ""
    rendition: Rendition | None = None
    """The newest; unless the state is ready, it is of what was on record before."""
    renditions: int = 0


@dataclass(frozen=True, slots=True)
class ReplayDesk:
    """Of one running node. Calls block; they raise DataCenterError, ArchiveError."""

    tools: StitchTools
    stitcher: Address[StitcherCommand]
    board: Board

    def ask(self, contact_id: str) -> Replay | None:
        """How far it is; what is not ready is begun. None when there is no such contact."""
        detail = self.tools.contacts.contact(contact_id)
        if detail is None:
            return None
        made = self.tools.screens.renditions(contact_id)
        newest = made[-1] if made else None
        try:
            plan = planned(gathered(self.tools, detail, clock=False))
        except StitchFailed as error:
            return Replay(contact_id, ReplayState.FAILED, str(error), error.hint, newest, len(made))
        current = next((one for one in reversed(made) if one.digest == plan.digest), None)
        if current is not None and self.tools.archive.info(current.object_key) is not None:
            return Replay(contact_id, ReplayState.READY, rendition=current, renditions=len(made))
        newest = newest if newest is not None and self._may_be_seen(newest, plan) else None
        if plan.nothing:
            return Replay(contact_id, ReplayState.NOTHING, rendition=newest, renditions=len(made))
        self.stitcher.tell(Stitch(contact_id))
        state, message = self._state(contact_id)
        hint = "Its originals can be played and saved all the same."
        shown = hint if state is ReplayState.FAILED else ""
        return Replay(contact_id, state, message, shown, newest, len(made))

    def _may_be_seen(self, made: Rendition, plan: Plan) -> bool:
        """Whether a rendition is still there, and shows nothing that is known to be masked by now."""
        if self.tools.archive.info(made.object_key) is None:
            return False
        return not shows_masked(self.tools, made, plan)

    def _state(self, contact_id: str) -> tuple[ReplayState, str]:
        status = self.board.read("stitch", StitchStatus)
        if status is None:
            return ReplayState.WAITING, ""
        if status.stitching == contact_id:
            return ReplayState.MAKING, ""
        failure = status.failures.get(contact_id)
        if failure is not None and contact_id not in status.wanted:
            return ReplayState.FAILED, failure.reason
        if status.state == "waiting":
            return ReplayState.WAITING, status.last_error
        before = status.wanted.index(contact_id) if contact_id in status.wanted else 0
        return ReplayState.WAITING, f"{before} others come first" if before else ""
