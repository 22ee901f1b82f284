"""Streams an object of the archive: whole or by range, with its hash as its tag, never from memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Final
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from recorder.ports.recording import Archive
from recorder.web.ranges import ByteRange, NotSatisfiable, wanted_range
from recorder.web.refusals import refuse

_CHUNK_BYTES: Final = 256 * 1024
_PLAYABLE: Final = ("audio/", "video/", "application/json", "text/plain", "text/vtt")
"""Shown in place; anything else could be a document that does something, and is only saved."""

MEDIA_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the file", "content": {"application/octet-stream": {}}},
    206: {"description": "the range that was asked for"},
    416: {"description": "the file has no such range"},
}
Replay = Annotated[str, Query(pattern=r"^[0-9a-zA-Z]{0,64}$")]
"""An id that a page makes up when it opens."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An object and how it is told to a browser."""

    object_key: str
    media_type: str
    sha256: str
    """Empty where only the key, which never stands for two contents, tells what it is."""
    file_name: str
    is_download: bool = False


def media_answer(archive: Archive, file: MediaFile, request: Request) -> Response:
    """200, 206 or 416 with the right headers; for HEAD without a body. Refuses what is not there."""
    held = archive.info(file.object_key)
    if held is None:
        refuse(
            500,
            f"The archive no longer holds the object {file.object_key}.",
            "Restore the archive from a backup of the same time as the contact database.",
        )
    tag = f'"{file.sha256 or file.object_key}"'
    headers = _headers(file, tag)
    wanted = wanted_range(
        request.headers.get("range"), request.headers.get("if-range"), held.size_bytes, tag
    )
    if isinstance(wanted, NotSatisfiable):
        headers["Content-Range"] = f"bytes */{held.size_bytes}"
        return Response(status_code=416, headers=headers)
    whole = ByteRange(0, held.size_bytes - 1)
    chosen = wanted or whole
    headers["Content-Length"] = str(chosen.size)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {chosen.first}-{chosen.last}/{held.size_bytes}"
    code, media_type = 206 if wanted else 200, file.media_type or "application/octet-stream"
    if request.method == "HEAD":
        return Response(status_code=code, headers=headers, media_type=media_type)
    body = _chunks(archive.open(file.object_key), chosen)
    return StreamingResponse(body, code, headers=headers, media_type=media_type)


def _headers(file: MediaFile, tag: str) -> dict[str, str]:
    shown = file.media_type.startswith(_PLAYABLE) and not file.is_download
    name = quote(file.file_name or file.object_key.rpartition("/")[2], safe="")
    told = {"X-Content-SHA256": file.sha256} if file.sha256 else {}
    return {
        **told,
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}",
    }


def _chunks(file: BinaryIO, wanted: ByteRange) -> Iterator[bytes]:
    with file:
        file.seek(wanted.first)
        left = wanted.size
        while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
