"""A small HTTPS server whose paths misbehave in one way each."""

import gzip
import re
import ssl
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

MEDIA = b"ID3" + bytes(range(256)) * 2000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        getattr(self, "on_" + parts.path.strip("/"))()

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def on_whole(self):
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if asked is None:
            self.reply(200, MEDIA, Content_Type="audio/mpeg")
            return
        start, last = int(asked[1]), min(int(asked[2] or len(MEDIA)), len(MEDIA) - 1)
        if start >= len(MEDIA):
            self.reply(416, Content_Range=f"bytes */{len(MEDIA)}")
            return
        total = "*" if "star" in self.query else len(MEDIA)
        body = MEDIA[start : last + 1]
        self.reply(206, body, Content_Range=f"bytes {start}-{last}/{total}")

    def on_column(self):
        """A file column of Dataverse: parts without Content-Range."""
        size = {"x_ms_file_size": str(len(MEDIA))} if "shy" not in self.query else {}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if asked is None:
            self.reply(200, MEDIA, **size)
            return
        body = MEDIA[int(asked[1]) : int(asked[2]) + 1]
        if not body:
            self.reply(416)
            return
        self.reply(206, body, x_ms_chunk_size=str(len(body)), **size)

    def on_norange(self):
        self.reply(200, MEDIA)

    def on_wrongpart(self):
        self.reply(206, MEDIA[:10], Content_Range=f"bytes 0-9/{len(MEDIA)}")

    def on_unsized(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(MEDIA), 100_000):
            block = MEDIA[at : at + 100_000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        self.wfile.write(b"0\r\n\r\n")

    def on_redirect(self):
        self.reply(int(self.query.get("status", ["302"])[0]), Location=unquote(self.query["to"][0]))

    def on_nowhere(self):
        self.reply(302)

    def on_loop(self):
        self.reply(302, Location="/loop")

    def on_stall(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(MEDIA)))
        self.end_headers()
        self.wfile.write(MEDIA[: 3 * 65536])
        self.wfile.flush()
        self.server.released.wait(20)

    def on_silent(self):
        self.server.released.wait(20)

    def on_short(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(MEDIA)))
        self.end_headers()
        self.wfile.write(MEDIA[: 3 * 65536])
        self.wfile.flush()
        self.connection.shutdown(2)
        self.close_connection = True

    def on_html(self):
        self.reply(200, b"<html>Sign in", Content_Type="text/html; charset=utf-8")

    def on_empty(self):
        self.reply(200, b"", Content_Type="audio/mpeg")

    def on_gzip(self):
        self.reply(200, gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")

    def on_status(self):
        headers = {}
        if "after" in self.query:
            headers["Retry_After"] = self.query["after"][0]
        if "in" in self.query:
            headers["Retry_After"] = formatdate(
                1_700_000_000 + int(self.query["in"][0]), usegmt=True
            )
        code = int(self.query["code"][0])
        self.send_response_only(code)
        self.send_header("Date", formatdate(1_700_000_000, usegmt=True))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that does not trust us or hangs up is part of the tests


@contextmanager
def media_server(directory):
    """Serve on loopback with a private authority; `ca_file` is what a client must trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.seen = []
    server.released = threading.Event()
    server.port = server.server_address[1]
    server.ca_file = str(directory / "ca.pem")
    authority.cert_pem.write_to_path(server.ca_file)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))  # noqa: TID251 - a server
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
