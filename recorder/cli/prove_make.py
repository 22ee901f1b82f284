"""`tandem prove --source --day`: a certificate is asked for, waited for, verified and written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from recorder.cli.client import NodeClient
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, say, short_instant

FOLLOW_S: Final = 0.5
_RUNNING, _COMPLETED = "running", "completed"
_PASSING = (Exit.UNREACHABLE, Exit.TEMPORARY)
_SHOWN_MAX = 20


def make(source: str, day: str, folder: Path, options: Common, *, wait: bool) -> int:
    """Ask, and wait for the end unless told not to."""
    client = options.client().primary_first()
    answer = client.post("/api/v1/certificates", {"source": source, "day": day})
    request_id = answer["request"]["request"]
    if wait:
        say(answer["message"])
        return follow(request_id, folder, options)
    if options.json:
        print_json(answer)
    else:
        print_line(answer["message"])
        print_line(f"   → tandem prove --request {request_id}")
    return Exit.DONE


def follow(request_id: str, folder: Path, options: Common) -> int:
    """Wait for a request, on whichever node; then write what was made."""
    client = options.client()
    try:
        view = _ended(client, request_id)
    except KeyboardInterrupt:
        say(
            f"tandem: {request_id} goes on without you.\n"
            f"   → tandem prove --request {request_id}   waits for it and writes the files\n"
            f"   → tandem prove --cancel {request_id}    ends it"
        )
        raise
    if view["status"] != _COMPLETED:
        cancelled = view["status"] == "cancelled"
        raise CliError(
            f"{request_id} gave no certificate: {view.get('reason', view['status'])}",
            Exit.FAILED if cancelled else Exit.TEMPORARY,
            hint=f"tandem prove --source {view['source']} --day {view['day']} asks for another.",
        )
    return _written(client, view, folder, options)


def cancel(request_id: str, options: Common) -> int:
    """End a request that runs."""
    answer = options.client().primary_first().post(f"{_path(request_id)}/cancel")
    if options.json:
        print_json(answer)
    else:
        print_line(answer["message"])
    return Exit.DONE


def show_requests(source: str | None, options: Common) -> int:
    """What was asked for, newest first."""
    view = options.client().get("/api/v1/certificate-requests", source=source)
    if options.json:
        print_json(view)
        return Exit.DONE
    rows = [
        [
            one["request"],
            one["source"],
            one["day"],
            one["status"],
            _line(one) if one["status"] == _RUNNING else str(one.get("number", "")),
            short_instant(one["requested"]),
            one["requested_by"],
            one.get("reason", ""),
        ]
        for one in view["requests"]
    ]
    columns = ["Request", "Source", "Day", "Status", "#", "Asked for (UTC)", "By", "Reason"]
    print_table(columns, rows)
    if view.get("next"):
        say("there are more than these")
    return Exit.DONE


def write(path: Path, text: str) -> None:
    """Raises CliError when the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(
            f"{path}: cannot be written: {error.strerror or error}",
            Exit.FAILED,
            hint="Name another folder with --out.",
        ) from error


def _path(request_id: str) -> str:
    return f"/api/v1/certificate-requests/{quote(request_id, safe='')}"


def _ended(client: NodeClient, request_id: str) -> dict[str, Any]:
    """A line whenever something changed, on stderr, until it is over."""
    told = ""
    while True:
        try:
            view = client.get(_path(request_id))
        except CliError as error:
            if error.code not in _PASSING:
                raise
            line, view = f"tandem: {error}", None
        else:
            line = _line(view)
            if view["status"] != _RUNNING:
                return view
        if line != told:
            say(line)
            told = line
        time.sleep(FOLLOW_S)  # noqa: TID251 - the command line waits for a person


def _line(view: dict[str, Any]) -> str:
    parts = [
        f"{view['phase']} {100 * view['share']:.0f} %",
        f"{view['items']} items",
        f"{view['pages']} pages",
        f"waits: {view['reason']}" if view.get("reason") else "",
        f"on {view['node']}" if view.get("node") else "for a primary",
    ]
    return ", ".join(part for part in parts if part)


def _written(client: NodeClient, view: dict[str, Any], folder: Path, options: Common) -> int:
    from recorder.prove.canonical import canonical  # noqa: PLC0415 - cryptography
    from recorder.prove.document import from_text, to_text  # noqa: PLC0415 - as above
    from recorder.prove.page import page_text  # noqa: PLC0415 - as above
    from recorder.prove.verify import verify  # noqa: PLC0415 - as above

    # The client reads JSON; a certificate is read from its text, where no key may be there twice.
    certificate = from_text(canonical(client.download(view["certificate"])).decode())
    if verify(certificate):
        raise CliError(
            "The node's certificate does not verify.",
            Exit.FAILED,
            hint="Do both programs have the same version?",
        )
    said = certificate.statement
    stem = f"{view['source']}-{view['day']}-{said['number']}"
    paths = [folder / f"{stem}.json", folder / f"{stem}.html"]
    write(paths[0], to_text(certificate))
    write(paths[1], page_text(certificate))
    key_id = certificate.signature["key_id"]
    if options.json:
        names = ("source", "day", "number", "verdict", "counts", "root")
        shown = {name: said[name] for name in names}
        files = [str(path) for path in paths]
        print_json({**shown, "key_id": key_id, "request": view["request"], "files": files})
    else:
        _show(said, key_id, paths)
    return Exit.FAILED if said["verdict"] == "incomplete" else Exit.DONE


def _show(said: Any, key_id: str, paths: list[Path]) -> None:
    level = {"complete": "", "losses": "warning"}.get(said["verdict"], "error")
    print_line(
        f"{said['source']} {said['day']} #{said['number']}: {said['verdict'].upper()}", level
    )
    counts = [f"{name.replace('_', ' ')} {n}" for name, n in said["counts"].items() if n]
    print_line("  " + (", ".join(counts) or "no recordings"))
    if not said["day_is_over"]:
        print_line("  the day is not over yet", "warning")
    for one in said["causes"][:_SHOWN_MAX]:
        print_line(f"  {one['state']}: {one['cause']}, {one['items']}")
    print_line(f"  root {said['root']}")
    print_line(f"  signed with {key_id}")
    for path in paths:
        print_line(str(path))
