"""Serves the application on a thread of its own."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from cluster.ports import Endpoint
from recorder.errors import ConfigError
from recorder.scn.wire import FRAME_BYTES_MAX
from recorder.web.patient_protocol import PatientProtocol

_STOP_TIMEOUT_S = 10.0
_BACKLOG = 128


class WebServer:
    """Starts and stops uvicorn; the constructor binds the port, so a taken one is told at once."""

    def __init__(
        self,
        app: FastAPI,
        listen: Endpoint,
        *,
        certificate: Path | None,
        key: Path | None,
    ) -> None:
        """Raises ConfigError when the port is taken or the certificate cannot be used."""
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="off",
            http=PatientProtocol,
            ws="websockets-sansio",
            ws_max_size=FRAME_BYTES_MAX,
            ws_per_message_deflate=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            ssl_certfile=certificate,
            ssl_keyfile=str(key) if key else None,
        )
        try:
            config.load()
        except OSError as error:
            raise ConfigError(
                f"web.tls_certificate: {certificate} with {key}: {error.strerror or error}",
                hint="Both must be readable PEM files that belong together.",
            ) from error
        self._socket = _bind(listen)
        host, port = self._socket.getsockname()[:2]
        self.endpoint = Endpoint(host, port)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(  # noqa: TID251 - this file is the adapter of the web server
            target=self._run, name="web", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the answers under way, for 2 s at most."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(_STOP_TIMEOUT_S)
        self._socket.close()

    def _run(self) -> None:
        """A server that ends by itself ends the node: uvicorn leaves with SystemExit, unseen in a thread."""
        try:
            self._server.run(sockets=[self._socket])
        except SystemExit as error:
            raise RuntimeError(f"the web server gave up with status {error.code}") from error


def _bind(listen: Endpoint) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # Named, because asyncio lets small answers leave at once only where it knows that this is TCP.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((listen.host, listen.port))
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"web.listen: cannot listen on {listen}: {error.strerror or error}",
            hint="Is another node running there? Choose another web.listen.",
        ) from error
    bound.listen(_BACKLOG)
    return bound
