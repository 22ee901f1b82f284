"""A message a service sends by itself, and what to answer. Adapters judge it; it is never the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What came. Nothing in it is proven before the adapter verified its signature."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What to answer."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    poll_now: bool = False
    """Something is new: the next poll should be early."""
