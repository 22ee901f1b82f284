"""The ways to the bytes: at once, or by a redirect to another host with a signed or an unsigned address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from sim.clockwork.chance import stream
from sim.ucaas.http import Content, Request, Response, byte_range
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.bodies import Body

Way = Literal["direct", "signed", "bearer"]
"""direct: 200 at once. signed: 302 to an address that needs no token and must not be sent one. bearer:
302 to an address that demands the token again."""
STORED_PATH = "/archive/"
_KEY_PAIR = "KAZOOMFAKE"


@dataclass(frozen=True, slots=True)
class SignedLink:
    """Who was given an address, until when (service clock)."""

    client: str
    expires_us: int


class Signer:
    """Makes addresses at the host of the files, and knows its own again."""

    def __init__(self, *, files_url: str, seed: int) -> None:
        self._files_url = files_url
        self._secret = stream(seed, "signatures").randbytes(32)

    def plain(self, token: str) -> str:
        """An address without a signature."""
        return f"{self._files_url}{STORED_PATH}{token}"

    def signed(self, token: str, client: str, expires_us: int) -> str:
        """An address that anybody may use until it expires."""
        policy = base64.urlsafe_b64encode(
            json.dumps({"file": token, "client": client, "until": expires_us // SECOND_US}).encode()
        ).decode()
        signature = quote(self._sign(policy), safe="")
        query = f"Policy={quote(policy, safe='')}&Signature={signature}&Key-Pair-Id={_KEY_PAIR}"
        return f"{self.plain(token)}?{query}"

    def follow(self, request: Request, token: str) -> SignedLink | None:
        """What an address was signed for, if it was, here, for this file, and is unaltered."""
        given = dict(request.parameters())
        policy, signature = given.get("Policy", ""), given.get("Signature", "")
        if not hmac.compare_digest(signature.encode(), self._sign(policy).encode()):
            return None
        told = json.loads(base64.urlsafe_b64decode(policy))
        if told["file"] != token:
            return None
        return SignedLink(told["client"], told["until"] * SECOND_US)

    def _sign(self, policy: str) -> str:
        digest = hmac.new(self._secret, policy.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode()


def bytes_of(request: Request, body: Body, *, ranges: bool) -> Response:
    """The bytes, or a part of them where `ranges` are honoured."""
    headers = (("Content-Type", body.media_type),)
    wanted = request.headers.get("range") if ranges else None
    if ranges:
        headers += (("Accept-Ranges", "bytes"), ("ETag", f'"{body.sha256[:32]}"'))
    if wanted is None:
        return Response(200, headers, body.content)
    size = body.content.size_bytes
    span = byte_range(wanted, size)
    if span is None:
        return Response(416, (("Content-Range", f"bytes */{size}"),))
    shown = ("Content-Range", f"bytes {span[0]}-{span[1] - 1}/{size}")
    return Response(206, (*headers, shown), body.content.cut(*span))


def denied(status: int, code: str, message: str) -> Response:
    """A refusal of the host of the files."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(status, (("Content-Type", "application/xml"),), Content((text.encode(),)))
