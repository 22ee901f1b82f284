"""`tandem retention`: what is kept how long, what would go, and what went."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cyclopts import App

from recorder.cli.client import NodeClient
from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, say, short_instant
from recorder.instants import bytes_text

app = App(name="retention", help="What is kept how long, what would go, and what went.")


@app.command
def show(*, common: Common | None = None) -> None:
    """Policies, what was confirmed, the last runs, and what stands in the way of deletion."""
    options = common or Common()
    view = options.client().primary_first().get("/api/v1/retention")
    if options.json:
        print_json(view)
        return
    _show_rules(view["rules"])
    plan = view.get("confirmed_plan")
    if plan is not None:
        print_line(
            f"confirmed last: {plan['plan']} by {plan['confirmed_by']} on {short_instant(plan['confirmed'])}"
        )
    print_line(f"holds in force: {view['holds']}")
    if view["needs_confirmation"]:
        print_line("nothing is deleted: these policies were not confirmed", "error")
        print_line("   → tandem retention plan")
    elif view["refused"]:
        print_line(f"nothing is deleted: {view['refused']}", "error")
        print_line("   → tandem retention plan")
    if view["last_error"]:
        print_line(f"waits: {view['last_error']}", "warning")
    rows = [
        [
            short_instant(run["started"]),
            run["node"],
            run["outcome"],
            str(run["contacts"]),
            bytes_text(run["size_bytes"]),
        ]
        for run in view["runs"]
    ]
    if rows:
        print_table(["Run (UTC)", "Node", "Outcome", "Found due", "Size"], rows)


@app.command
def plan(
    *, keep_days: float | None = None, source: str | None = None, common: Common | None = None
) -> None:
    """What the policies of the node would delete now, or would with another one. Deletes nothing.

    Args:
        keep_days: What if everything were kept so many days? Changes nothing, and there is nothing to confirm.
        source: With `--keep-days`: only what is of this source.
    """
    options = common or Common()
    client = options.client().primary_first()
    if keep_days is not None:
        _what_if(client, keep_days, source, as_json=options.json)
        return
    if source is not None:
        raise CliError(
            "A plan is of all policies; --source goes with --keep-days.",
            Exit.USAGE,
            hint=f"tandem retention plan --keep-days DAYS --source {source}",
        )
    answer = client.post("/api/v1/retention/plans")
    if options.json:
        print_json(answer)
        return
    found = answer["plan"]
    _show_rules(found["rules"])
    if not found["rules"]["policies"]:
        print_line("there is nothing to confirm, and nothing is deleted")
        return
    _show_found(answer["message"], found)
    print_line("If that is right:")
    print_line(f"   → tandem retention confirm {found['plan']}")


def _what_if(client: NodeClient, keep_days: float, source: str | None, *, as_json: bool) -> None:
    found = client.download("/api/v1/retention/what-if", keep_days=keep_days, source=source)
    if as_json:
        print_json(found)
        return
    _show_rules(found["rules"])
    _show_found(found["message"], found)
    print_line(
        "Nothing was changed. To have it so, put it into [retention] of both nodes and restart them:"
    )
    print_line("   → tandem retention plan")


def _show_found(message: str, found: dict[str, Any]) -> None:
    print_line(message)
    ends = f"oldest of {short_instant(found.get('oldest'))}"
    if "newest" in found:  # the other node may run an older build
        ends += f", newest of {short_instant(found['newest'])}"
    print_line(f"   {bytes_text(found['size_bytes'])}, {ends}")
    held = found.get("held_contacts", [])
    names = f" ({', '.join(held)}{', …' if found['held'] > len(held) else ''})" if held else ""
    print_line(f"   kept by holds: {found['held']}{names}; looked at: {found['looked_at']}")
    rows = [
        [
            row["contact"],
            row["source"],
            short_instant(row.get("started")),
            row["policy"],
            bytes_text(row["size_bytes"]),
        ]
        for row in found["examples"]
    ]
    if rows:
        print_table(["For example", "Source", "Start (UTC)", "Policy", "Size"], rows)


@app.command
def confirm(plan_id: str, *, common: Common | None = None) -> None:
    """Agree to a plan: its policies are in force from then on, and what it showed may go.

    Args:
        plan_id: As `tandem retention plan` named it, within a day.
    """
    options = common or Common()
    path = f"/api/v1/retention/plans/{quote(plan_id, safe='')}/confirm"
    _told(options.client().primary_first().post(path), as_json=options.json)


@app.command(name="list")
def list_deletions(
    *,
    state: list[str] | None = None,
    source: str | None = None,
    contact: str | None = None,
    stuck: JsonFlag = False,
    after: str | None = None,
    limit: int = 50,
    common: Common | None = None,
) -> None:
    """Decisions to delete and what became of them, newest first.

    Args:
        state: Only those due, deleting, deleted, again or withdrawn; may be repeated.
        source: Only of this source.
        contact: Only about this contact.
        stuck: Only those that could not be deleted when it was tried.
        after: Cursor that the page before ended with.
        limit: So many at most.
    """
    options = common or Common()
    asked = {"state": state, "source": source, "contact": contact, "after": after, "limit": limit}
    asked |= {"stuck": True} if stuck else {}
    view = options.client().get("/api/v1/deletions", **asked)
    if options.json:
        print_json(view)
        return
    rows = [
        [
            row["contact"],
            row["source"],
            row["policy"],
            row["state"],
            short_instant(row["decided"]),
            short_instant(row.get("ended") or row["due"]),
            _because(row),
        ]
        for row in view["deletions"]
    ]
    columns = ["Contact", "Source", "Policy", "State", "Decided (UTC)", "Ends (UTC)", "Because"]
    print_table(columns, rows)
    if "next" in view:
        say(f"more: --after {view['next']}")


@app.command
def undelete(contact: str, *, reason: str, common: Common | None = None) -> None:
    """Take back a deletion in its recycle period. The contact is held from then on.

    Args:
        contact: Its id, session key or the beginning of one.
        reason: Why; stays on record.
    """
    options = common or Common()
    path = f"/api/v1/deletions/{quote(contact, safe='')}/undelete"
    _told(options.client().post(path, {"reason": reason}), as_json=options.json)


def _because(row: dict[str, Any]) -> str:
    if "trouble" not in row:
        return row["reason"]
    tries = "once" if row["tries"] == 1 else f"{row['tries']} times"
    return f"tried {tries}, again at {row['again']}: {row['trouble']}"


def _told(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        print_line(answer["message"])


def _show_rules(rules: dict[str, Any]) -> None:
    if not rules["policies"]:
        print_line("no policy: everything is kept for ever")
        return
    rows = [[one["name"], f"{one['keep_days']:g} days", _match(one)] for one in rules["policies"]]
    print_table(["Policy", "Keeps", "What"], rows)
    print_line(
        f"legal minimum {rules['legal_minimum_days']:g} days, recycle period {rules['recycle_days']:g} days"
    )


def _match(one: dict[str, Any]) -> str:
    parts = [
        f"{name} {', '.join(one[name])}"
        for name in ("sources", "channels", "directions")
        if name in one
    ]
    parts += [f"{name} = {value}" for name, value in one.get("attributes", {}).items()]
    return "; ".join(parts) or "everything"
