"""`tandem source`: state of the data sources, a check of one from this computer, rewinding."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cyclopts import App

from recorder.cli.common import Common, from_file
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, short_instant
from recorder.cli.watch import Watch, watched
from recorder.instants import duration_text

app = App(name="source", help="State of the data sources, checks, rewinding.")


@app.command(name="list")
def list_sources(*, watch: Watch = None, common: Common | None = None) -> None:
    """State, lag, coverage, budget and next step of each source, as the primary sees it if it answers.

    Args:
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client()

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        view = client.primary_first().get("/api/v1/sources")
        if options.json:
            print_json(view, one_line=again)
        else:
            _show(view)

    watched(watch, look)


def _show(view: dict[str, Any]) -> None:
    print_line(f"As {view['node']} sees them:")
    columns = ["Source", "Kind", "State", "Lag", "Watermark (UTC)", "Pending", "Failed", "Parked"]
    print_table(columns, [_row(source) for source in view["sources"]])
    for source in view["sources"]:
        if facts := _facts(source):
            print_line(f"   {source['source']}: {facts}")
        if source.get("last_error"):
            print_line(f" ! {source['source']}: {source['last_error']}", "warning")
        if source.get("next_step"):
            print_line(f"   → {source['next_step']}")


def _facts(source: dict[str, Any]) -> str:
    """What was looked at without a gap, and what it cost."""
    facts: list[str] = []
    if coverage := source.get("coverage"):
        gaps = len(coverage) - 1
        counted = f", {gaps} gap{'s' if gaps > 1 else ''}" if gaps else ""
        facts.append(f"covered since {short_instant(coverage[0]['begin'])}{counted}")
    if budget := source.get("budget"):
        period = f"{budget['per_seconds']:g} s"
        text = f"{budget['used']} of {budget['limit']} requests in {period}"
        for count, word in ((budget["waits"], "put off"), (budget["throttled"], "throttled")):
            text += f", {count} {word}" if count else ""
        if budget["quiet_seconds"]:
            text += f", quiet for {duration_text(budget['quiet_seconds'])}"
        facts.append(text)
    return "; ".join(facts)


def _row(source: dict[str, Any]) -> list[str]:
    lag = source.get("lag_seconds")
    return [
        source["source"],
        source["kind"],
        source["state"],
        "?" if lag is None else duration_text(lag),
        short_instant(source.get("watermark")),
        str(source["pending"]),
        str(source["failed"]),
        str(source["parked"]),
    ]


@app.command
def check(name: str | None = None, *, common: Common | None = None) -> int:
    """Try credentials, rights and schema of the sources in --config, from this computer.

    Exit 0: all well; 1: someone must act; 5: not reachable or throttled now.

    Args:
        name: Only this source.
    """
    options = common or Common()
    # Imported here: only this command needs the adapters.
    from recorder.source_check import check_sources  # noqa: PLC0415

    path = options.config_path()
    try:
        results = from_file(lambda: check_sources(path, name))
    except LookupError as error:
        raise CliError(str(error), Exit.NOT_FOUND) from error
    if options.json:
        print_json({"sources": [result.as_json() for result in results]})
    else:
        for result in results:
            print_line(f"{result.source}: {'ok' if result.ok else 'NOT OK'}")
            for finding in result.findings:
                level = finding.level.value
                print_line(f"  {level} {finding.code}: {finding.what}", level)
                if finding.hint:
                    print_line(f"    → {finding.hint}")
    failed = [result for result in results if not result.ok]
    if not failed:
        return Exit.DONE
    return Exit.TEMPORARY if all(result.temporary for result in failed) else Exit.FAILED


@app.command
def rewind(name: str, *, to: str, common: Common | None = None) -> None:
    """Look at a source again from an instant on; what is archived stays archived once.

    Args:
        name: The source.
        to: An instant with a time zone, such as 2026-11-21T00:00:00Z.
    """
    options = common or Common()
    client = options.client().primary_first()
    answer = client.post(f"/api/v1/sources/{quote(name, safe='')}/rewind", {"to": to})
    if options.json:
        print_json(answer)
    else:
        print_line(answer["message"])
