"""Whether the call buffer takes more: two thresholds, so that it does not flutter at one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.settings.stages import BufferSettings

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Space:
    """The verdict on the call buffer."""

    open: bool
    free_bytes: int
    """What may still be written before the reserve is touched."""
    reason: str = ""
    """Why it is closed, for people; empty when open."""
    broken: bool = False
    """Closed because the disk does not answer, rather than because it is full."""


def after_look(before: Space | None, free_bytes: int, settings: BufferSettings) -> Space:
    """Close when nothing is free above the reserve; open again only at the resume mark.

    At the start (`before` None) any free byte above the reserve opens.
    """
    was_open = before is None or before.open
    needed = 0 if was_open else settings.resume_bytes - settings.reserve_bytes
    if free_bytes > 0 and free_bytes >= needed:
        return Space(open=True, free_bytes=free_bytes)
    need_mib = (settings.resume_bytes - settings.reserve_bytes) // _MIB
    reason = f"{free_bytes // _MIB} MiB free above the reserve, {need_mib} MiB needed to go on"
    return Space(open=False, free_bytes=free_bytes, reason=reason)


def after_failure(error: str) -> Space:
    """The disk refuses to be looked at: nothing can be written."""
    return Space(open=False, free_bytes=0, reason=error, broken=True)
