"""Tells systemd how the service is (sd_notify): one datagram, and nothing without systemd."""

from __future__ import annotations

import os
import socket


def notify(text: str) -> bool:
    """Send e.g. `READY=1` or `STATUS=…`. False when nobody listens; never raises."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(text.encode(), address)
    except OSError:
        return False
    return True
