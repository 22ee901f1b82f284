"""Whether the bytes in the call buffer are the media the source announced. Pure.

A download that ended well proves little: sign-in pages, error documents and empty files come with
status 200 too. So size and hash are compared where the source gives them, and the first bytes decide
what a file is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from recorder.errors import NotMedia, Truncated
from recorder.model import MediaKind, MediaRef
from recorder.ports.recording import SealedFile

_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body|script)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<(\?xml|[a-z!])", re.IGNORECASE)
_JSON = re.compile(rb"\s*[{\[]\s*([\"{\[\]}0-9tfn-]|$)")
_JSON_ERROR = re.compile(
    rb'\s*\{\s*"(errors?|fault|error_?(code|description|message)|odata\.error'
    rb'|code"\s*:\s*"?[\w.-]+"?\s*,\s*"message|message"\s*:\s*"[^"]*"\s*,\s*"(code|errors?))"',
    re.IGNORECASE,
)
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class _Container:
    """A kind of file by its first bytes."""

    is_it: Callable[[bytes], bool]
    as_audio: str
    as_video: str
    """Empty for a container that holds sound alone."""


def _mpeg_frame(head: bytes) -> bool:
    """Frame sync of an MPEG audio layer, with version, bit rate and sample rate that exist."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the format's
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer != 0 and bit_rate not in {0, 15} and sample_rate != 3  # noqa: PLR2004


def _adts(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0  # noqa: PLR2004 - the format's


_CONTAINERS = (
    _Container(lambda head: head[4:8] == b"ftyp", "audio/mp4", "video/mp4"),
    _Container(lambda head: head[:3] == b"ID3" or _mpeg_frame(head), "audio/mpeg", ""),
    _Container(lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE", "audio/wav", ""),
    _Container(lambda head: head[:4] == b"RF64" and head[8:12] == b"WAVE", "audio/wav", ""),
    _Container(
        lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ",
        "video/x-msvideo",
        "video/x-msvideo",
    ),
    _Container(lambda head: head[:4] == b"OggS", "audio/ogg", "video/ogg"),
    _Container(
        lambda head: head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head, "audio/webm", "video/webm"
    ),
    _Container(
        lambda head: head[:4] == b"\x1a\x45\xdf\xa3", "audio/x-matroska", "video/x-matroska"
    ),
    _Container(lambda head: head[:4] == b"fLaC", "audio/flac", ""),
    _Container(lambda head: head[:5] == b"#!AMR", "audio/amr", ""),
    _Container(_adts, "audio/aac", ""),
)


def judge(sealed: SealedFile, ref: MediaRef) -> str:
    """The media type the bytes have. Raises NotMedia, Truncated."""
    if sealed.size_bytes == 0:
        raise NotMedia(f"{ref.file_name}: the file is empty")
    media_type = _by_bytes(sealed.head, ref)
    if ref.size_bytes is not None and sealed.size_bytes != ref.size_bytes:
        raise Truncated(
            f"{ref.file_name}: {sealed.size_bytes} bytes came, {ref.size_bytes} were announced"
        )
    if ref.sha256 is not None and sealed.sha256 != ref.sha256.lower():
        raise Truncated(f"{ref.file_name}: the bytes differ from the announced hash")
    return media_type


def _by_bytes(head: bytes, ref: MediaRef) -> str:
    if ref.kind is MediaKind.TEXT:
        return _text(head, ref)
    if ref.kind is MediaKind.OTHER:
        return _other(head, ref)
    for container in _CONTAINERS:
        if container.is_it(head):
            found = container.as_audio if ref.kind is MediaKind.AUDIO else container.as_video
            if found:
                return found
            raise NotMedia(f"{ref.file_name}: {container.as_audio} where {ref.kind} was announced")
    raise NotMedia(f"{ref.file_name}: {_instead(head)} where {ref.kind} was announced")


def _text(head: bytes, ref: MediaRef) -> str:
    """Transcripts, chats, captions: WebVTT, JSON, plain text; XML only where it was announced."""
    announced = f"{ref.media_type} {ref.file_name}".lower()
    bare = head
    for bom in _BOMS:
        bare = bare.removeprefix(bom)
    wide = head.startswith(_BOMS[1:])
    if _PAGE.match(bare) or _JSON_ERROR.match(bare):
        raise NotMedia(f"{ref.file_name}: {_instead(bare)} where text was announced")
    if bare.startswith(b"WEBVTT"):
        return "text/vtt"
    if _XML.match(bare) and not wide:
        if "xml" in announced or "ttml" in announced:
            return "application/xml"
        raise NotMedia(f"{ref.file_name}: {_instead(bare)} where text was announced")
    if _CONTROL.search(bare) and not wide:
        raise NotMedia(f"{ref.file_name}: binary data where text was announced")
    return "application/json" if "json" in announced and _JSON.match(bare) else "text/plain"


def _other(head: bytes, ref: MediaRef) -> str:
    """Whatever people attach. A page is an error all the same; a document only where nothing proves it."""
    bare = head
    for bom in _BOMS:
        bare = bare.removeprefix(bom)
    proven = ref.size_bytes is not None or ref.sha256 is not None
    if _PAGE.match(bare) or (not proven and (_JSON_ERROR.match(bare) or _XML.match(bare))):
        raise NotMedia(f"{ref.file_name}: {_instead(bare)} where a file was announced")
    for container in _CONTAINERS:
        if container.is_it(head):
            return container.as_video or container.as_audio
    return "application/octet-stream"


def _instead(head: bytes) -> str:
    if _PAGE.match(head):
        return "a web page"
    if _XML.match(head):
        return "an XML document"
    if _JSON.match(head):
        return "a JSON document"
    return "unknown bytes"
