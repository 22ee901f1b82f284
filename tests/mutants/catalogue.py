"""Every deliberate bug, by room."""

from __future__ import annotations

from tests.mutants import (
    archive_bugs,
    find_bugs,
    keep_bugs,
    media_bugs,
    pair_bugs,
    poll_bugs,
    replay_bugs,
    screen_bugs,
    work_bugs,
)
from tests.mutants.mutant import Mutant

ROOMS: dict[str, tuple[Mutant, ...]] = {
    "poll": poll_bugs.BUGS,
    "media": media_bugs.BUGS,
    "archive": archive_bugs.BUGS,
    "keep": keep_bugs.BUGS,
    "find": find_bugs.BUGS,
    "work": work_bugs.BUGS,
    "pair": pair_bugs.BUGS,
    "screens": screen_bugs.BUGS,
    "replay": replay_bugs.BUGS,
}
CATALOGUE: tuple[Mutant, ...] = tuple(bug for bugs in ROOMS.values() for bug in bugs)
