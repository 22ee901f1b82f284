"""`tandem source`: state of the data sources, and a check of one from this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table
from recorder.errors import RecorderError
from recorder.instants import duration_text

app = App(name="source", help="State of the data sources, checks, rewinding.")


@app.command(name="list")
def list_sources(*, common: Common | None = None) -> None:
    """State, lag, watermark and next step of each source, as its node sees it."""
    options = common or Common()
    view = options.client().get("/api/v1/sources")
    if options.json:
        print_json(view)
        return
    rows = [_row(source) for source in view["sources"]]
    columns = ["Source", "Kind", "State", "Lag", "Watermark (UTC)", "Pending", "Failed", "Parked"]
    print_table(columns, rows)
    for source in view["sources"]:
        if source.get("last_error"):
            print_line(f" ! {source['source']}: {source['last_error']}")
        if source.get("next_step"):
            print_line(f"   → {source['next_step']}")


def _row(source: dict[str, Any]) -> list[str]:
    lag = source.get("lag_seconds")
    return [
        source["source"],
        source["kind"],
        source["state"],
        "?" if lag is None else duration_text(lag),
        source.get("watermark", "?")[:19].replace("T", " "),
        str(source["pending"]),
        str(source["failed"]),
        str(source["parked"]),
    ]


@app.command
def check(
    name: str | None = None, *, config: Path, json: Annotated[bool, Parameter(negative=())] = False
) -> int:
    """Try credentials, rights and schema of the sources in a configuration file, from here.

    Args:
        name: Only this source.
        config: The node's TOML file.
        json: Answer with JSON on stdout.
    """
    # Imported here: only this command needs the adapters.
    from recorder.source_check import check_sources  # noqa: PLC0415

    try:
        results = check_sources(config, name)
    except RecorderError as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    if json:
        print_json({"sources": [result.as_json() for result in results]})
    else:
        for result in results:
            print_line(f"{result.source}: {'ok' if result.ok else 'NOT OK'}")
            for finding in result.findings:
                print_line(f"  {finding.level.value}: {finding.what}")
                if finding.hint:
                    print_line(f"    → {finding.hint}")
    return Exit.DONE if all(result.ok for result in results) else Exit.FAILED


@app.command
def rewind(name: str, *, to: str, common: Common | None = None) -> None:
    """Look at a source again from an instant on; what is archived stays archived once.

    Args:
        name: The source.
        to: An instant with a time zone, such as 2026-11-21T00:00:00Z.
    """
    options = common or Common()
    answer = options.client().post(f"/api/v1/sources/{name}/rewind", {"to": to})
    if options.json:
        print_json(answer)
    else:
        print_line(answer["message"])
