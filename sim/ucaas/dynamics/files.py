"""File storage: the bytes behind file columns, and the signed links that lead to them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote

from sim.audio import Recording
from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.lexer import instant_text, instant_us
from sim.ucaas.http import Content

_SECOND_US = 1_000_000
_Hash: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An immutable file; a replaced file has another id."""

    file_id: str
    name: str
    media_type: str
    content: Content = field(repr=False)
    sha256: str
    md5: str
    """Base64, as storage reports it."""
    item_key: str
    """Key of the row it hangs on."""

    @property
    def size_bytes(self) -> int:
        """Size of the whole file."""
        return self.content.size_bytes


@dataclass(frozen=True, slots=True)
class Link:
    """Who was given a link, for which file, until when (service clock)."""

    client_id: str
    file_id: str
    expires_us: int


class FileStore:
    """Files by id, and links by signature."""

    def __init__(self, *, blob_url: str, seed: int) -> None:
        self._blob_url = blob_url
        self._chance = stream(seed, "files")
        self._secret = self._chance.randbytes(32)
        self._files: dict[str, StoredFile] = {}
        self._links: dict[str, Link] = {}
        self._hashes: dict[int, tuple[bytes, _Hash, _Hash]] = {}

    def add_audio(self, recording: Recording, name: str, item_key: str) -> StoredFile:
        """Store a recording; a tag at its end makes the bytes of every item unique."""
        file_id = guid(self._chance)
        return self._add(file_id, name, "audio/mpeg", (recording.data, _tag(file_id)), item_key)

    def add(self, data: bytes, name: str, media_type: str, item_key: str) -> StoredFile:
        """Store a small file."""
        return self._add(guid(self._chance), name, media_type, (b"", data), item_key)

    def _add(
        self, file_id: str, name: str, media_type: str, parts: tuple[bytes, bytes], item_key: str
    ) -> StoredFile:
        """The first part is shared between files, so its hash is computed once."""
        shared, own = parts
        known = self._hashes.get(id(shared))
        if known is None:
            known = (shared, hashlib.sha256(shared), hashlib.md5(shared, usedforsecurity=False))
            self._hashes[id(shared)] = known
        sha256, md5 = known[1].copy(), known[2].copy()
        sha256.update(own)
        md5.update(own)
        stored = StoredFile(
            file_id,
            name,
            media_type,
            Content(parts if shared else (own,)),
            sha256.hexdigest(),
            base64.b64encode(md5.digest()).decode(),
            item_key,
        )
        self._files[file_id] = stored
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        """The file, or None."""
        return self._files.get(file_id)

    def remove(self, file_id: str) -> None:
        """Forget a file; its links lead nowhere."""
        self._files.pop(file_id, None)

    def link(self, client_id: str, file_id: str, now_us: int, life_s: float) -> str:
        """A link that anybody may use until it expires."""
        expires_us = now_us + int(life_s * _SECOND_US)
        expires = instant_text(expires_us)
        signature = self._sign(f"{file_id} {expires} {client_id}")
        self._links[signature] = Link(client_id, file_id, instant_us(expires))
        return (
            f"{self._blob_url}/files/{file_id}?sv=2023-11-03&st={quote(instant_text(now_us))}"
            f"&se={quote(expires, safe='')}&sr=b&sp=r&sig={quote(signature, safe='')}"
        )

    def follow(self, query: str, file_id: str) -> Link | None:
        """The link with this query, if it was signed here for this file and is unaltered."""
        given = dict(parse_qsl(query))
        link = self._links.get(given.get("sig", ""))
        if link is None or link.file_id != file_id:
            return None
        return link if instant_text(link.expires_us) == given.get("se") else None

    def _sign(self, text: str) -> str:
        digest = hmac.new(self._secret, text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def _tag(text: str) -> bytes:
    """An ID3v1 tag: 128 bytes that players skip."""
    title, artist = text[:30].encode(), text[30:].encode()
    return b"TAG" + title.ljust(30, b"\0") + artist.ljust(30, b"\0") + bytes(64) + b"\xff"
