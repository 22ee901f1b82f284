"""`tandem up`: a pair with a steady stream of calls, until Ctrl-C. A node that dies is started again."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from sim.local_pair import NODES, free_port
from sim.served_sources import DYNAMICS
from sim.show.display import open_display
from sim.show.stage import Stage
from sim.ucaas.admin_client import fake_variable

WEB_PORTS = {"alpha": 8441, "beta": 8442}
FAKE_PORTS = {"dynamics": 8450, "zoom": 8451, "webex": 8452}
LIVE_S = 40.0
"""Calls that are told while they last are short enough to be watched."""
_RESTART_AFTER_S = 5.0
_LOOK_S = 0.5


class _Stopped(Exception):
    """SIGTERM came."""


def run_up(
    directory: Path,
    audio: Path,
    calls_per_minute: float,
    kinds: tuple[str, ...] = (DYNAMICS,),
    *,
    webhooks: bool = False,
) -> int:
    """Run until SIGINT or SIGTERM; returns 0."""
    signal.signal(signal.SIGTERM, _raise_stopped)
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
        ) as stage:
            _run(stage, calls_per_minute, live=webhooks)
    except (KeyboardInterrupt, _Stopped):
        print("stopped")
    return 0


def _run(stage: Stage, calls_per_minute: float, *, live: bool) -> None:
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
    while True:
        stage.watch(_LOOK_S)
        _restart_dead(stage, dead_since)


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
    raise _Stopped
