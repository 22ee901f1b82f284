"""An archive that is not mounted looks like an empty one: nothing was lost, and nothing may be said of it."""

from __future__ import annotations

from collections.abc import Sized

from recorder.errors import ArchiveError
from recorder.ports.recording import Archive


def refuse_bare(archive: Archive, objects: Sized, missing: Sized) -> None:
    """Raise ArchiveError when all that should be there is missing, and the archive holds no object at all."""
    if len(objects) == len(missing) > 0 and next(iter(archive.keys()), None) is None:
        raise ArchiveError(
            "the archive holds no object at all: is it mounted?",
            hint="Mount or restore it; what waits for it goes on by itself.",
        )
