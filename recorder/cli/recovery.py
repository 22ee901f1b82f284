"""`tandem recovery`: find out what of a period is missing, fetch it, follow it."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from recorder.cli.client import NodeClient
from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.id_file import ids_of
from recorder.cli.output import print_json, print_line, print_table, say, short_instant
from recorder.cli.watch import Watch, watched
from recorder.instants import bytes_text, duration_text

app = App(name="recovery", help="Find out what is missing, fetch it, follow it.")

FOLLOW_S = 1.0
_RUNNING, _COMPLETED = "running", "completed"
_PASSING = (Exit.UNREACHABLE, Exit.TEMPORARY)
_COUNTS = (
    "detected",
    "recovered",
    "already_here",
    "not_recordable",
    "gone",
    "failed",
    "pending",
)


@app.command
def start(
    *,
    source: str,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    ids: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    dry_run: JsonFlag = False,
    wait: JsonFlag = False,
    common: Common | None = None,
) -> int:
    """Ask for a recovery of a period of a source, or of ids. Asked for again while it runs, it is the same one.

    Exit 0: asked for, or with --wait completed; 1: stopped, failed or cancelled.

    Args:
        source: The source.
        begin: An instant with a time zone, such as 2026-11-21T00:00:00Z.
        to: The end of the period; now without it.
        ids: Instead of a period: a file with one id a row, as docs/recovery.md tells; - reads them from stdin.
        dry_run: Fetch nothing; say what would be fetched, how long it takes, and what comes too late.
        wait: Follow it until it is over; a dry run is always waited for.
    """
    options = common or Common()
    client = options.client().primary_first()
    body: dict[str, object] = {"source": source, "dry_run": dry_run}
    if (begin is None) == (ids is None):
        raise CliError(
            "A recovery is of a period or of ids.",
            Exit.USAGE,
            hint="Give --from INSTANT or --ids FILE.",
        )
    if ids is None:
        body |= {"from": begin, **({"to": to} if to else {})}
    else:
        body |= {"ids": ids_of(ids)}
    answer = client.post("/api/v1/recoveries", body)
    if not (wait or dry_run):
        if options.json:
            print_json(answer)
        else:
            print_line(answer["message"])
            print_line(f"   → tandem recovery show {answer['recovery']['recovery']} --follow")
        return Exit.DONE
    if not options.json:
        say(answer["message"])
    return _follow(client, answer["recovery"]["recovery"], as_json=options.json)


@app.command(name="list")
def list_recoveries(
    *,
    source: str | None = None,
    status: str | None = None,
    limit: int = 20,
    after: str | None = None,
    watch: Watch = None,
    common: Common | None = None,
) -> None:
    """Recoveries, the newest request first.

    Args:
        source: Only of this source.
        status: Only those running, completed, stopped, failed or cancelled.
        limit: So many at most.
        after: Cursor that the page before ended with.
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client()

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        params = {"source": source, "status": status, "limit": limit, "after": after}
        view = client.primary_first().get("/api/v1/recoveries", **params)
        if options.json:
            print_json(view, one_line=again)
        else:
            _show_list(view)

    watched(watch, look)


def _show_list(view: dict[str, Any]) -> None:
    columns = ["Recovery", "Source", "Kind", "Status", "Period (UTC)", "Detected", "Recovered"]
    columns += ["Failed", "Pending", "Left"]
    rows = [
        [
            row["recovery"],
            row["source"],
            f"{row['kind']}, dry run" if row["dry_run"] else row["kind"],
            row["status"],
            _period(row),
            str(row["counts"]["detected"]),
            str(row["counts"]["recovered"]),
            str(row["counts"]["failed"]),
            str(row["counts"]["pending"]),
            _left(row["progress"]),
        ]
        for row in view["recoveries"]
    ]
    print_table(columns, rows)
    if view.get("next"):
        say(f"more: --after {view['next']}")


@app.command
def show(
    recovery: str,
    *,
    follow: JsonFlag = False,
    items: JsonFlag = False,
    common: Common | None = None,
) -> int:
    """One recovery: what was detected, what became of it, how fast it goes and how long it still takes.

    Args:
        recovery: Its id, such as R-20261121-7f3a.
        follow: Look until it is over; exit 1 when that is another end than completed.
        items: What was missing, item by item.
    """
    options = common or Common()
    client = options.client().primary_first()
    if follow:
        return _follow(client, recovery, as_json=options.json)
    view = client.get(_path(recovery))
    if items:
        view["items"] = _items(client, recovery)
    if options.json:
        print_json(view)
    else:
        _show(view)
    return Exit.DONE


@app.command
def cancel(recovery: str, *, common: Common | None = None) -> None:
    """End a recovery that runs, or that was stopped or failed; what is on its way is archived all the same.

    Args:
        recovery: Its id.
    """
    _command(recovery, "cancel", common)


@app.command
def resume(recovery: str, *, common: Common | None = None) -> None:
    """Let a recovery that was stopped, failed or cancelled go on where it was.

    Args:
        recovery: Its id.
    """
    _command(recovery, "resume", common)


def _command(recovery: str, what: str, common: Common | None) -> None:
    options = common or Common()
    answer = options.client().primary_first().post(_path(recovery, f"/{what}"))
    if options.json:
        print_json(answer)
    else:
        print_line(answer["message"])


def _path(recovery: str, rest: str = "") -> str:
    return f"/api/v1/recoveries/{quote(recovery, safe='')}{rest}"


def _items(client: NodeClient, recovery: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = client.get(_path(recovery, "/items"), after=after, limit=1000)
        found += page["items"]
        after = page.get("next")
        if after is None:
            return found


def _follow(client: NodeClient, recovery: str, *, as_json: bool) -> int:
    """A line whenever something changed, on stderr; the recovery itself at the end, on stdout."""
    told = ""
    while True:
        try:
            view = client.primary_first().get(_path(recovery))
        except CliError as error:
            if error.code not in _PASSING:
                raise
            say(f"tandem: {error}")
            view = None
        if view is not None:
            line = _line(view)
            if line != told and view["status"] == _RUNNING:
                say(line)
                told = line
            if view["status"] != _RUNNING:
                break
        time.sleep(FOLLOW_S)  # noqa: TID251 - the command line waits for a person
    if as_json:
        print_json(view)
    else:
        _show(view)
    return Exit.DONE if view["status"] == _COMPLETED else Exit.FAILED


def _line(view: dict[str, Any]) -> str:
    progress, counts = view["progress"], view["counts"]
    rate = progress.get("items_per_second")
    parts = [
        f"{progress['phase']} {100 * progress['share']:.0f} %",
        f"{counts['detected']} detected",
        f"{counts['recovered']} recovered",
        f"{counts['pending']} pending",
        f"{rate:g} a second" if rate else "",
        f"{_left(progress)} left" if _left(progress) else "",
        f"waits: {view['waits_because']}" if view.get("waits_because") else "",
    ]
    return ", ".join(part for part in parts if part)


def _left(progress: dict[str, Any]) -> str:
    left = progress.get("left_seconds")
    return "" if left is None else duration_text(left)


def _period(view: dict[str, Any]) -> str:
    period = view.get("period")
    if period is None:
        return f"{view.get('ids', 0)} ids"
    return f"{short_instant(period['begin'])} to {short_instant(period['end'])}"


def _show(view: dict[str, Any]) -> None:
    what = "dry run" if view["dry_run"] else view["kind"]
    level = "" if view["status"] in {_RUNNING, _COMPLETED} else "error"
    print_line(f"Recovery {view['recovery']} of {view['source']}: {view['status']}", level)
    if view.get("reason"):
        print_line(f"  because {view['reason']}", level)
    print_line(f"  {what} ({view['cause']}), {_period(view)}")
    print_line(f"  asked for by {view['requested_by']} at {view['requested']}")
    if view.get("started"):
        ended = f", ended {view['ended']}" if view.get("ended") else ""
        print_line(f"  started {view['started']}{ended}, last on {view.get('node', '?')}")
    counts = view["counts"]
    rows = [[name.replace("_", " "), str(counts[name])] for name in _COUNTS]
    print_table(["Items", "Count"], rows)
    print_line(f"  {bytes_text(view['size_bytes'])} fetched, {view['api_calls']} listing calls")
    if view["status"] == _RUNNING:
        print_line(f"  {_line(view)}")
    if view.get("forecast"):
        _show_forecast(view["forecast"])
    if view["dry_run"] and view["status"] == _COMPLETED:
        print_line(f"   → {_in_earnest(view)}")
    if view.get("items"):
        _show_items(view["items"])


def _in_earnest(view: dict[str, Any]) -> str:
    """The command that fetches what a dry run told of."""
    period = view.get("period")
    of = "--ids FILE" if period is None else f"--from {period['begin']} --to {period['end']}"
    return f"tandem recovery start --source {view['source']} {of}"


def _show_forecast(forecast: dict[str, Any]) -> None:
    about = "about " if forecast["size_is_estimate"] else ""
    print_line(
        f"To fetch: {forecast['to_fetch']} items, {about}{bytes_text(forecast['size_bytes'])}, "
        f"about {forecast['api_calls']} API calls, about {forecast['minutes']:g} minutes"
    )
    late = forecast["deleted_before_their_turn"]
    if late:
        print_line(f" ! the source will delete {late} of them before their turn:", "warning")
        for item in forecast["deleted_before_their_turn_items"]:
            print_line(f"   {item}")


def _show_items(items: list[dict[str, Any]]) -> None:
    columns = ["Item", "State", "Changed (UTC)", "Deleted at source (UTC)", "Reason"]
    rows = [
        [
            item["item"],
            item["state"],
            short_instant(item.get("changed")),
            short_instant(item["deleted_at_source"]) if "deleted_at_source" in item else "unknown",
            item.get("reason", ""),
        ]
        for item in items
    ]
    print_table(columns, rows)
