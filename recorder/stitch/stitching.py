"""The blocking work of stitching, as plain functions for the workers.

A crash at any point is harmless: objects are put under names that carry their hash, and the row is written last.
What is left of a first try is put again as the same object, or lies there until its contact is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recorder.errors import ArchiveError, StitchFailed
from recorder.scn.model import Rendition
from recorder.scn.rendition_keys import prefix_of, sweep
from recorder.stitch.gathering import gathered, lasting
from recorder.stitch.inputs import Inputs
from recorder.stitch.late_masks import drop_unmasked, replace_masked
from recorder.stitch.plan import plan
from recorder.stitch.plan_model import Made, Plan
from recorder.stitch.stitch_ports import StitchTools
from recorder.stitch.timeline import RENDITION_TYPE


class Result(StrEnum):
    """What came of a wish for a rendition."""

    MADE = "made"
    READY = "ready"
    """The newest rendition is of what is on record now."""
    NOTHING = "nothing"
    """There is nothing to replay."""
    LASTING = "lasting"
    """A screen of it is still being recorded; only when that was asked for."""
    GONE = "gone"
    """There is no such contact."""
    STALE = "stale"
    """What was made shows what became known to be masked meanwhile: it is gone again."""


@dataclass(frozen=True, slots=True)
class Stitched:
    """What came of it, with the rendition where there is one."""

    contact_id: str
    result: Result
    digest: str = ""
    rendition: Rendition | None = None
    seconds: float = 0.0
    """How long the program took."""
    memory_bytes: int = 0


def stitch(tools: StitchTools, contact_id: str, *, complete: bool) -> Stitched:
    """Job: make the contact's rendition unless the newest is of the same inputs.

    `complete`: only when no screen of it lasts. Raises StitchFailed, DataCenterError, ArchiveError,
    CallBufferError.
    """
    detail = tools.contacts.contact(contact_id)
    if detail is None:
        _forget(tools, contact_id)  # an earlier try may have been half done
        return Stitched(contact_id, Result.GONE)
    inputs = gathered(tools, detail, clock=False)
    if complete and lasting(inputs):
        return Stitched(contact_id, Result.LASTING)
    wanted = planned(inputs)
    if wanted.nothing:
        return Stitched(contact_id, Result.NOTHING, wanted.digest)
    there = made_before(tools, contact_id, wanted.digest)
    try:
        if there is not None and tools.archive.info(there.object_key) is not None:
            drop_unmasked(tools, contact_id, wanted)
            return Stitched(contact_id, Result.READY, wanted.digest, there)
        drop_unmasked(tools, contact_id, wanted)
        replace_masked(tools, inputs)
        wanted = planned(gathered(tools, detail, clock=True))
        made = tools.studio.make(wanted, f"{prefix_of(contact_id)}{wanted.digest}/", tools.archive)
        rendition = _store(tools, contact_id, wanted.digest, made)
        may_stay = _look_again(tools, rendition)
    except ArchiveError as error:
        tools.archive.check()  # is it away, or is it only about this contact?
        raise StitchFailed(str(error), hint=error.hint) from error
    finally:
        tools.studio.clear()
    result = Result.MADE if may_stay else Result.STALE
    return Stitched(contact_id, result, wanted.digest, rendition, made.seconds, made.memory_bytes)


def planned(inputs: Inputs) -> Plan:
    """The plan. Raises StitchFailed for what no plan can be made of, such as an instant out of every calendar."""
    try:
        return plan(inputs)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise StitchFailed(
            f"what is on record of the contact makes no timeline: {type(error).__name__}",
            hint="`tandem contact show` tells its instants; the originals can be exported.",
        ) from error


def made_before(tools: StitchTools, contact_id: str, digest: str) -> Rendition | None:
    """The rendition of these inputs; None when there is none."""
    return next((one for one in tools.screens.renditions(contact_id) if one.digest == digest), None)


def _store(tools: StitchTools, contact_id: str, digest: str, made: Made) -> Rendition:
    for one in (made.rendition, made.peaks, *made.screens, made.timeline):
        tools.archive.put(one.file.object_key, one.path, one.file.sha256, one.file.size_bytes)
    tools.archive.sync()
    tools.trap("commit")
    return tools.screens.record_rendition(
        Rendition(
            contact_id=contact_id,
            number=0,
            digest=digest,
            media_type=RENDITION_TYPE,
            object_key=made.rendition.file.object_key,
            size_bytes=made.rendition.file.size_bytes,
            sha256=made.rendition.file.sha256,
            peaks_key=made.peaks.file.object_key,
            timeline_key=made.timeline.file.object_key,
            duration_ms=made.duration_ms,
            has_screen=made.has_screen,
            has_audio=made.has_audio,
            made_us=tools.wall_us(),
            made_by=tools.node,
            peaks_bytes=made.peaks.file.size_bytes,
            peaks_sha256=made.peaks.file.sha256,
            timeline_bytes=made.timeline.file.size_bytes,
            timeline_sha256=made.timeline.file.sha256,
        )
    )


def _look_again(tools: StitchTools, made: Rendition) -> bool:
    """Whether it may stay: its contact may be deleted by now, or a mask known that was not when it was begun.

    Whoever hears of the mask later than this finds the rendition on record.
    """
    detail = tools.contacts.contact(made.contact_id)
    if detail is None:
        _forget(tools, made.contact_id)
        return True
    wanted = planned(gathered(tools, detail, clock=False))
    return made.number not in drop_unmasked(tools, made.contact_id, wanted)


def _forget(tools: StitchTools, contact_id: str) -> None:
    """Nothing is left of a contact that was deleted."""
    tools.screens.forget_renditions(contact_id)
    sweep(tools.archive, contact_id)
