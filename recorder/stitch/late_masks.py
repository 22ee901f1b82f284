"""A mask that was heard after the screen was archived: what it covers is taken out of the archive, too.

A part with packets inside a mask is replaced by parts without them; renditions made before are taken away, for they
still show it. Names follow from what is inside, and everything may be repeated: a crash, or two nodes at once,
end in the same objects. Audio is masked by the platform that recorded it, and is left as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from recorder.errors import ArchiveError, CallBufferError, StitchFailed
from recorder.records.audit import SYSTEM
from recorder.scn.holds_over import overriding
from recorder.scn.masks import was_replaced
from recorder.scn.model import Rendition, ScreenPart, Span
from recorder.scn.part import node_us, part_object_key
from recorder.scn.rendition_keys import prefix_of, sweep_folder
from recorder.scn.verdicts import masks_of, pieces, touches_mask
from recorder.scn.webm import ScnReader, head_bytes, packet_bytes
from recorder.stitch.inputs import Inputs
from recorder.stitch.plan_model import Plan
from recorder.stitch.stitch_ports import StitchTools
from recorder.stitch.timeline import Mask, Material, Timeline

REASON: Final = "masked"
_NEAR_MS: Final = 2
"""Positions are rounded."""


def replace_masked(tools: StitchTools, inputs: Inputs) -> bool:
    """Replace what a mask covers; whether anything was. Raises DataCenterError, ArchiveError, CallBufferError."""
    found = [_replace(tools, part, _masks_of(inputs, part), inputs.parts) for part in inputs.parts]
    return any(found)


def drop_unmasked(tools: StitchTools, contact_id: str, plan: Plan) -> tuple[int, ...]:
    """Take away renditions that were made before a mask of the plan was known. Their numbers."""
    if not plan.every_mask:
        return ()
    dropped: list[int] = []
    for one in tools.screens.renditions(contact_id):
        if shows_masked(tools, one, plan):
            name = f"{contact_id}:{one.number}"
            detail = {"rendition": one.number} | overriding(tools.holds.contact(contact_id))
            _tell(tools, "rendition_masked", contact_id, detail, name)
            sweep_folder(tools.archive, f"{prefix_of(contact_id)}{one.digest}/")
            dropped.append(one.number)
    return tuple(dropped)


def shows_masked(tools: StitchTools, made: Rendition, plan: Plan) -> bool:
    """Whether a rendition was made before a mask of the plan was known. Raises ArchiveError."""
    if not plan.every_mask or made.digest == plan.digest:
        return False
    return not _knew(tools, made.timeline_key, plan)


def _masks_of(inputs: Inputs, part: ScreenPart) -> tuple[Span, ...]:
    """Those of any call of whoever sits there that touch the part, with the margins that its node leaves out, too.

    Whoever is first, the same is cut out: what two cut differently at once would be in the archive twice.
    """
    masks = masks_of(leg for leg in inputs.legs if leg.agent_key in part.stream.agents)
    error_us = part.offset.error_us
    return tuple(one for one in masks if touches_mask(part.from_us, part.to_us, error_us, (one,)))


def _replace(
    tools: StitchTools, part: ScreenPart, masks: Sequence[Span], listed: Sequence[ScreenPart]
) -> bool:
    """The object goes before the row: what nobody names would be found by nobody who is to delete it."""
    if not masks:
        return False
    if tools.archive.info(part.object_key) is None:
        if not was_replaced(part, masks, listed):
            return False
        _forget(tools, part)
        return True
    try:
        with tools.archive.open(part.object_key) as file:
            index = tuple(ScnReader(file).index())
    except CallBufferError as error:
        raise StitchFailed(f"the screen {part.part_key} cannot be read: {error}") from error
    ranges = pieces(index, part.stream, part.offset, masks)
    if index and ranges == ((index[0].seq, index[-1].seq),):
        return False
    became = tuple(_copy(tools, part, first, last) for first, last in ranges)
    tools.archive.sync()
    tools.trap("commit")
    tools.screens.record_parts(became)
    tools.archive.delete(part.object_key)
    tools.trap("discard")
    _forget(tools, part)
    return True


def _forget(tools: StitchTools, part: ScreenPart) -> None:
    detail = overriding(tools.holds.part(part))
    _tell(tools, "screen_masked", part.part_key, detail, part.part_key)
    tools.screens.forget_part(part.part_key, REASON)


def _tell(
    tools: StitchTools, what: str, subject: str, detail: Mapping[str, object], name: str
) -> None:
    """What goes is on record once, whichever node took it away, and however often."""
    if tools.trail is not None:
        tools.trail.record(what, subject, SYSTEM, detail, once=f"{what}:{name}")


def _copy(tools: StitchTools, part: ScreenPart, first: int, last: int) -> ScreenPart:
    """The packets of one range as a part of its own, in the archive."""
    name = hashlib.sha256(f"{part.part_key} {first} {last}".encode()).hexdigest()[:32]
    with tools.archive.open(part.object_key) as file:
        reader = ScnReader(file)
        packets = [one for one in reader.packets() if first <= one.seq <= last]
    head = replace(reader.head, part_key=name, seq_first=first)
    data = head_bytes(head) + b"".join(packet_bytes(one) for one in packets)
    path = tools.studio.write(f"{name}.scn", data)
    sha256, key = hashlib.sha256(data).hexdigest(), part_object_key(name)
    tools.archive.put(key, path, sha256, len(data))
    return replace(
        part,
        part_key=name,
        from_us=node_us(part.stream, packets[0].pts_ms, part.offset),
        to_us=node_us(part.stream, packets[-1].pts_ms, part.offset),
        seq_first=first,
        seq_last=last,
        size_bytes=len(data),
        sha256=sha256,
        object_key=key,
        stored_us=tools.wall_us(),
    )


def _knew(tools: StitchTools, timeline_key: str, plan: Plan) -> bool:
    """Whether a rendition was made with every mask of the plan in mind; one that is gone shows nothing."""
    if tools.archive.info(timeline_key) is None:
        return True
    try:
        with tools.archive.open(timeline_key) as file:
            old = Timeline.model_validate_json(file.read())
    except (ArchiveError, ValueError):
        return False
    shift_ms = (plan.origin_us - old.origin_us) // 1000
    if any(_shows(one, mask, shift_ms) for one in old.material for mask in plan.every_mask):
        return False
    return all(any(_covers(known, mask, shift_ms) for known in old.masks) for mask in plan.masks)


def _shows(one: Material, mask: Mask, shift_ms: int) -> bool:
    """Whether frames inside a mask may be there; of one that was known none are."""
    if mask.agent not in one.agents:
        return False
    begins = one.end_ms is None or mask.start_ms + shift_ms + _NEAR_MS < one.end_ms
    return begins and (mask.end_ms is None or one.start_ms + _NEAR_MS < mask.end_ms + shift_ms)


def _covers(known: Mask, mask: Mask, shift_ms: int) -> bool:
    begins = known.start_ms - _NEAR_MS <= mask.start_ms + shift_ms
    if known.end_ms is None or mask.end_ms is None:
        return known.agent == mask.agent and begins and known.end_ms is None
    return (
        known.agent == mask.agent and begins and mask.end_ms + shift_ms <= known.end_ms + _NEAR_MS
    )
