"""What is recorded in a world: small bodies that begin as MP3 does; nobody listens here."""

from __future__ import annotations

from typing import Final

from sim.audio import Recording

_SOUNDS: Final = ((5.0, 3_000), (20.0, 9_000), (90.0, 40_000))


def sounds() -> tuple[Recording, ...]:
    """The same each time."""
    return tuple(
        Recording(f"sound-{size}.mp3", seconds, (b"\xff\xf3\x44\xc4" + bytes(140)) * (size // 144))
        for seconds, size in _SOUNDS
    )
