"""Tokens of agents' computers: each is of one desktop, worked out from one secret of the nodes. Pure.

`ID~HEX`: the desktop's id, and the HMAC-SHA-256 of that id under the secret. Nodes keep no list: they work it
out again. Whoever has one token learns neither the secret, if nobody can guess it, nor the token of another desktop.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

SECRET_CHARS_MIN: Final = 20
"""Of a shorter secret somebody with one token might find out which it is, by trying."""
_DOMAIN: Final = b"tandem desktop\x00"
_MARK: Final = "~"
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN: Final = re.compile(rf"({_ID.pattern}){_MARK}[0-9a-f]{{64}}")


def desktop_token(secret: str, desktop: str) -> str:
    """The token of the desktop with this id. Raises ValueError for what is no id."""
    if _ID.fullmatch(desktop) is None:
        raise ValueError("letters, digits, '.', '_' and '-', at most 64 of them")
    code = hmac.digest(secret.encode(), _DOMAIN + desktop.encode(), "sha256")
    return f"{desktop}{_MARK}{code.hex()}"


def desktop_named(token: str) -> str | None:
    """Whose token it says that it is; None for one that is of no desktop."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else None


def is_token_of(secret: str, token: str) -> bool:
    """Whether it is a desktop's token under this secret, of the desktop that it names."""
    desktop = desktop_named(token)
    if desktop is None or not secret:
        return False
    return hmac.compare_digest(desktop_token(secret, desktop).encode(), token.encode())
