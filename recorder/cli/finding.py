"""`tandem finding`: what source, contact database and archive do not agree about, and why."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from recorder.cli.common import Common, JsonFlag
from recorder.cli.output import print_json, print_line, print_table, say, short_instant

app = App(
    name="finding", help="What source, contact database and archive do not agree about, and why."
)


@app.command(name="list")
def list_findings(
    *,
    source: str | None = None,
    only_open: Annotated[JsonFlag, Parameter(name="--open")] = False,
    limit: int = 50,
    after: str | None = None,
    common: Common | None = None,
) -> None:
    """Findings of reconciliation, the newest first.

    Args:
        source: Only of this source.
        only_open: Only what is still so.
        limit: So many at most.
        after: Cursor that the page before ended with.
    """
    options = common or Common()
    params = {"source": source, "limit": limit, "after": after}
    view = (
        options.client()
        .primary_first()
        .get("/api/v1/findings", **params, open="true" if only_open else None)
    )
    if options.json:
        print_json(view)
        return
    rows = [
        [
            row["finding"],
            row["source"],
            row["severity"],
            row["what"],
            row["cause"],
            row["subject"],
            short_instant(row["opened"]),
            "open" if row["open"] else f"closed: {row['closed_because']}",
        ]
        for row in view["findings"]
    ]
    columns = ["Finding", "Source", "Severity", "What", "Cause", "Subject", "Since (UTC)", "State"]
    print_table(columns, rows)
    if view.get("next"):
        say(f"more: --after {view['next']}")


@app.command
def show(finding: str, *, common: Common | None = None) -> None:
    """One finding: what does not agree, why, since when, and who fetches it.

    Args:
        finding: Its id, such as F-20261121-7f3a91c2.
    """
    options = common or Common()
    path = f"/api/v1/findings/{quote(finding, safe='')}"
    view = options.client().primary_first().get(path)
    if options.json:
        print_json(view)
    else:
        _show(view)


@app.command
def accept(finding: str, *, because: str, common: Common | None = None) -> None:
    """Close a finding that is well as it is: it alarms no more, and is not opened again.

    Args:
        finding: Its id.
        because: Why it is well; kept with it and in the audit trail.
    """
    options = common or Common()
    path = f"/api/v1/findings/{quote(finding, safe='')}/accept"
    view = options.client().primary_first().post(path, {"because": because})
    if options.json:
        print_json(view)
    else:
        print_line(f"{view['finding']} is closed: {view['closed_because']}")


@app.command
def run(
    *,
    source: str,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    common: Common | None = None,
) -> None:
    """Compare a source with what is on record, now; one comparison of a source at a time.

    Args:
        source: The source.
        begin: From this instant on: 2026-11-21T00:00:00Z; without it the last days.
        to: Up to this instant; without it up to now, less what is still on its way.
    """
    options = common or Common()
    body = {"source": source, "from": begin, "to": to}
    asked = {name: value for name, value in body.items() if value is not None}
    answer = options.client().primary_first().post("/api/v1/reconciliations", asked)
    if options.json:
        print_json(answer)
        return
    print_line(answer["message"])
    print_line(f"   → tandem finding runs --source {source}")


@app.command
def runs(*, source: str | None = None, limit: int = 20, common: Common | None = None) -> None:
    """Comparisons of sources with what is on record, the newest first.

    Args:
        source: Only of this source.
        limit: So many at most.
    """
    options = common or Common()
    view = (
        options.client().primary_first().get("/api/v1/reconciliations", source=source, limit=limit)
    )
    if options.json:
        print_json(view)
        return
    rows = [
        [
            row["run"],
            row["source"],
            row["scope"],
            f"{short_instant(row['begin'])} … {short_instant(row['end'])}",
            short_instant(row.get("ended")) if row.get("ended") else "running",
            *(str(row["counts"].get(name, 0)) for name in ("at_source", "here", "not_here")),
            row.get("reason", ""),
        ]
        for row in view["reconciliations"]
    ]
    columns = ["Run", "Source", "Scope", "Period (UTC)", "Ended (UTC)", "At source", "Here"]
    print_table([*columns, "Not here", "Reason"], rows)


def _show(view: dict[str, Any]) -> None:
    state = "OPEN" if view["open"] else f"closed at {view['closed']}: {view['closed_because']}"
    print_line(f"{view['finding']} of {view['source']}: {state}")
    print_line(f"  {view['severity']} {view['what']}: {view['subject']}, of {view['at']}")
    print_line(f"  because {view['cause']}: {view['detail']}")
    print_line(f"  since {view['opened']}, seen last at {view['seen']}")
    if view.get("recovery"):
        print_line(f"  fetched by {view['recovery']} (`tandem recovery show {view['recovery']}`)")
    if view["what"] != "object_without_row":
        print_line(f"  → tandem item why {view['subject']} --source {view['source']}")
