"""`tandem hold`: legal holds, which beat every retention rule."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, short_instant

app = App(name="hold", help="Legal holds: what they cover is never deleted.")


@app.command
def place(
    *,
    reason: str,
    contact: str | None = None,
    query: str | None = None,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    source: str | None = None,
    common: Common | None = None,
) -> None:
    """Place a hold. What is given must all be so; it counts at once, also for deletions under way.

    Args:
        reason: The case, order or request behind it; stays on record.
        contact: One contact, by its id, session key or the beginning of one.
        query: Names, numbers and keys that begin with this, as `contact list --text` finds them.
        begin: Contacts of which any part lies at or after this instant: 2026-11-21T00:00:00Z.
        to: And before this one.
        source: Only of this source; alone, everything of it.
    """
    options = common or Common()
    given = {"contact": contact, "query": query, "from": begin, "to": to, "source": source}
    body = {name: value for name, value in given.items() if value is not None}
    if not body:
        raise CliError(
            "A hold names a contact, a query, a period or a source.",
            Exit.USAGE,
            hint="tandem hold place --contact ID --reason TEXT",
        )
    answer = options.client().post("/api/v1/holds", {**body, "reason": reason})
    _told(answer, as_json=options.json)


@app.command(name="list")
def list_holds(*, released: JsonFlag = False, common: Common | None = None) -> None:
    """Holds in force.

    Args:
        released: Those that ended as well.
    """
    options = common or Common()
    view = options.client().get("/api/v1/holds", released=released or None)
    if options.json:
        print_json(view)
        return
    rows = [
        [
            row["hold"],
            _scope(row),
            _reach(row),
            row["reason"],
            short_instant(row["placed"]),
            row["placed_by"],
            f"{short_instant(row['released'])} by {row['released_by']}"
            if "released" in row
            else "",
        ]
        for row in view["holds"]
    ]
    print_table(
        ["Hold", "Covers", "Contacts now", "Reason", "Placed (UTC)", "By", "Released"], rows
    )


@app.command
def release(hold: str, *, reason: str, common: Common | None = None) -> None:
    """End a hold. What it covered is decided upon anew, with a whole recycle period.

    Args:
        hold: Its id.
        reason: Why; stays on record.
    """
    options = common or Common()
    answer = options.client().post(
        f"/api/v1/holds/{quote(hold, safe='')}/release", {"reason": reason}
    )
    _told(answer, as_json=options.json)


def _told(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        print_line(answer["message"])


def _reach(row: dict[str, Any]) -> str:
    """Nothing for a hold that ended, and where the other node runs an older build."""
    return f"{row.get('contacts', '')}{'+' if row.get('more_contacts') else ''}"


def _scope(row: dict[str, Any]) -> str:
    names = (("contact", "contact"), ("query", "query"), ("begin", "from"), ("end", "to"))
    parts = [f"{shown} {row[name]}" for name, shown in names if name in row]
    return ", ".join([*parts, *([f"source {row['source']}"] if "source" in row else [])])
