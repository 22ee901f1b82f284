"""`python -m sim.ucaas.webex`: serve until SIGTERM; the first line on stdout is JSON with addresses."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import asdict
from typing import Any

from sim.ucaas.program import Stop, parser, run
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.serving import serve_webex


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    made = parser("A fake Webex Calling organisation.")
    made.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="ID:SECRET:REFRESH_TOKEN[:ROLE]",
        help="an integration (compliance, admin or user); repeat it for each node",
    )
    run(made.parse_args(), _serve)


def _serve(given: argparse.Namespace, tls: ssl.SSLContext | None) -> tuple[Any, Stop]:
    served = serve_webex(
        clients=[_client(text) for text in given.client],
        host=given.host,
        port=given.port,
        tls=tls,
        audio=given.audio,
        public_url=given.public_url,
        seed=given.seed,
    )
    return asdict(served.urls), served.stop


def _client(text: str) -> ClientApp:
    client_id, secret, refresh_token, *role = text.split(":")
    return ClientApp(client_id, secret, refresh_token, role[0] if role else "compliance")


if __name__ == "__main__":
    main()
