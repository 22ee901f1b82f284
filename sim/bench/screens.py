"""Recording agents' screens: what it costs the agent's computer, the node, and how quickly things happen.

`python -m sim.bench.screens [--seconds 20] [--only agent,event,interruption,load]`

The agent's computer is a display without a monitor (Xvfb) on which somebody seems to work: idle, typing,
scrolling, a pop-up, and all of it in turn. Beside our agent, in the same run, ffmpeg grabs the same script to
a file, where it is installed. Then desktops in one process play stored packets to a real node. Takes about five
minutes, tells on stderr what it does, and writes var/bench/screens.json.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from recorder.scn.model import ScreenPacket
from sim.bench.desk_cost import cost_rows
from sim.bench.desk_load import first_frame_rows, interruption_row, load_row, stored_clip
from sim.bench.figures import publish, show
from sim.bench.timing import now_ns, seconds_since
from sim.desk.display import MISSING, can_show

WANTED = {"event_to_first_frame_ms": 1000.0, "interruption_ms": 3000.0}
PARTS = ("agent", "event", "interruption", "load")
CROWDS = (0, 50, 200)
IDLE_S = 5.0
_BEGUN_NS = now_ns()


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--directory", type=Path, default=Path("var/bench/screens"))
    given = parser.parse_args()
    parts = set(given.only.split(","))
    folder = given.directory.absolute()
    skipped = _skipped()
    agent, latencies, clip = _with_display(parts, folder, given.seconds, given.times)
    load: list[dict[str, Any]] = []
    if "load" in parts:
        clip = clip or stored_clip(folder / "clip")
        for crowd in CROWDS:
            over_s = given.seconds if crowd else IDLE_S
            say(f"one node and {crowd} desktops: {over_s:g} s")
            load.append(load_row(folder / "load", crowd, over_s, clip))
    path = publish("screens", agent, wanted=WANTED, latencies=latencies, load=load, skipped=skipped)
    for title, rows in (
        ("One agent at 1920x1080 and 5 frames a second", agent),
        ("How quickly (wanted: first frame within 1 s, interruption under 3 s)", latencies),
        ("One node and many desktops", load),
    ):
        if rows:
            show(title, rows, path)
    for line in skipped:
        print(f"skipped: {line}")
    return 0


def _skipped() -> list[str]:
    """What cannot be measured here, and why."""
    found: list[str] = []
    if not can_show():
        found.append(f"agent, event, interruption: {MISSING}")
    if shutil.which("ffmpeg") is None:
        found.append("ffmpeg beside ours: it is not installed (Debian: ffmpeg)")
    return found


def _with_display(
    parts: set[str], folder: Path, seconds: float, times: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], tuple[ScreenPacket, ...]]:
    """What an agent costs, how quickly things happen, and the packets of the agent's screen."""
    agent: list[dict[str, Any]] = []
    latencies: list[dict[str, Any]] = []
    clip: tuple[ScreenPacket, ...] = ()
    if can_show():
        if "agent" in parts:
            agent, clip = cost_rows(folder / "agent", seconds, say)
        if "event" in parts:
            say(f"a call rings, {2 * times} times")
            latencies += first_frame_rows(folder / "event", 2 * times)
        if "interruption" in parts:
            latencies.append(interruption_row(folder / "interruption", times, say))
    return agent, latencies, clip


def say(what: str) -> None:
    """Where it is."""
    print(f"[{seconds_since(_BEGUN_NS):4.0f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
