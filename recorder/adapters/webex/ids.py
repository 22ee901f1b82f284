"""Ids in both alphabets of the service, and numbers out of SIP addresses. Pure.

The same thing is `7EE40776779243B4B3DA448D941B34DC`, a UUID with dashes, or base64 of
`ciscospark://us/RECORDING/<uuid>`; sometimes the base64 holds the bare id alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote

from recorder.adapters.http.values import clean_text

_UUID: Final = re.compile(
    r"^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$", re.IGNORECASE
)
_OPAQUE: Final = re.compile(r"^[A-Za-z0-9_-][A-Za-z0-9._:-]{0,99}$")
_BASE64: Final = re.compile(r"^[A-Za-z0-9+/_-]{8,400}={0,2}$")
_HYDRA: Final = re.compile(r"^ciscospark://[^/\s]*/[^/\s]*/(\S{1,200})$")
_ADDRESS: Final = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_DIALLED: Final = re.compile(r"^\+?[0-9][0-9().\- ]*$")
_SEPARATORS: Final = re.compile(r"[().\- ]")
_MASK: Final = re.compile(r"[#*]{2,}|x{3,}", re.IGNORECASE)
_NUMBER_CHARS: Final = 100


def bare_id(value: object) -> str | None:
    """A UUID in lower case with dashes, or another id as it is; None for what is no id.

    What comes back holds letters, digits, `.`, `_`, `:` and `-` only.
    """
    if not isinstance(value, str):
        return None
    text = _decoded(value.strip())
    match = _UUID.match(text)
    if match:
        return "-".join(match.groups()).lower()
    return text if _OPAQUE.match(text) else None


def join_value(value: object) -> str:
    """What two records are compared by: `callhalf-581329:0` and `581329:0` are one call."""
    found = bare_id(value)
    return "" if found is None else found.lower().removeprefix("callhalf-")


def number_of(address: object) -> str:
    """`sip:+4930123@10.0.0.1;user=phone` as `+4930123`; a masked number, or a name, as it is.

    Empty when there is nothing to show.
    """
    if not isinstance(address, str):
        return ""
    text = clean_text(unquote(address), 2 * _NUMBER_CHARS)
    bare = _ADDRESS.sub("", text)
    if bare != text or "@" in bare:
        bare = bare.partition("@")[0].partition(";")[0]
    bare = bare.strip()
    if _DIALLED.match(bare):
        return _SEPARATORS.sub("", bare)[:_NUMBER_CHARS]
    return bare[:_NUMBER_CHARS]


def is_masked(number: str) -> bool:
    """Whether a number tells nobody apart: the service hid it."""
    return _MASK.search(number) is not None


def is_number(number: str) -> bool:
    """Whether `number_of` gave a number, rather than a name or a mask."""
    return _DIALLED.match(number) is not None


def _decoded(text: str) -> str:
    """The last part of a base64 id; `text` itself when it is none."""
    if _UUID.match(text) or not _BASE64.match(text):
        return text
    padded = text.rstrip("=").replace("-", "+").replace("_", "/")
    padded += "=" * (-len(padded) % 4)
    try:
        plain = base64.b64decode(padded, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return text
    match = _HYDRA.match(plain)
    if match:
        return match.group(1)
    return plain if _UUID.match(plain) else text
