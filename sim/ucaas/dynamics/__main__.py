"""`python -m sim.ucaas.dynamics`: serve until SIGTERM; the first line on stdout is JSON with addresses."""

from __future__ import annotations

import argparse
import json
import signal
import ssl
import threading
from dataclasses import asdict
from types import FrameType

from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.serving import serve_dynamics


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A fake Dynamics 365 environment.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--public-url", default="", help="how others reach it, if not by --host")
    parser.add_argument("--audio", default="var/audio", help="where the audio bank is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cert", help="certificate file (PEM); serves https")
    parser.add_argument("--key", help="key file (PEM)")
    parser.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="ID:SECRET[:TOKEN_LIFE_S]",
        help="an app registration; repeat it for each node",
    )
    given = parser.parse_args()
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    tls = None
    if given.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.cert, given.key)
    served = serve_dynamics(
        clients=[_client(text) for text in given.client],
        host=given.host,
        port=given.port,
        tls=tls,
        audio=given.audio,
        public_url=given.public_url,
        seed=given.seed,
    )
    print(json.dumps(asdict(served.urls)), flush=True)
    stopped.wait()
    served.stop()


def _client(text: str) -> ClientApp:
    client_id, secret, *life = text.split(":")
    return ClientApp(client_id, secret, float(life[0]) if life else 3599.0)


if __name__ == "__main__":
    main()
