"""What is wrong in a configuration file, in words: for nodes and for desktops."""

from __future__ import annotations

import difflib
import ipaddress
from typing import get_args

from pydantic import BaseModel, ValidationError


def findings_of(error: ValidationError, root: type[BaseModel]) -> list[str]:
    """One line per finding: the dotted path, what is wrong, and the nearest known key."""
    found: list[str] = []
    for item in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in item["loc"]) or "(whole file)"
        if item["type"] == "extra_forbidden":
            found.append(f"{where}: unknown key{nearest(item['loc'], root)}")
        elif item["type"] == "missing":
            found.append(f"{where}: missing")
        else:
            found.append(f"{where}: {item['msg'].removeprefix('Value error, ')}")
    return found


def nearest(location: tuple[int | str, ...], root: type[BaseModel]) -> str:
    """The key of `root` that was probably meant, in brackets; empty when none is near."""
    model: type[BaseModel] | None = root
    for part in location[:-1]:
        known = model.model_fields.get(str(part)) if model else None
        kinds = [known.annotation, *get_args(known.annotation)] if known else []
        model = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
    names = list(model.model_fields) if model else []
    close = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
