"""`tandem up`: a pair with a steady stream of calls, until Ctrl-C. A node that dies is started again."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from cluster.adapters.real_randomness import RealRandomness
from recorder.scn.desktop_tokens import desktop_token
from sim.audio import AudioBank
from sim.desk.display import can_show
from sim.desk.seat import Seat
from sim.served.local_pair import NODES, free_port
from sim.served.sources import DYNAMICS
from sim.show.desks import AGENTS, INSTALL, SECRET_FILE, SOURCE, TABLES, Desks, Show, agent_of
from sim.show.display import open_display
from sim.show.stage import Stage
from sim.ucaas.admin_client import fake_variable
from sim.ucaas.clocks import wall_us

WEB_PORTS = {"alpha": 8441, "beta": 8442}
FAKE_PORTS = {"dynamics": 8450, "zoom": 8451, "webex": 8452}
LIVE_S = 40.0
"""Calls that are told while they last are short enough to be watched."""
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The last one comes when a terminal is closed."""
_RESTART_AFTER_S = 5.0
_LOOK_S = 0.5


class _Stopped(Exception):
    """A signal of ENDS came."""


def run_up(
    directory: Path,
    audio: Path,
    calls_per_minute: float,
    kinds: tuple[str, ...] = (DYNAMICS,),
    *,
    webhooks: bool = False,
    screens: bool = False,
) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP; returns 0. `screens` need webhooks, and the source dynamics."""
    for number in ENDS:
        signal.signal(number, _raise_stopped)
    web_ports = {name: free_port(WEB_PORTS[name]) for name in NODES}
    fake_ports = {kind: free_port(FAKE_PORTS[kind]) for kind in kinds}
    try:
        with Stage(
            directory,
            audio,
            open_display(),
            kinds=kinds,
            web_ports=web_ports,
            fake_ports=fake_ports,
            webhooks=webhooks,
            tables=TABLES if screens else None,
        ) as stage:
            _run(stage, calls_per_minute, live=webhooks, desks_with=audio if screens else None)
    except (KeyboardInterrupt, _Stopped):
        print("stopped")
    return 0


def _run(
    stage: Stage, calls_per_minute: float, *, live: bool, desks_with: Path | None = None
) -> None:
    """`desks_with`: agents work at desks, and their calls sound like this bank of audio."""
    secret = RealRandomness().token()
    if desks_with is not None:
        _write_secret(stage.directory / SECRET_FILE, secret)
    stage.event("starting two nodes")
    primary = stage.pair.start()
    for one in stage.served.all:
        rate = calls_per_minute / len(stage.served.all)
        if live and "longest_s" in one.demo_mix:
            one.admin.feed(rate, longest_s=LIVE_S)
        else:
            one.admin.feed(rate)
    stage.event(f"{primary} is primary; {calls_per_minute:g} calls a minute")
    for name, node in stage.pair.nodes.items():
        stage.event(f"{name}: {node.url}  pid {node.pid}  log {node.log}")
    stage.event(f"in a browser: any of these addresses; the token is in {stage.pair.token_file}")
    for one in stage.served.all:
        stage.event(f"fake service {one.kind}: {one.base}")
    stage.event(f"in another terminal:  source {_environment(stage)}")
    stage.event(
        f"then:  tandem node list;  kill -9 {stage.pair.nodes[primary].pid};  tandem node list"
    )
    dead_since: dict[str, float] = {}
    with ExitStack() as stack:
        desks = None if desks_with is None else _desks(stack, stage, desks_with, secret)
        while True:
            stage.watch(_LOOK_S)
            _restart_dead(stage, dead_since)
            if desks is not None:
                desks.look()


def _desks(stack: ExitStack, stage: Stage, audio: Path, secret: str) -> Desks | None:
    """Agents at work; None, and what to do about it, where there can be no display."""
    if not can_show():
        stage.event(f"no screens: Xvfb or libX11 is missing; {INSTALL}, then start this again")
        return None
    urls = [node.url.replace("http", "ws", 1) for node in stage.pair.nodes.values()]
    seats: list[Seat] = []
    for number, agent in enumerate(AGENTS, 1):
        key, name = agent_of(agent)
        order, desk = urls if number % 2 else urls[::-1], f"desk-{number}"
        seat = Seat(
            stage.directory / "desks",
            desk,
            urls=order,
            token=desktop_token(secret, desk),
            agents={SOURCE: key},
        )
        stack.callback(seat.close)
        seats.append(seat)
        stage.event(f"{seat.name}: {name} works on display {seat.display.name}")
    stage.event("two agents take calls; a replay of each is named here within two minutes")
    stage.event("play it: the yellow bar in the picture moves with the waveform")
    show = Show(
        bank=AudioBank(audio).load(),
        admin=stage.served[SOURCE].admin,
        event=stage.event,
        replayed=stage.replayed,
        page=next(node.url for node in stage.pair.nodes.values()),
        wall_us=wall_us,
    )
    return Desks(show, seats)


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret, encoding="utf-8")


def _restart_dead(stage: Stage, dead_since: dict[str, float]) -> None:
    now = time.monotonic()  # noqa: TID251 - a show runs in real time
    for name, node in stage.pair.nodes.items():
        if node.running:
            dead_since.pop(name, None)
        elif name not in dead_since:
            dead_since[name] = now
            stage.event(f"{name} ended with status {node.exit_status}; starting it again soon")
        elif now - dead_since[name] > _RESTART_AFTER_S:
            dead_since.pop(name)
            node.start()
            stage.event(f"{name} runs again: pid {node.pid}")


def _environment(stage: Stage) -> str:
    """Write what a second terminal needs; returns the file's path, short where possible."""
    path = stage.directory / "env"
    lines = {
        "TANDEM_URL": stage.pair.urls,
        "TANDEM_TOKEN_FILE": str(stage.pair.token_file),
        "TANDEM_FAKE": stage.served.all[0].base,
        **{fake_variable(one.kind): one.base for one in stage.served.all},
        "PATH": f"{Path(sys.executable).parent}:$PATH",
    }
    # What is set for another pair would count more than the file named here.
    text = "unset TANDEM_TOKEN TANDEM_CONFIG TANDEM_CA_FILE\n"
    text += "".join(f'export {name}="{value}"\n' for name, value in lines.items())
    path.write_text(text, encoding="utf-8")
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _raise_stopped(_number: int, _frame: object) -> None:
    """Once: another one while everything ends would leave half of it running. A second Ctrl-C may."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    raise _Stopped
