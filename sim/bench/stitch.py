"""Stitching as a multiple of real time, beside the `ffmpeg` program on the same files in the same run.

`python -m sim.bench.stitch [--seconds 300 3600] [--rounds 3]`

A contact has three stereo recordings (MP3, 16 kHz, 32 kbit/s), of which the second overlaps the first by 30 s
and the third comes after a gap of 20 s, and one screen of 1920 x 1080 at 5 frames a second over its whole length.
Both make one WebM out of them: VP9 copied, Opus 32 kbit/s, cues in front. Tandem's worker makes waveform and
timeline besides. Each is a program of its own, started anew at the same low
priority; the best of the rounds counts. A contact of more than ten minutes is made once by each: an hour takes each program
half a minute of an idle machine, and minutes of a busy one. `x_ffmpeg` is how many times the speed of ffmpeg it is, in processor time.

Writes var/bench/stitch.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from recorder.model import Interaction, MediaKind, MediaRef, Party
from recorder.records.contacts import ContactDetail, ContactRow, MediaRow
from recorder.scn.model import (
    ClockOffset,
    Leg,
    ScreenPacket,
    ScreenPart,
    ScreenStream,
    Span,
    Verdict,
)
from recorder.scn.part import ScnHead
from recorder.scn.webm import head_bytes, packet_bytes
from recorder.stitch.inputs import Inputs
from recorder.stitch.plan import plan
from recorder.stitch.plan_model import Made, Order
from recorder.stitch.worker import NICE
from sim.audio import RATE_HZ, speech
from sim.bench.figures import RESULTS, publish, show
from sim.bench.timing import now_ns, seconds_since
from sim.clockwork.chance import stream
from sim.screen_clip import screen_clip

START_US: Final = 1_700_000_000_000_000
LOOP_S: Final = 60
OVERLAP_S: Final = 30
GAP_S: Final = 20
WIDTH, HEIGHT = 1920, 1080
_MEMORY_BYTES: Final = 3 * 1024**3
_LONG_S: Final = 600
_LAUNCHER: Final = """
import json, os, sys
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
told = [os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
os.write(int(sys.argv[1]), json.dumps(told).encode())
"""
"""A program begins with the memory of whoever starts it, as the system counts: so something small does."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording."""

    key: str
    start_s: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program took, and said."""

    wall_s: float
    cpu_s: float
    peak_mb: int
    said: bytes


def pieces(seconds: int) -> tuple[Piece, ...]:
    """Three recordings that end together with the contact."""
    half = seconds // 2
    first = Piece("a.mp3", 0, half)
    second = Piece("b.mp3", half - OVERLAP_S, seconds // 4)
    third = second.start_s + second.seconds + GAP_S
    return first, second, Piece("c.mp3", third, seconds - third)


def stereo_loop() -> bytes:
    """Two people on two channels for a minute; frames stand alone, so that it can be repeated as bytes."""
    voices = [speech(LOOP_S, stream(0, "stitch", side)) for side in ("left", "right")]
    container: Any = av.open(os.devnull, "w", format="mp3")
    out = container.add_stream(
        "libmp3lame", rate=RATE_HZ, layout="stereo", options={"reservoir": "0"}
    )
    out.bit_rate = 32_000
    frames: list[bytes] = []
    both = np.stack(voices)
    for at in range(0, both.shape[1] - 575, 576):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(both[:, at : at + 576]), format="s16p", layout="stereo"
        )
        frame.sample_rate, frame.pts = RATE_HZ, at
        frames += [bytes(packet) for packet in out.encode(frame)]
    container.close()
    return b"".join(frames)


def repeated(loop: bytes, seconds: int) -> bytes:
    """So many seconds of it, at 32 kbit/s."""
    size = seconds * 4_000
    return (loop * (size // len(loop) + 1))[: size - size % 144]


def screen_file(seconds: int) -> tuple[bytes, ScreenPart]:
    """An SCN file of the whole length, of one minute again and again."""
    clip = screen_clip(LOOP_S, width=WIDTH, height=HEIGHT, key_every_s=LOOP_S)
    packets = [
        ScreenPacket(
            turn * len(clip) + one.seq, turn * LOOP_S * 1000 + one.pts_ms, one.is_key, one.data
        )
        for turn in range(seconds // LOOP_S)
        for one in clip
    ]
    what = ScreenStream("stream", "desk", ("calls/ann",), "vp9", WIDTH, HEIGHT, START_US)
    offset = ClockOffset(0, 1_000)
    head = ScnHead("aa", what, "alpha", (), 0, offset)
    data = head_bytes(head) + b"".join(packet_bytes(one) for one in packets)
    end_us = START_US + packets[-1].pts_ms * 1000
    part = ScreenPart(
        "aa", what, "alpha", START_US, end_us, 0, len(packets) - 1, offset, len(data), "", "screens/aa", 0
    )  # fmt: skip
    return data, part


def order_of(folder: Path, seconds: int, part: ScreenPart) -> Order:
    """What the worker is told."""
    media = tuple(
        MediaRef(
            one.key,
            MediaKind.AUDIO,
            one.key,
            "audio/mpeg",
            started_us=START_US + one.start_s * 1_000_000,
        )
        for one in pieces(seconds)
    )
    rows = tuple(
        MediaRow(
            one.key,
            "audio",
            one.key,
            "audio/mpeg",
            (folder / one.key).stat().st_size,
            "",
            one.key,
            None,
            0,
            "",
            "i",
        )
        for one in media
    )
    party = Party("ann", "agent", "Ann")
    interaction = Interaction(
        "i", "call", "voice", "inbound", START_US, None, parties=(party,), media=media
    )
    row = ContactRow(
        "c" * 32, "calls", "call", START_US, None, "inbound", "voice", "", (), 1, 3, 0, 0
    )
    leg = Leg("calls/ann", "call", Span(START_US, None), Verdict.KEPT, "")
    made = plan(Inputs(ContactDetail(row, (interaction,), rows), (), (leg,), (part,)))
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    paths = {one.key: str(folder / one.key) for one in media} | {
        part.object_key: str(folder / "screen.webm")
    }
    return Order(
        plan=made,
        paths=paths,
        directory=str(out),
        prefix="x/",
        memory_bytes_max=_MEMORY_BYTES,
        parent_pid=0,
    )


def ffmpeg_command(folder: Path, seconds: int, program: str) -> list[str]:
    """The same rendition by the other program."""
    every = pieces(seconds)
    inputs = [word for one in every for word in ("-i", str(folder / one.key))]
    delays = [
        f"[{number}]adelay={one.start_s * 1000}:all=1[d{number}]"
        for number, one in enumerate(every)
    ]
    mix = "".join(f"[d{number}]" for number in range(len(every)))
    graph = ";".join([*delays, f"{mix}amix=inputs={len(every)}:normalize=0:duration=longest[mix]"])
    return [
        "nice", "-n", str(NICE),
        program, "-v", "error", "-y", *inputs, "-i", str(folder / "screen.webm"), "-filter_complex", graph,
        "-map", "[mix]", "-map", f"{len(every)}:v", "-c:v", "copy", "-c:a", "libopus", "-b:a", "32k",
        "-application", "voip", "-frame_duration", "60", "-ar", "16000", "-ac", "2", "-cues_to_front", "1",
        str(folder / "ffmpeg.webm"),
    ]  # fmt: skip


def ran(command: Sequence[str], given: Callable[[int], bytes] = lambda _pid: b"") -> Ran:
    """Run a program to its end; `given` makes its input, from the id of its parent.

    Raises RuntimeError with the end of its errors when it fails.
    """
    reading, writing = os.pipe()
    launcher = [sys.executable, "-S", "-c", _LAUNCHER, str(writing), *command]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        started_ns = now_ns()
        with subprocess.Popen(  # noqa: S603 - our own
            launcher, stdin=subprocess.PIPE, stdout=said, stderr=errors, pass_fds=(writing,)
        ) as process:
            os.close(writing)
            process.communicate(given(process.pid))
        wall_s = seconds_since(started_ns)
        with os.fdopen(reading, "rb") as told:
            code, cpu_s, peak_kb = json.loads(told.read() or b"[-1, 0, 0]")
        if code:
            errors.seek(0)
            end = errors.read()[-800:].decode(errors="replace")
            raise RuntimeError(f"{command[0]} ended with {code}: {end}")
        said.seek(0)
        return Ran(wall_s, cpu_s, round(peak_kb / 1000), said.read())


def measure(folder: Path, seconds: int, rounds: int) -> list[dict[str, Any]]:
    """Both programs in turn; the best of each."""
    say(f"a contact of {seconds} s: its recordings and its screen are made …")
    loop = stereo_loop()
    for one in pieces(seconds):
        (folder / one.key).write_bytes(repeated(loop, one.seconds))
    data, part = screen_file(seconds)
    (folder / "screen.webm").write_bytes(data)
    part = replace(part, sha256=hashlib.sha256(data).hexdigest())
    program = shutil.which("ffmpeg")
    ours: list[Ran] = []
    theirs: list[Ran] = []
    for _ in range(rounds if seconds <= _LONG_S else 1):
        order = order_of(folder, seconds, part)
        worker = [sys.executable, "-m", "recorder.stitch.worker"]
        ours.append(ran(worker, partial(_order_from, order)))
        say(f"  tandem worker: {ours[-1].wall_s:.1f} s")
        if program is not None:
            theirs.append(ran(ffmpeg_command(folder, seconds, program)))
            say(f"  ffmpeg: {theirs[-1].wall_s:.1f} s")
    made = Made.model_validate_json(ours[-1].said)
    rows = [_row("tandem worker", seconds, ours, made.rendition.file.size_bytes)]
    if theirs:
        rows.append(_row("ffmpeg", seconds, theirs, (folder / "ffmpeg.webm").stat().st_size))
        for row in rows:
            row["x_ffmpeg"] = round(rows[1]["cpu_s"] / row["cpu_s"], 2)
    return rows


def _order_from(order: Order, parent_pid: int) -> bytes:
    """As whoever starts the worker says it: it ends with them."""
    return order.model_copy(update={"parent_pid": parent_pid}).model_dump_json().encode()


def say(what: str) -> None:
    """How far it is, at once: minutes without a word look like an end that never comes."""
    print(what, flush=True)


def _row(name: str, seconds: int, runs: Sequence[Ran], size_bytes: int) -> dict[str, Any]:
    wall_s, cpu_s = min(one.wall_s for one in runs), min(one.cpu_s for one in runs)
    return {
        "name": name,
        "contact_s": seconds,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "x_real_time": round(seconds / wall_s, 1),
        "x_by_cpu": round(seconds / cpu_s, 1),
        "peak_mb": max(one.peak_mb for one in runs),
        "size_mb": round(size_bytes / 1e6, 2),
    }


def run(lengths: Sequence[int], rounds: int, results: Path = RESULTS) -> list[dict[str, Any]]:
    """Measure, print and publish; returns the rows."""
    rows: list[dict[str, Any]] = []
    for seconds in lengths:
        with tempfile.TemporaryDirectory(prefix="tandem-stitch-") as folder:
            rows += measure(Path(folder), seconds, rounds)
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is not installed: Tandem is measured alone", flush=True)
    path = publish("stitch", rows, folder=results, rounds=rounds, av=av.__version__)
    show("Stitching a contact: three recordings and a screen", rows, path)
    return rows


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, nargs="+", default=[300, 3600])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    run(given.seconds, given.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
