"""Seeded chance in named streams: taking one use away does not change what the others draw."""

from __future__ import annotations

import random  # noqa: TID251 - the simulator's own seeded source of chance
import uuid

Stream = random.Random


def stream(seed: int, *names: str) -> Stream:
    """A generator of its own for every name: the same seed and names always draw the same."""
    return random.Random("/".join((str(seed), *names)))


def guid(chance: Stream) -> str:
    """A lower-case version 4 GUID drawn from `chance`."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
