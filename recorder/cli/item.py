"""`tandem item`: what became of each recording, and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cyclopts import App

from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table
from recorder.instants import bytes_text

app = App(name="item", help="What became of each recording, and why.")


@app.command(name="list")
def list_items(
    *,
    source: str | None = None,
    state: list[str] | None = None,
    failed: bool = False,
    limit: int = 50,
    after: str | None = None,
    common: Common | None = None,
) -> None:
    """Items, newest change first.

    Args:
        source: Only of this source.
        state: Only in these states: found, archived, failed, gone, not_recordable, …
        failed: Only what failed, parked or not.
        limit: So many at most.
        after: Cursor that the page before ended with.
    """
    options = common or Common()
    view = options.client().get(
        "/api/v1/items",
        source=source,
        state=["failed"] if failed else state,
        limit=limit,
        after=after,
    )
    if options.json:
        print_json(view)
        return
    rows = [
        [
            row["source"],
            row["item"],
            row["state"] + (" (parked)" if row["parked"] else ""),
            str(row["attempts"]),
            row["changed"][:19].replace("T", " "),
            row.get("archived_by", ""),
            row.get("reason", ""),
        ]
        for row in view["items"]
    ]
    print_table(["Source", "Item", "State", "Tries", "Changed (UTC)", "By", "Reason"], rows)
    if view.get("next"):
        print_line(f"more: --after {view['next']}")


@app.command
def why(key: str, *, source: str | None = None, common: Common | None = None) -> None:
    """The whole story of a recording across both nodes: seen, given, fetched, committed.

    Args:
        key: Its id, the start of it, its session, or its media id.
        source: Only of this source.
    """
    options = common or Common()
    views = options.client().get("/api/v1/why", key=key, source=source)
    if options.json:
        print_json(views)
        return
    for view in views:
        _show(view)


def _show(view: dict[str, Any]) -> None:
    item = view["item"]
    print_line(f"{item['source']} {item['item']}: {item['state'].upper()}")
    if item.get("reason"):
        print_line(f"  because {item['reason']}")
    if item.get("retry_at"):
        print_line(f"  next try at {item['retry_at']}")
    size = f", {bytes_text(item['size_bytes'])}" if item["size_bytes"] else ""
    print_line(f"  at the source since {item['changed']}, {item['attempts']} tries{size}")
    if item.get("contact"):
        print_line(f"  contact {item['contact']} (`tandem contact show {item['contact']}`)")
    rows = [
        [
            event["at"],
            event["node"],
            event["what"],
            str(event.get("term", "")),
            event.get("detail", ""),
        ]
        for event in view["story"]
    ]
    print_table(["At", "Node", "What", "Term", "Detail"], rows)


@app.command
def retry(
    source: str,
    items: list[str] | None = None,
    *,
    failed: bool = False,
    common: Common | None = None,
) -> int:
    """Try failed items again at once.

    Args:
        source: The source they belong to.
        items: Their ids.
        failed: Every failed item of the source (the newest 1000).
    """
    options = common or Common()
    client = options.client()
    keys = list(items or [])
    if failed:
        found = client.get("/api/v1/items", source=source, state=["failed"], limit=1000)
        keys += [row["item"] for row in found["items"]]
    if not keys:
        raise CliError(
            "No item is named.", Exit.USAGE, hint="Give ids, or --failed for all that failed."
        )
    answer = client.post("/api/v1/items/retry", {"source": source, "items": keys})
    if options.json:
        print_json(answer)
    else:
        counted = Counter(retried=len(answer["retried"]), unknown=len(answer["unknown"]))
        print_line(f"{counted['retried']} are tried again, {counted['unknown']} are unknown")
        for key in answer["unknown"]:
            print_line(f"  unknown: {key}")
    return Exit.NOT_FOUND if answer["unknown"] and not answer["retried"] else Exit.DONE
