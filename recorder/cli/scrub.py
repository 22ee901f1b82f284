"""`tandem scrub`: whether the archive still holds what was archived."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from recorder.cli.common import Common
from recorder.cli.output import print_json, print_line, print_table, say, short_instant
from recorder.cli.watch import Watch, watched
from recorder.instants import bytes_text

app = App(name="scrub", help="Whether the archive still holds what was archived.")


@app.command
def show(*, limit: int = 50, watch: Watch = None, common: Common | None = None) -> None:
    """How far the background read of the archive is, when it was last complete, and what it found.

    Args:
        limit: So many bad objects at most.
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client().primary_first()

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        view = client.get("/api/v1/scrub", limit=limit)
        if options.json:
            print_json(view, one_line=again)
        else:
            _show(view)

    watched(watch, look)


def _show(view: dict[str, Any]) -> None:
    reads, census = view["reads"], view["census"]
    rate = bytes_text(view["bytes_per_s_max"])
    print_line(f"{view['node']}: {view['state']}, at most {rate} a second")
    if view["last_error"]:
        print_line(f"  waits because {view['last_error']}", "warning")
    held = f", {view['held']} of them held" if view["held"] else ""
    print_line(f"  objects: {view['objects']}{held}; never read: {view['unread']}")
    if reads["running"]:
        print_line(
            f"  pass since {short_instant(reads.get('started'))}: "
            f"{view['read_in_pass']} of {view['objects']} read"
        )
    print_line(f"  last full pass ended: {short_instant(reads.get('last_ended'))}")
    print_line(f"  every object was read since: {short_instant(view.get('oldest_read'))}")
    print_line(f"  keys last compared: {short_instant(census.get('last_ended'))}")
    counts = [(name, view[name]) for name in ("damaged", "missing", "stray")]
    if not any(count for _, count in counts):
        print_line("  nothing is damaged, missing or stray, as far as was read")
        return
    print_line("  " + ", ".join(f"{name}: {count}" for name, count in counts), "error")
    rows = [
        [
            row["outcome"],
            short_instant(row.get("since")),
            row["object"],
            row.get("media", ""),
            row["detail"],
        ]
        for row in view["bad"]
    ]
    print_table(["Outcome", "Since (UTC)", "Object", "Media", "Detail"], rows)
    if sum(count for _, count in counts) > len(rows):
        say("more: --limit")
