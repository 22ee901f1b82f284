"""The same files for every contender, from one server with TLS: nginx where installed, else our own."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from cluster.adapters.certs import make_certificates
from sim.audio import AudioBank, of_size
from sim.bench.listed_source import HOST, file_name
from sim.bench.stage import AUDIO
from sim.bench.timing import until
from sim.served.local_pair import free_ports
from sim.ucaas.http import Content, Request, Response
from sim.ucaas.server import FakeServer

_SERVER_NAME = "server"
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Tls:
    """A private authority and the server's certificate, PEM files."""

    authority: Path
    certificate: Path
    key: Path

    def of_server(self) -> ssl.SSLContext:
        """For our own server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def of_client(self) -> ssl.SSLContext:
        """Trusts the authority."""
        return ssl.create_default_context(cafile=str(self.authority))


@dataclass(frozen=True, slots=True)
class Served:
    """Files `00000.mp3` and so on below `url`, which ends in a slash."""

    url: str
    program: str
    """nginx, or our own."""


def make_tls(directory: Path, now_us: int) -> Tls:
    """Certificates for this machine's loopback address, in an empty directory."""
    make_certificates(
        directory, "bench", [_SERVER_NAME], {_SERVER_NAME: [HOST, "localhost"]}, now_us=now_us
    )
    return Tls(
        directory / "authority.pem",
        directory / f"{_SERVER_NAME}.pem",
        directory / f"{_SERVER_NAME}.key",
    )


def make_files(directory: Path, count: int, size_bytes: int) -> int:
    """Recordings of about that size, no two alike; returns the size of each."""
    directory.mkdir(parents=True)
    data = bytearray(of_size(AudioBank(AUDIO).load(), size_bytes).data)
    for number in range(count):
        data[-_NUMBER_BYTES:] = number.to_bytes(_NUMBER_BYTES, "big")
        (directory / file_name(number)).write_bytes(data)
    return len(data)


@contextmanager
def serving(files: Path, home: Path, tls: Tls) -> Generator[Served]:
    """Serve the directory `files` while the context lasts; `home` is for the server itself."""
    program = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin")
    if program is None:
        with _own_server(files, tls) as served:
            yield served
        return
    home.mkdir(parents=True, exist_ok=True)
    port = free_ports(1)[0]
    config = home / "nginx.conf"
    config.write_text(_nginx_config(files, home, tls, port), encoding="utf-8")
    command = [program, "-p", str(home), "-c", str(config), "-e", str(home / "error.log")]
    process = subprocess.Popen(command)  # noqa: S603 - the system's own nginx
    url = f"https://{HOST}:{port}/"
    try:
        until(lambda: _answers(url, tls), 10.0, "nginx answers")
        yield Served(url, "nginx")
    finally:
        process.terminate()
        process.wait()


def _answers(url: str, tls: Tls) -> bool:
    try:
        return httpx.get(url, verify=tls.of_client(), trust_env=False).is_success
    except httpx.TransportError:
        return False


def _nginx_config(files: Path, home: Path, tls: Tls, port: int) -> str:
    folders = "\n".join(
        f"  {name}_temp_path {home}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    as_root = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    return f"""{as_root}
daemon off;
worker_processes auto;
pid {home}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
{folders}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  types {{ audio/mpeg mp3; text/html html; }}
  server {{
    listen {HOST}:{port} ssl;
    ssl_certificate {tls.certificate};
    ssl_certificate_key {tls.key};
    root {files};
    autoindex on;
  }}
}}
"""


@contextmanager
def _own_server(files: Path, tls: Tls) -> Generator[Served]:
    def handle(request: Request) -> Response:
        name = request.path.removeprefix("/")
        if not name:
            links = "".join(f'<a href="{p.name}">{p.name}</a>\n' for p in sorted(files.iterdir()))
            page = Content((f"<html><body>{links}</body></html>".encode(),))
            return Response(200, (("Content-Type", "text/html"),), page)
        path = files / Path(name).name
        if not path.is_file():
            return Response(404)
        kind = (("Content-Type", "audio/mpeg"),)
        return Response(200, kind, Content((path.read_bytes(),)))

    server = FakeServer(handle=handle, host=HOST, tls=tls.of_server())
    server.start()
    try:
        yield Served(f"{server.urls[0]}/", "our own server")
    finally:
        server.stop()
