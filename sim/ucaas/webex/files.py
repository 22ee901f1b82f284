"""The bytes of recordings and transcripts, and the links with a ticket that lead to them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

from sim.audio import Recording
from sim.clockwork.chance import stream
from sim.ucaas.http import Content
from sim.ucaas.webex.instants import SECOND_US

AUDIO, TRANSCRIPT = "audio", "transcript"
DOWNLOAD_PATH = "/nbr/MultiThreadDownloadServlet"
LINK_LIFE_S = 3 * 3600.0
_Hash: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An immutable file of a recording."""

    item: str
    kind: str
    """audio or transcript."""
    name: str
    media_type: str
    content: Content = field(repr=False)
    sha256: str

    @property
    def size_bytes(self) -> int:
        """Size of the whole file."""
        return self.content.size_bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who was given a link, to what, until when (service clock)."""

    client: str
    item: str
    kind: str
    expires_us: int


class FileStore:
    """Files by recording and kind, and links by ticket."""

    def __init__(self, *, files_url: str, org: str, seed: int) -> None:
        self._files_url = files_url
        self._org = org
        self._secret = stream(seed, "files").randbytes(32)
        self._files: dict[tuple[str, str], StoredFile] = {}
        self._tickets: dict[str, Ticket] = {}
        self._hashes: dict[int, tuple[bytes, _Hash]] = {}

    def add_audio(self, item: str, recording: Recording) -> StoredFile:
        """Keep the audio of a recording; a tag at its end makes the bytes of every item unique."""
        known = self._hashes.get(id(recording.data))
        if known is None:
            known = (recording.data, hashlib.sha256(recording.data))
            self._hashes[id(recording.data)] = known
        own = _tag(item)
        sha256 = known[1].copy()
        sha256.update(own)
        content = Content((recording.data, own))
        return self._add(
            StoredFile(item, AUDIO, f"{item}.mp3", "audio/mpeg", content, sha256.hexdigest())
        )

    def add_transcript(self, item: str, text: str) -> StoredFile:
        """Keep what was said."""
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        return self._add(
            StoredFile(item, TRANSCRIPT, f"{item}.vtt", "text/vtt", Content((data,)), sha256)
        )

    def _add(self, stored: StoredFile) -> StoredFile:
        self._files[stored.item, stored.kind] = stored
        return stored

    def get(self, item: str, kind: str) -> StoredFile | None:
        """The file, or None."""
        return self._files.get((item, kind))

    def remove(self, item: str) -> None:
        """Forget the files of a recording; links to them lead nowhere."""
        for kind in (AUDIO, TRANSCRIPT):
            self._files.pop((item, kind), None)

    def link(self, client: str, item: str, kind: str, now_us: int) -> str:
        """A link that anybody may use until it expires."""
        stamp_ms = now_us // 1000
        signed = f"{client} {item} {kind} {stamp_ms}".encode()
        digest = hmac.new(self._secret, signed, hashlib.sha256).digest()
        ticket = base64.b64encode(b"SDJTSw" + digest).decode()
        self._tickets[ticket] = Ticket(client, item, kind, now_us + int(LINK_LIFE_S * SECOND_US))
        what = "calling" if kind == AUDIO else "callingTranscript"
        return (
            f"{self._files_url}{DOWNLOAD_PATH}?type={what}&orgId={self._org}"
            f"&recordUUID={item}&ticket={quote(ticket, safe='')}&timestamp={stamp_ms}"
        )

    def follow(self, parameters: dict[str, str]) -> Ticket | None:
        """The ticket of a link that was made here and is unaltered."""
        ticket = self._tickets.get(parameters.get("ticket", ""))
        if ticket is None or ticket.item != parameters.get("recordUUID"):
            return None
        return ticket


def _tag(text: str) -> bytes:
    """An ID3v1 tag: 128 bytes that players skip."""
    title, artist = text[:30].encode(), text[30:].encode()
    return b"TAG" + title.ljust(30, b"\0") + artist.ljust(30, b"\0") + bytes(64) + b"\xff"
