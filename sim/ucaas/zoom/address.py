"""What a path asks for; paths are read as they came, percent-encoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from sim.ucaas.zoom.downloads import STORED_PATH
from sim.ucaas.zoom.render import ARCHIVE_PATH, ATTACHED_PATH

_MEETING = re.compile(r"/v2/past_meetings/(?P<uuid>[^/]+)/archive_files")
_FILE = re.compile(r"/v2/archive_files/(?P<key>[^/]+)")
_PLAIN = {
    "/oauth/token": "token",
    "/v2/archive_files": "list",
    "/v2/archive_files/statistics": "statistics",
}


@dataclass(frozen=True, slots=True)
class Address:
    """`kind`: token, list, statistics, meeting, update, download, stored, stray or nothing."""

    kind: str
    key: str = ""
    """UUID of a meeting, id of a file, or the token in a file's address."""


def read_address(path: str, files_path: str = "") -> Address:
    """Classify. `files_path` is what the addresses of the host of the files begin with."""
    if path in _PLAIN:
        return Address(_PLAIN[path])
    if path.startswith("/_elsewhere/"):
        return Address("stray")
    for beginning, kind in (
        (ATTACHED_PATH, "download"),
        (ARCHIVE_PATH, "download"),
        (files_path + STORED_PATH, "stored"),
    ):
        if path.startswith(beginning):
            return Address(kind, unquote(path.removeprefix(beginning)))
    meeting = _MEETING.fullmatch(path)
    if meeting is not None:
        return Address("meeting", meeting_uuid(meeting["uuid"]))
    file = _FILE.fullmatch(path)
    return Address("update", unquote(file["key"])) if file else Address("nothing")


def meeting_uuid(segment: str) -> str:
    """The UUID in a path: decoded once, and once more if it was encoded twice.

    One that begins with a slash or holds two in a row finds nothing unless it was encoded twice: on its
    way through the service it would have become another path.
    """
    once = unquote(segment)
    if "%2F" in once.upper():
        return unquote(once)
    return "" if once.startswith("/") or "//" in once else once
