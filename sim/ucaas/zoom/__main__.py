"""`python -m sim.ucaas.zoom`: serve until SIGTERM; the first line on stdout is JSON with addresses."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import asdict
from typing import Any, get_args

from sim.ucaas.program import Stop, parser, run
from sim.ucaas.zoom.downloads import Way
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.serving import serve_zoom
from sim.ucaas.zoom.webhooks import Subscription


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    made = parser("A fake Zoom account with a meeting archive.")
    made.add_argument("--files-port", type=int, default=0)
    made.add_argument("--way", choices=get_args(Way), default="signed", help="to a file's bytes")
    made.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="ID:SECRET[:TOKEN_LIFE_S]",
        help="a Server-to-Server app; repeat it for each node",
    )
    made.add_argument(
        "--webhook",
        action="append",
        default=[],
        nargs=2,
        metavar=("URL", "SECRET_TOKEN"),
        help="who is told of finished archives",
    )
    made.add_argument(
        "--webhook-scale", type=float, default=1.0, help="waits before a post is tried again"
    )
    run(made.parse_args(), _serve)


def _serve(given: argparse.Namespace, tls: ssl.SSLContext | None) -> tuple[Any, Stop]:
    served = serve_zoom(
        clients=[_client(text) for text in given.client],
        host=given.host,
        port=given.port,
        files_port=given.files_port,
        tls=tls,
        audio=given.audio,
        public_url=given.public_url,
        seed=given.seed,
        way=given.way,
        subscriptions=tuple(
            Subscription(url, secret, scale=given.webhook_scale) for url, secret in given.webhook
        ),
    )
    return asdict(served.urls), served.stop


def _client(text: str) -> ClientApp:
    client_id, secret, *life = text.split(":")
    return ClientApp(client_id, secret, float(life[0]) if life else 3599.0)


if __name__ == "__main__":
    main()
