"""Credentials go to the host they are for, and downloads only to hosts that are allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sim.checkers.violation import Violation

PROMISE = "credentials_kept"


def check_credentials_kept(statistics: Mapping[str, object]) -> tuple[Violation, ...]:
    """By what the fake services counted."""
    found: list[Violation] = []
    if cast("int", statistics["credential_leaks"]):
        found.append(Violation(PROMISE, "a bearer token was sent to another host"))
    strays = cast("Sequence[Any]", statistics["strays"])
    if strays:
        where = tuple(dict.fromkeys(map(str, strays)))
        found.append(Violation(PROMISE, "a redirect was followed to where none may lead", where))
    return tuple(found)
