"""The pair as its nodes tell it, for tables and for commands that wait until both agree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from recorder.cli.client import NodeClient
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_line, print_table
from recorder.instants import duration_text

View: TypeAlias = dict[str, Any]

LOOK_TIMEOUT_S = 3.0
_ACTING = ("primary", "handing_over")


def read_pair(client: NodeClient) -> View:
    """What every reachable node of `client.urls` says, in one view. Raises CliError when none does."""
    views: list[View] = []
    failed: list[CliError] = []
    for url in client.urls:
        try:
            views.append(client.request(url, "GET", "/api/v1/cluster", timeout_s=LOOK_TIMEOUT_S))
        except CliError as error:
            if error.code is not Exit.UNREACHABLE:
                raise
            failed.append(error)
    if not views:
        text = " ".join(str(error) for error in failed)
        raise CliError(text, Exit.UNREACHABLE, hint=failed[0].hint)
    return merged(views)


def merged(views: list[View]) -> View:
    """One view of several: each node's own word about itself counts more than its peer's. Pure."""
    first = views[0]
    rows: dict[str, View] = {}
    findings: dict[tuple[str, str], View] = {}
    for view in views:
        if view["cluster"] != first["cluster"]:
            raise CliError(
                f"{view['seen_by']} is of another cluster: {view['cluster']}.",
                Exit.USAGE,
                hint="Name the nodes of one pair by --url.",
            )
        for row in cast("list[View]", view["nodes"]):
            if row["node"] == view["seen_by"] or row["node"] not in rows:
                rows[row["node"]] = row
        for finding in cast("list[View]", view["findings"]):
            findings.setdefault((finding["code"], finding["subject"]), finding)
    acting = [row for row in rows.values() if row.get("role") in _ACTING]
    newest = max(acting, key=lambda row: row.get("term") or 0, default=None)
    whole: View = {
        **first,
        "term": max((view.get("term") or 0 for view in views), default=0),
        "paused": any(view["paused"] for view in views),
        "answered": [view["seen_by"] for view in views],
        "nodes": [rows[name] for name in sorted(rows)],
        "findings": list(findings.values()),
    }
    whole.pop("primary", None)
    return whole if newest is None else {**whole, "primary": newest["node"]}


def show_pair(view: View) -> None:
    """The pair as a table under one headline; what is wrong stands below."""
    automatic = "PAUSED: no automatic failover" if view["paused"] else "automatic failover on"
    level = "warning" if view["paused"] or "primary" not in view else ""
    print_line(
        f"Cluster: {view['cluster']}   primary {view.get('primary', 'NONE')} · "
        f"term {view.get('term', '?')} · {automatic}",
        level,
    )
    columns = ["Node", "Host", "Role", "State", "Term", "Lag", "Queue", "Archived", "For"]
    print_table(columns, [_row(node) for node in view["nodes"]])
    for node in view["nodes"]:
        for problem in node.get("problems", []):
            print_line(f"  {node['node']}: {problem}", "warning")
    builds = sorted({node["build"] for node in view["nodes"] if "build" in node})
    if len(builds) > 1:
        print_line(f"  mixed versions: {', '.join(builds)}")
    for finding in view["findings"]:
        mark = "!!" if finding["level"] == "error" else " !"
        print_line(f"{mark} {finding['code']}: {finding['what']}", finding["level"])
        if finding["hint"]:
            print_line(f"   → {finding['hint']}")


def _row(node: View) -> list[str]:
    return [
        node["node"],
        node["url"].removeprefix("http://").removeprefix("https://"),
        node.get("role", "?"),
        node["state"],
        str(node.get("term", "?")),
        duration_text(node["lag_seconds"]) if "lag_seconds" in node else "?",
        f"{node['queue_depth']}/{node['queue_depth_max']}" if "queue_depth" in node else "?",
        str(node.get("archived", "?")),
        _age(node.get("since")),
    ]


def _age(since: str | None) -> str:
    if since is None:
        return "?"
    now = datetime.now(UTC)  # noqa: TID251 - the command line, beside a person with a watch
    return duration_text((now - datetime.fromisoformat(since)).total_seconds())
