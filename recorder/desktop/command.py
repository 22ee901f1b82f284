"""`tandem agent-desktop`: the service on an agent's computer, its check and its status."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from recorder.cli.common import JsonFlag, from_file, needed_config
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line
from recorder.desktop.token_command import token

if TYPE_CHECKING:
    from recorder.desktop.settings import DesktopSettings

app = App(
    name="agent-desktop",
    help="The service on an agent's computer: record its screen when a node asks.",
)
app.command(token)
_STYLES = {"ok": "", "WARN": "warning", "WRONG": "error"}


@app.default
def agent_desktop(
    *,
    check: Annotated[bool, Parameter(negative=())] = False,
    status: Annotated[bool, Parameter(negative=())] = False,
    config: Path | None = None,
    json: JsonFlag = False,
) -> int:
    """Record this computer's screen whenever a recorder node asks for it, until told to stop.

    Without a flag it runs in the foreground; a service manager of the agent's session starts it.

    Args:
        check: Check the file, the token, the certificates, the spool folder and the screen, and ask every
            node whether it takes the token; change nothing, register nowhere. 0 all is well, 1 something is not.
        status: Ask the service that runs with this file: 0 connected, 3 not running, 5 no node is there.
        config: Its configuration file. Also TANDEM_CONFIG.
        json: Answer, or log, with JSON.
    """
    # Imported here: only this command needs the codecs.
    from recorder.desktop.settings import LogTable, load_settings  # noqa: PLC0415

    settings = from_file(lambda: load_settings(needed_config(config)))
    if status:
        return _status(settings, as_json=json)
    if check:
        return _check(settings, as_json=json)
    if json:
        table = LogTable(level=settings.log.level, format="json")
        settings = settings.model_copy(update={"log": table})
    from recorder.desktop.service import run_desktop  # noqa: PLC0415 - as above

    return from_file(lambda: run_desktop(settings))


def _status(settings: DesktopSettings, *, as_json: bool) -> int:
    from recorder.desktop.status import read_status  # noqa: PLC0415 - as above

    now_s = time.time()  # noqa: TID251 - the command line reads the calendar
    found = read_status(settings.spool.folder, now_s=now_s)
    if found is None or not found.running:
        if found is not None and as_json:
            print_json(found.view)
        raise CliError(
            f"No service runs with the spool {settings.spool.folder}.",
            Exit.UNREACHABLE,
            hint="Start it; its log says why it ended.",
        )
    if as_json:
        print_json(found.view)
    else:
        for name, text in _lines(found.view):
            print_line(f"{name:<12}{text}")
    return Exit.DONE if found.connected else Exit.TEMPORARY


def _lines(view: dict[str, Any]) -> list[tuple[str, str]]:
    spool, size = view["spool"], f"{view['width']}x{view['height']}"
    recording = "no"
    if view["recording"]:
        masked = ", masked" if view["masked"] else ""
        recording = f"since {view['recording_since']}, {view['frames']} frames, {size}{masked}"
    held = spool["memory_bytes"] + spool["disk_bytes"]
    lines = [
        ("desktop", f"{view['desktop']} ({', '.join(view['agents'])})"),
        ("node", f"{view['node']} since {view['connected_since']}" if view["node"] else "none"),
        ("recording", recording),
        ("spool", f"{spool['frames_waiting']} frames wait, {held / 1e6:.1f} MB"),
    ]
    if spool["dropped_frames"]:
        lines.append(("dropped", f"{spool['dropped_frames']} frames since the start"))
    if view["screen_trouble"]:
        lines.append(("screen", view["screen_trouble"]))
    if view["last_error"]:
        lines.append(("last error", f"{view['last_error_at']} {view['last_error']}"))
    return lines


def _check(settings: DesktopSettings, *, as_json: bool) -> int:
    from recorder.desktop.checks import findings_of  # noqa: PLC0415 - as above

    found = findings_of(settings)
    if as_json:
        print_json({"checks": [asdict(one) for one in found]})
    else:
        for one in found:
            mark = "WRONG" if not one.good else "WARN" if one.warning else "ok"
            print_line(f"{mark:<7}{one.line}", _STYLES[mark])
    return Exit.DONE if all(one.good for one in found) else Exit.FAILED
