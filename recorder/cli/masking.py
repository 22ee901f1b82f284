"""Hides secrets in a configuration that is shown. Pure."""

from __future__ import annotations

import re
from typing import Any, cast

HIDDEN = "***"
_REFERENCES = ("env:", "file:")
_SECRET_NAME = re.compile(r"secret|password|passphrase|token(?!_url)|api_?key", re.IGNORECASE)
_PASSWORD_IN_QUERY = re.compile(r"(?i)([?&][^=&]*(?:password|secret|token|sig)[^=&]*=)[^&]*")


def masked(value: Any, name: str = "") -> Any:
    """The same tree without secrets: references stay, what is written in clear does not."""
    if isinstance(value, dict):
        tree = cast("dict[str, Any]", value)
        return {key: masked(item, key) for key, item in tree.items()}
    if isinstance(value, list):
        return [masked(item, name) for item in cast("list[Any]", value)]
    if not isinstance(value, str) or value.startswith(_REFERENCES):
        return value
    if value.startswith("value:"):
        return f"value:{HIDDEN}"
    if _SECRET_NAME.search(name):
        return HIDDEN
    return _without_password(value)


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    user, at, place = rest.rpartition("@")
    if at and ":" in user:
        url = f"{scheme}://{user.partition(':')[0]}:{HIDDEN}@{place}"
    return _PASSWORD_IN_QUERY.sub(rf"\1{HIDDEN}", url)
