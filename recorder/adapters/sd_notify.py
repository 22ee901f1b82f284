"""Tells systemd how the service is (sd_notify): one datagram, and nothing without systemd."""

from __future__ import annotations

import os
import socket

TIMEOUT_S = 1.0
"""A service manager that does not read must not keep a node from ending."""


def notify(text: str) -> bool:
    """Send e.g. `READY=1` or `STATUS=…`. False when nobody listens or reads in time; never raises."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(TIMEOUT_S)
            sender.sendto(text.encode(), address)
    except OSError:
        return False
    return True
