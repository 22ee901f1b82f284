"""`python -m sim.ucaas.<kind>`: serve until SIGTERM; the first line on stdout is JSON with addresses."""

from __future__ import annotations

import argparse
import json
import signal
import ssl
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

Serve: TypeAlias = Callable[[argparse.Namespace, ssl.SSLContext | None], tuple[Any, "Stop"]]
"""Starts the server; returns its addresses, ready for JSON, and how to stop it."""
Stop: TypeAlias = Callable[[], None]


def parser(description: str) -> argparse.ArgumentParser:
    """What every fake takes on its command line."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=0)
    made.add_argument("--public-url", default="", help="how others reach it, if not by --host")
    made.add_argument("--audio", default="var/audio", help="where the audio bank is kept")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--cert", help="certificate file (PEM); serves https")
    made.add_argument("--key", help="key file (PEM)")
    return made


def run(given: argparse.Namespace, serve: Serve) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    tls = None
    if given.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.cert, given.key)
    urls, end = serve(given, tls)
    print(json.dumps(urls), flush=True)
    stopped.wait()
    end()
