"""`python -m sim.ucaas.dynamics`: serve until SIGTERM; the first line on stdout is JSON with addresses."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import asdict
from typing import Any

from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.serving import serve_dynamics
from sim.ucaas.program import Stop, parser, run


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    made = parser("A fake Dynamics 365 environment.")
    made.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="ID:SECRET[:TOKEN_LIFE_S]",
        help="an app registration; repeat it for each node",
    )
    run(made.parse_args(), _serve)


def _serve(given: argparse.Namespace, tls: ssl.SSLContext | None) -> tuple[Any, Stop]:
    served = serve_dynamics(
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
    client_id, secret, *life = text.split(":")
    return ClientApp(client_id, secret, float(life[0]) if life else 3599.0)


if __name__ == "__main__":
    main()
