"""Where renditions lie in the archive, and how all that was made of a contact goes with it."""

from __future__ import annotations

import re
from typing import Final

from recorder.ports.recording import Archive

RENDITIONS: Final = "renditions"
SCREENS: Final = "screens"
"""No source is called like these."""
_RENDITION: Final = re.compile(rf"{RENDITIONS}/[0-9a-f]{{2}}/")
"""No source has keys like these: its folders have names of one digit."""


def prefix_of(contact_id: str) -> str:
    """Of the keys of everything that was made of a contact: `renditions/<2 digits>/<contact>/`."""
    return f"{RENDITIONS}/{contact_id[:2]}/{contact_id}/"


def is_rendition(key: str) -> bool:
    """Whether an object belongs to a rendition: it goes with its contact, and not each has a row."""
    return _RENDITION.match(key) is not None


def sweep(archive: Archive, contact_id: str) -> None:
    """Take away everything that was made of a contact, what a crash left too. Raises ArchiveError."""
    sweep_folder(archive, prefix_of(contact_id))


def sweep_folder(archive: Archive, folder: str) -> None:
    """Take away everything below a folder, which ends in a slash. Raises ArchiveError."""
    for key in tuple(archive.keys(below=folder)):
        archive.delete(key)
