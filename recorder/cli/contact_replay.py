"""`tandem contact replay`: have a contact made ready for replay, and say where it is."""

from __future__ import annotations

import time
from typing import Any

from recorder.cli.client import NodeClient
from recorder.cli.contact_export import contact_path
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_line
from recorder.instants import bytes_text, duration_text

_EVERY_S = 1.0
_BUSY = ("making", "waiting")


def replay_of(client: NodeClient, contact: str, wait_s: float | None) -> dict[str, Any]:
    """What the node says; with `wait_s` once it is over, or after so long."""
    path = contact_path(contact, "/replay")
    view = client.get(path)
    until_s = time.monotonic() + (wait_s or 0.0)  # noqa: TID251 - a command waits as people do
    while wait_s is not None and view["state"] in _BUSY and time.monotonic() < until_s:  # noqa: TID251
        time.sleep(_EVERY_S)  # noqa: TID251
        view = client.get(path)
    return view


def judge(view: dict[str, Any]) -> None:
    """Raise CliError unless the contact is ready."""
    told = f": {view['message']}" if view.get("message") else ""
    hint = view.get("hint", "")
    match view["state"]:
        case "ready":
            return
        case "making" | "waiting":
            hint = hint or "Ask again, or use --wait."
            raise CliError(f"The contact is not ready yet{told}", Exit.TEMPORARY, hint=hint)
        case "nothing":
            what = "There is nothing to replay: neither sound, screen nor text is archived."
            raise CliError(what, Exit.NOT_FOUND)
        case _:
            raise CliError(f"It could not be made ready{told}", Exit.FAILED, hint=hint)


def show_replay(view: dict[str, Any]) -> None:
    """For people."""
    print_line(f"Contact {view['contact']}: {view['state']}")
    made = view.get("rendition")
    if made is None:
        return
    holds = [
        name
        for name, there in (("sound", made["has_audio"]), ("screen", made["has_screen"]))
        if there
    ]
    length = duration_text(made["duration_ms"] / 1000)
    size = bytes_text(made["size_bytes"])
    print_line(f"  rendition {made['number']}, made {made['made']} by {made['made_by']}")
    print_line(f"  {length}, {size}, {' and '.join(holds) or 'neither sound nor screen'}")
    print_line(f"  object   {made['object']}")
    print_line(f"  timeline {made['timeline_object']}")
    print_line(f"  peaks    {made['peaks_object']}")
