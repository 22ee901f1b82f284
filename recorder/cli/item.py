"""`tandem item`: what became of each recording, and why."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from recorder.cli.client import NodeClient
from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, say, short_instant
from recorder.cli.watch import Watch, watched
from recorder.instants import bytes_text

app = App(name="item", help="What became of each recording, and why.")

_RETRY_MAX = 1000
_FAILED = ["failed", "parked"]


@app.command(name="list")
def list_items(
    *,
    source: str | None = None,
    state: list[str] | None = None,
    failed: JsonFlag = False,
    limit: int = 50,
    after: str | None = None,
    watch: Watch = None,
    common: Common | None = None,
) -> None:
    """Items, newest change first.

    Args:
        source: Only of this source.
        state: Only in this state (may be repeated): found, assigned, fetching, buffered, archived, failed, ….
        failed: Only what failed, parked or not.
        limit: So many at most.
        after: Cursor that the page before ended with.
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client().primary_first()
    states = _FAILED if failed else state

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        view = client.get("/api/v1/items", source=source, state=states, limit=limit, after=after)
        if options.json:
            print_json(view, one_line=again)
        else:
            _show_list(view)

    watched(watch, look)


def _show_list(view: dict[str, Any]) -> None:
    rows = [
        [
            row["source"],
            row["item"],
            "parked" if row["parked"] else row["state"],
            str(row["attempts"]),
            short_instant(row["changed"]),
            row.get("reason", ""),
        ]
        for row in view["items"]
    ]
    print_table(["Source", "Item", "State", "Try", "Changed (UTC)", "Reason"], rows)
    if view.get("next"):
        say(f"more: --after {view['next']}")


@app.command
def why(
    key: str | None = None,
    *,
    at: str | None = None,
    agent: str | None = None,
    source: str | None = None,
    ask_source: JsonFlag = False,
    common: Common | None = None,
) -> int:
    """Why something is not here, or its whole story across both nodes: seen, given, fetched, committed.

    Exit 4 when nobody here knows it; what is known of its absence is told all the same.

    Args:
        key: An id of any kind, or the start of it: of an item, its conversation or meeting, a medium, a contact, a
            recovery or finding; a meeting's number; the SHA-256 of a file.
        at: What was recorded around this instant, and what was so then: 2026-11-21T09:30, in UTC without a zone.
        agent: What is recorded of somebody; with --at, of them around that time.
        source: Only of this source.
        ask_source: Ask the sources themselves for an id that nobody here knows.
    """
    options = common or Common()
    client = options.client().primary_first()
    if key is None and at is None and agent is None:
        raise CliError(
            "KEY is missing.",
            Exit.USAGE,
            hint="Type `tandem item why KEY`. Its id, or --at INSTANT or --agent NAME instead.",
        )
    views = _stories(client, key, source) if key and not (at or agent) else []
    if views and options.json:
        print_json(views)
        return Exit.DONE
    asked = {"key": key, "at": at, "agent": agent, "source": source}
    found = client.get("/api/v1/explain", **asked, ask_source="true" if ask_source else None)
    if options.json:
        print_json(found)
    else:
        _show_explanation(found, views)
    return Exit.DONE if found["known"] else Exit.NOT_FOUND


def _stories(client: NodeClient, key: str, source: str | None) -> list[dict[str, Any]]:
    """Of items that are called so; none when the node knows no such item."""
    try:
        return client.get("/api/v1/why", key=key, source=source)
    except CliError as error:
        if error.code is not Exit.NOT_FOUND:
            raise
        return []


def _show_explanation(found: dict[str, Any], views: list[dict[str, Any]]) -> None:
    stories = views or found["items"]
    if not views:
        print_line(found["verdict"])
    rows = [
        [short_instant(fact["at"]) if "at" in fact else "", fact["what"], fact["text"]]
        for fact in found["facts"]
    ]
    for view in stories:
        _show_story(view, rows if view is stories[0] else [])
    if not stories and rows:
        print_table(["At (UTC)", "Of", "What is known"], rows)
    if found.get("hint"):
        say(f"→ {found['hint']}")


def _show_story(view: dict[str, Any], known: list[list[str]]) -> None:
    item = view["item"]
    parked = " (parked: no longer holds the watermark, tried on)" if item["parked"] else ""
    print_line(f"{item['source']} {item['item']}: {item['state'].upper()}{parked}")
    if item.get("in_hand_of"):
        print_line(f"  in hand of {item['in_hand_of']}")
    if item.get("reason"):
        print_line(f"  because {item['reason']}")
    if item.get("retry_at"):
        print_line(f"  next try at {item['retry_at']}")
    size = f", {bytes_text(item['size_bytes'])}" if item["size_bytes"] else ""
    tries = "1 try" if item["attempts"] == 1 else f"{item['attempts']} tries"
    print_line(f"  at the source since {item['changed']}, {tries}{size}")
    if item.get("contact"):
        print_line(f"  contact {item['contact']} (`tandem contact show {item['contact']}`)")
    for at, _, text in known:
        print_line(f"  {at} {text}")
    rows = [
        [
            _milliseconds(event["at"]),
            event["node"],
            event["what"],
            str(event.get("term", "")),
            event.get("detail", ""),
        ]
        for event in view["story"]
    ]
    print_table(["At (UTC)", "Node", "What", "Term", "Detail"], rows)


def _milliseconds(instant: str) -> str:
    whole, _, fraction = instant.removesuffix("Z").partition(".")
    return f"{whole.replace('T', ' ')}.{fraction[:3].ljust(3, '0')}"


@app.command
def retry(
    source: str,
    items: list[str] | None = None,
    *,
    failed: JsonFlag = False,
    common: Common | None = None,
) -> int:
    """Try failed items again at once. Exit 4 when one of them is unknown.

    Args:
        source: The source they belong to.
        items: Their ids.
        failed: Every failed item of the source (the newest 1000).
    """
    options = common or Common()
    client = options.client().primary_first()
    keys = list(items or [])
    if not keys and not failed:
        raise CliError(
            "No item is named.", Exit.USAGE, hint="Give ids, or --failed for all that failed."
        )
    if failed:
        found = client.get("/api/v1/items", source=source, state=_FAILED, limit=_RETRY_MAX)
        keys += [row["item"] for row in found["items"]]
    answer = client.post("/api/v1/items/retry", {"source": source, "items": keys})
    if options.json:
        print_json(answer)
    else:
        print_line(
            f"{len(answer['retried'])} are tried again, {len(answer['unknown'])} are unknown"
        )
        for key in answer["unknown"]:
            print_line(f"  unknown: {key}", "warning")
    return Exit.NOT_FOUND if answer["unknown"] else Exit.DONE
