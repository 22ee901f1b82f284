"""What recording an office-like screen costs: our agent beside programs a user would pick instead."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recorder.scn.model import ScreenPacket
from sim.bench.figures import rounded
from sim.bench.programs import process_cpu_s, process_rss_bytes
from sim.bench.timing import now_ns, pause, seconds_since, until
from sim.desk.desktop_process import DesktopProcess
from sim.desk.display import Display
from sim.desk.office import PHASES
from sim.desk.sink import Sink

WIDTH, HEIGHT, FRAMES_PER_S = 1920, 1080, 5.0
MIXED = ""
"""The whole script, one phase after the other."""
WAITING = "waiting"
"""No call: connected, and nothing is recorded."""
_HOUR_S = 3600.0
_KEY_EVERY_S = 60
_START_S = 30.0
_PHASE_SHARE = 0.3
"""Of the time of the whole script: one phase says the same all the time."""
_ALTERNATIVES = {
    "ffmpeg x11grab, x264 veryfast crf 26": ("libx264", "-preset", "veryfast", "-crf", "26"),
    "ffmpeg x11grab, VP9 realtime crf 32": (
        "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "7", "-crf", "32", "-b:v", "0",
        "-threads", "1",
    ),
}  # fmt: skip


@contextmanager
def somebody_works(display: str, phase: str, seconds: float) -> Generator[None]:
    """The window of `sim.desk.office`, in a process of its own; the same pictures every time."""
    words = ["--display", display, "--width", str(WIDTH), "--height", str(HEIGHT)]
    command = [sys.executable, "-m", "sim.desk.office", *words, "--seconds", str(seconds)]
    if phase:
        command += ["--phase", phase]
    process = subprocess.Popen(command)  # noqa: S603 - our own program
    try:
        pause(1.0)
        yield
    finally:
        process.terminate()
        process.wait()


def agent_row(
    folder: Path, display: str, phase: str, seconds: float, *, clip: list[ScreenPacket]
) -> dict[str, Any]:
    """Our agent, sending over a WebSocket of this computer. The packets of the whole script go into `clip`, too."""
    sink = Sink(0.0 if phase == WAITING else FRAMES_PER_S, keep=phase == MIXED)
    works = "idle" if phase == WAITING else phase
    agent = DesktopProcess(
        folder, f"desk-{phase or 'mixed'}", urls=[sink.url], display=display, token="t",  # noqa: S106 - of a sink
        agents={"dynamics": "anna"}, screen={"nice": 0},
    )  # fmt: skip
    with somebody_works(display, works, seconds + _START_S + 10):
        agent.start()
        try:
            until(
                lambda: sink.frames or (phase == WAITING and sink.desktops),
                _START_S,
                f"frames\n{agent.tail()}",
            )
            pause(2.0)  # what a start costs is not what an hour costs
            cpu_s, start_ns = process_cpu_s(agent.pid), now_ns()
            frames, size = sink.frames, sink.bytes
            pause(seconds)
            over_s = seconds_since(start_ns)
            row = _row("Tandem agent", phase, process_cpu_s(agent.pid) - cpu_s, over_s)
            row["frames"] = sink.frames - frames
            row["mb_per_hour"] = rounded((sink.bytes - size) / over_s * _HOUR_S / 1e6)
            row["memory_mb"] = rounded(process_rss_bytes(agent.pid) / 1e6)
            clip += sink.packets or []
            return row
        finally:
            agent.stop()
            sink.close()


def office_clip(folder: Path, seconds: float) -> tuple[ScreenPacket, ...]:
    """The packets our agent makes of the whole script; the first is a key frame."""
    folder.mkdir(parents=True, exist_ok=True)
    sink = Sink(FRAMES_PER_S, keep=True)
    with Display(WIDTH, HEIGHT) as display, somebody_works(display.name, MIXED, seconds + _START_S):
        agent = DesktopProcess(
            folder, "desk-clip", urls=[sink.url], display=display.name, token="t",  # noqa: S106 - of a sink
            agents={"dynamics": "anna"},
        )  # fmt: skip
        agent.start()
        try:
            until(lambda: sink.frames, _START_S, f"frames\n{agent.tail()}")
            pause(seconds)
        finally:
            agent.stop()
            sink.close()
    assert sink.packets, "kept above"
    return tuple(sink.packets)


def alternative_rows(
    folder: Path, display: str, phase: str, seconds: float
) -> list[dict[str, Any]]:
    """The same script, grabbed to a file by ffmpeg; nothing where it is not installed."""
    if shutil.which("ffmpeg") is None:
        return []
    return [
        _program_row(folder, display, seconds, name=name, phase=phase) for name in _ALTERNATIVES
    ]


def _program_row(
    folder: Path, display: str, seconds: float, *, name: str, phase: str
) -> dict[str, Any]:
    out = folder / "alternative.mkv"
    codec = _ALTERNATIVES[name]
    rate = f"{FRAMES_PER_S:g}"
    command = [
        "ffmpeg", "-loglevel", "error", "-y", "-f", "x11grab", "-framerate", rate,
        "-video_size", f"{WIDTH}x{HEIGHT}", "-i", display, "-pix_fmt", "yuv420p", "-c:v", *codec,
        "-g", str(round(_KEY_EVERY_S * FRAMES_PER_S)), "-flush_packets", "1", str(out),
    ]  # fmt: skip
    with somebody_works(display, phase, seconds + 20):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - its own words
        try:
            pause(4.0)
            cpu_s, size, start_ns = process_cpu_s(process.pid), _size(out), now_ns()
            pause(seconds)
            over_s = seconds_since(start_ns)
            row = _row(name, phase, process_cpu_s(process.pid) - cpu_s, over_s)
            row["frames"] = round(over_s * FRAMES_PER_S)
            row["mb_per_hour"] = rounded((_size(out) - size) / over_s * _HOUR_S / 1e6)
            row["memory_mb"] = rounded(process_rss_bytes(process.pid) / 1e6)
            return row
        finally:
            process.terminate()
            process.wait()
            out.unlink(missing_ok=True)


def _row(name: str, phase: str, cpu_s: float, over_s: float) -> dict[str, Any]:
    percent = rounded(100 * cpu_s / over_s)
    return {"name": name, "screen": phase or "mixed", "core_percent": percent}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def cost_rows(
    folder: Path, seconds: float, say: Callable[[str], None]
) -> tuple[list[dict[str, Any]], tuple[ScreenPacket, ...]]:
    """Each phase with our agent; the whole script for so long, with the alternatives beside it, and its packets."""
    folder.mkdir(parents=True, exist_ok=True)
    clip: list[ScreenPacket] = []
    rows: list[dict[str, Any]] = []
    with Display(WIDTH, HEIGHT) as display:
        for phase in (WAITING, *PHASES, MIXED):
            over_s = seconds if phase == MIXED else seconds * _PHASE_SHARE
            say(f"one agent, {phase or 'mixed'}: {over_s:g} s")
            rows.append(agent_row(folder, display.name, phase, over_s, clip=clip))
        ours = rows[-1]
        say("the same with ffmpeg, where it is installed")
        for row in alternative_rows(folder, display.name, MIXED, seconds):
            row["cpu_of_ours"] = rounded(row["core_percent"] / max(ours["core_percent"], 0.01), 3)
            row["size_of_ours"] = rounded(row["mb_per_hour"] / max(ours["mb_per_hour"], 0.01), 3)
            rows.append(row)
    return rows, tuple(clip)
