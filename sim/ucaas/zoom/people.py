"""The people of the account, by number."""

from __future__ import annotations

import base64
import hashlib


def email(number: int) -> str:
    """The address of person `number`."""
    return f"person{number}@acme.example"


def host_id(number: int) -> str:
    """The id of a person as the service has it."""
    digest = hashlib.sha256(f"host {number}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
