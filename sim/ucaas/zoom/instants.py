"""Instants as the service writes and takes them: whole seconds, UTC, with a Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sim.ucaas.surroundings import SECOND_US

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def instant_text(at_us: int) -> str:
    """`2026-03-01T09:00:00Z`; parts of a second are cut off."""
    return datetime.fromtimestamp(at_us // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_us(text: str) -> int:
    """Microseconds since 1970. Raises ValueError for any other form."""
    if not _FORM.fullmatch(text):
        raise ValueError(f"no instant: {text!r}")
    return int(datetime.fromisoformat(text).timestamp()) * SECOND_US
