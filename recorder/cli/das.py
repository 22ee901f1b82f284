"""`tandem das`: contacts for programs, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from recorder.cli.common import Common, JsonFlag
from recorder.cli.output import print_json, print_table, say, short_instant
from recorder.instants import bytes_text

app = App(name="das", help="Contacts for programs: the data access service.")

PATH = "/api/das/v1/contacts"


@app.command
def contacts(
    *,
    source: str | None = None,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    id_: Annotated[list[str] | None, Parameter(name="--id")] = None,
    fields: str | None = None,
    limit: int = 1_000,
    after: str | None = None,
    every: Annotated[JsonFlag, Parameter(name="--all")] = False,
    common: Common | None = None,
) -> None:
    """Contacts in the order of their begin; exact also while others write.

    With --json --all: one contact a line, page after page, to the end.

    Args:
        source: Only of this source.
        begin: Only those that began from this instant on (2026-11-21T00:00:00Z).
        to: Only those that began before this instant.
        id_: A contact, session or item id (may be repeated): only these.
        fields: Names joined by commas; items and media are told only when they are named.
        limit: So many a page (1000 at most).
        after: Cursor that the page before ended with.
        every: Every page, to the end.
    """
    options = common or Common()
    client = options.client()
    params: dict[str, Any] = {
        "source": source,
        "from": begin,
        "to": to,
        "id": id_,
        "fields": fields,
        "limit": limit,
        "after": after,
    }
    while True:
        page = client.get(PATH, **params)
        if options.json and every:
            for contact in page["contacts"]:
                print_json(contact, one_line=True)
        elif options.json:
            print_json(page)
        else:
            _show(page["contacts"])
        params["after"] = page.get("next")
        if params["after"] is None:
            return
        if not every:
            if not options.json:
                say(f"more: --after {params['after']}")
            return


def _show(contacts: list[dict[str, Any]]) -> None:
    rows = [
        [
            row["contact"],
            row.get("source", ""),
            row.get("session", ""),
            short_instant(row.get("started")),
            str(row.get("revision", "")),
            str(row.get("media_files", "")),
            bytes_text(row.get("size_bytes", 0)),
        ]
        for row in contacts
    ]
    print_table(["Contact", "Source", "Session", "Started (UTC)", "Rev", "Files", "Size"], rows)
