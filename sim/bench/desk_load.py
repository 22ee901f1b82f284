"""What a node spends on many desktops, and how soon a desktop is recorded elsewhere when its node is killed."""

from __future__ import annotations

import asyncio
import shutil
import signal
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from recorder.scn.model import ScreenPacket
from recorder.scn.webm import ScnReader
from sim.bench.desk_cost import office_clip
from sim.bench.figures import latency_row, rounded
from sim.bench.programs import process_cpu_s, process_rss_bytes
from sim.bench.stage import AUDIO
from sim.bench.timing import now_ns, pause, seconds_since, until
from sim.desk.crowd import Crowd
from sim.desk.desktop_process import DesktopProcess
from sim.desk.display import Display, can_show
from sim.desk.office import Office
from sim.desk.recorded_pair import SECRET, SOURCE, TOKEN, RecordedPair
from sim.desk.ringing import Ringing
from sim.desk.window import Window
from sim.screen_clip import screen_clip
from sim.served.sources import client_apps, dynamics_plan
from sim.ucaas.dynamics.serving import serve_dynamics

_CLIP_S = 20
_SECRET = "hook"  # noqa: S105 - of a fake service
_HEAD_BYTES = 4096
"""Of an SCN file: less than this; a first frame has more."""
_SETTLE_S = 5.0
_STATUS_S = 1.5
_TICK_S = 0.01
_WAIT_S = 30.0


def stored_clip(folder: Path) -> tuple[ScreenPacket, ...]:
    """What our agent makes of the script; without a display, a drawn text that scrolls."""
    if can_show():
        return office_clip(folder, _CLIP_S)
    return screen_clip(_CLIP_S, width=1920, height=1080, key_every_s=_CLIP_S)


def load_row(
    folder: Path, agents: int, seconds: float, clip: Sequence[ScreenPacket]
) -> dict[str, Any]:
    """One node of a pair with so many desktops that send an office screen at five frames a second."""
    shutil.rmtree(folder, ignore_errors=True)
    clock = RealClock()
    with RecordedPair(folder, agents=()) as recorded:
        recorded.pair.start()
        node = recorded["alpha"]
        pause(_SETTLE_S)
        crowd = Crowd(recorded.urls[0], SECRET, clip, wall_us=clock.wall_us())
        cpu_s, start_ns = process_cpu_s(node.pid), now_ns()
        if agents:
            asyncio.run(crowd.play(agents, seconds))
        else:
            pause(seconds)
        over_s = seconds_since(start_ns)
        assert node.running, node.tail()
        return {
            "name": f"{agents} desktops on one node",
            "core_percent": rounded(100 * (process_cpu_s(node.pid) - cpu_s) / over_s),
            "memory_mb": rounded(process_rss_bytes(node.pid) / 1e6),
            "packets_per_second": rounded(crowd.sent / over_s),
            "mbit_per_second": rounded(crowd.sent_bytes * 8 / over_s / 1e6),
            "kept_share": rounded(crowd.kept / crowd.sent) if crowd.sent else None,
            "crowd_late_s": rounded(crowd.late_s),
        }


def first_frame_rows(folder: Path, times: int) -> list[dict[str, Any]]:
    """From the post that tells of a ringing call to the first frame in the file of a node, and where the time goes."""
    shutil.rmtree(folder, ignore_errors=True)
    served = serve_dynamics(clients=client_apps(), audio=AUDIO)
    plan = dynamics_plan(served.urls, webhook_secret=f"value:{_SECRET}")
    agent = str(uuid.UUID(RealRandomness().token()))
    clock, seen = RealClock(), list[_FirstFrame]()
    try:
        with (
            RecordedPair(folder, sources=[plan]) as recorded,
            Display(1920, 1080) as display,
            Window(display.name, 1920, 1080) as window,
            httpx.Client() as client,
        ):
            Office(window)
            recorded.pair.start()
            desktop = DesktopProcess(
                folder / "desk", "desk-1", urls=recorded.urls, display=display.name, token=TOKEN,
                agents={SOURCE: agent},
            )  # fmt: skip
            desktop.start()
            try:
                until(lambda: desktop.view().get("node"), _WAIT_S, f"a node\n{desktop.tail()}")
                for _ in range(times):
                    ringing = Ringing(client, recorded["alpha"].url, _SECRET, agent)
                    seen.append(_first_frame(recorded, desktop, ringing, clock))
            finally:
                desktop.stop()
    finally:
        served.stop()
        clock.stop()
    return [
        latency_row(
            "call rings: until its first frame is in a file", [one.whole_s for one in seen]
        ),
        latency_row("  of it, until the post is answered", [one.answered_s for one in seen]),
        latency_row("  of it, until the picture is taken", [one.taken_s for one in seen]),
        latency_row("  from there to the file", [one.whole_s - one.taken_s for one in seen]),
    ]


@dataclass(frozen=True, slots=True)
class _FirstFrame:
    """Since the post was sent, in seconds."""

    answered_s: float
    """While it is, the desktop is at work already."""
    taken_s: float
    whole_s: float


def _first_frame(
    recorded: RecordedPair, desktop: DesktopProcess, ringing: Ringing, clock: RealClock
) -> _FirstFrame:
    ringing.begin()
    before, start_us, start_ns = recorded.written("alpha"), clock.wall_us(), now_ns()
    ringing.ring(start_us)
    answered_s = seconds_since(start_ns)
    until(
        lambda: recorded.written("alpha") > before + _HEAD_BYTES,
        _WAIT_S,
        f"a first frame\n{desktop.tail()}\n{recorded['alpha'].tail()}",
        every_s=0.005,
    )
    whole_s = seconds_since(start_ns)
    with recorded.parts("alpha")[-1].open("rb") as file:
        taken_us = ScnReader(file).head.stream.t0_us
    ringing.refuse(clock.wall_us())
    pause(_STATUS_S)  # what it wrote of itself may be a second old
    until(lambda: not desktop.view().get("recording"), _WAIT_S, "the end", every_s=0.1)
    until(lambda: recorded.written("alpha") == 0, _WAIT_S, "its file is deleted", every_s=0.1)
    return _FirstFrame(answered_s, (taken_us - start_us) / 1e6, whole_s)


def interruption_row(folder: Path, times: int, say: Callable[[str], None]) -> dict[str, Any]:
    """From SIGKILL of the node that records a desktop to the first bytes of its screen at the other node."""
    seen = list[float]()
    for number in range(times):
        say(f"a node is killed, {number + 1} of {times}")
        seen.append(_interruption_s(folder / str(number)))
    return latency_row("node killed: until the other one writes", seen)


def _interruption_s(folder: Path) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    with (
        RecordedPair(folder, agents=["anna"]) as recorded,
        Display(1280, 720) as display,
        Window(display.name, 1280, 720) as window,
    ):
        recorded.pair.start()
        office = Office(window)
        desktop = DesktopProcess(
            folder / "desk", "desk-1", urls=recorded.urls, display=display.name, token=TOKEN,
            agents={SOURCE: "anna"},
        )  # fmt: skip
        desktop.start()
        try:

            def works_until(node: str) -> int:
                office.step("typing")
                return recorded.written(node)

            until(lambda: works_until("alpha"), _WAIT_S, f"alpha writes\n{desktop.tail()}")
            for _ in range(40):
                office.step("typing")
                pause(_TICK_S)
            recorded["alpha"].signal(signal.SIGKILL)
            start_ns = now_ns()
            until(
                lambda: works_until("beta"),
                _WAIT_S,
                f"beta writes\n{desktop.tail()}",
                every_s=_TICK_S,
            )
            return seconds_since(start_ns)
        finally:
            desktop.stop()
