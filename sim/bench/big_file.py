"""One very large file on its way through a node's stages, and the memory of the process meanwhile.

The server makes the bytes while it sends them: it holds one block, however long the file is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from recorder.adapters.contact_db.migrate import migrate
from sim.audio import AudioBank, of_size
from sim.bench.figures import rounded
from sim.bench.file_server import Tls, make_tls
from sim.bench.listed_source import HOST
from sim.bench.media_path import Orders
from sim.bench.programs import process_rss_bytes
from sim.bench.stage import AUDIO
from sim.bench.timing import now_ns, pause, seconds_since
from sim.ucaas.clocks import wall_us
from sim.ucaas.http import Content, Request, Response, byte_range
from sim.ucaas.server import FakeServer

_LOOK_S: Final = 0.05
_BLOCK_BYTES: Final = 1024 * 1024
_MB: Final = 1_000_000


def stream(directory: Path, size_bytes: int, fetcher: str) -> dict[str, Any]:
    """Fetch one file of that size into the buffer and the archive; a row of figures."""
    directory.mkdir(parents=True)
    tls = make_tls(directory / "tls", wall_us())
    database = f"sqlite:///{directory}/contacts.db"
    migrate(database)
    with _serving(tls, size_bytes) as url:
        orders = Orders(
            node="alpha",
            directory=str(directory / "alpha"),
            database=database,
            archive=str(directory / "archive"),
            url=url,
            ca_file=str(tls.authority),
            fetcher=fetcher,
            first=0,
            count=1,
            files=1,
            size_bytes=size_bytes,
            downloads=1,
            warm_up=0,
        )
        return {"fetcher": fetcher, "size_mb": size_bytes // _MB, **_watched(orders)}


def big_content(size_bytes: int) -> Content:
    """A recording of exactly that size: the same block again and again, held once."""
    block = of_size(AudioBank(AUDIO).load(), _BLOCK_BYTES).data
    whole, rest = divmod(size_bytes, len(block))
    return Content((block,) * whole + (block[:rest],))


@contextmanager
def _serving(tls: Tls, size_bytes: int) -> Generator[str]:
    content = big_content(size_bytes)

    def handle(request: Request) -> Response:
        kind = ("Content-Type", "audio/mpeg")
        asked = byte_range(request.headers.get("range", ""), size_bytes)
        if asked is None:
            return Response(416)
        if asked == (0, size_bytes):
            return Response(200, (kind,), content)
        start, stop = asked
        part = ("Content-Range", f"bytes {start}-{stop - 1}/{size_bytes}")
        return Response(206, (kind, part), content.cut(start, stop))

    server = FakeServer(handle=handle, host=HOST, tls=tls.of_server())
    server.start()
    try:
        yield f"{server.urls[0]}/"
    finally:
        server.stop()


def _watched(orders: Orders) -> dict[str, Any]:
    """Run the stages and look at their memory. Raises RuntimeError when they fail."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sim.bench.media_path"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None, "asked for above"
    assert process.stdout is not None, "asked for above"
    with process, process.stdin as orders_to, process.stdout as told:
        _say(orders_to, json.dumps(asdict(orders)))
        if told.readline().strip() != "ready":
            raise RuntimeError(f"the stages ended with {process.wait()} before they began")
        before_bytes = process_rss_bytes(process.pid)
        looks = [before_bytes]
        started_ns = now_ns()
        _say(orders_to, "go")
        while process.poll() is None:
            looks.append(process_rss_bytes(process.pid))
            pause(_LOOK_S)
        took_s = seconds_since(started_ns)
    if process.returncode != 0:
        raise RuntimeError(f"the stages ended with {process.returncode}")
    return figures(looks, orders.size_bytes, took_s)


def figures(looks: list[int], size_bytes: int, took_s: float) -> dict[str, Any]:
    """Of the memory before, then at each look: how high it went, and how much the second half added."""
    half = max(looks[: len(looks) // 2 + 1])
    return {
        "mb_per_s": rounded(size_bytes / _MB / took_s),
        "rss_before_mb": rounded(looks[0] / _MB),
        "rss_peak_mb": rounded(max(looks) / _MB),
        "grown_in_second_half_mb": rounded(max(0, max(looks) - half) / _MB),
        "looks": len(looks),
    }


def _say(stream: IO[str], line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()
