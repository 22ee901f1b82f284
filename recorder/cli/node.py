"""`tandem node`: run one, list both, show the history of roles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from cluster.errors import ClusterError
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table
from recorder.errors import RecorderError
from recorder.instants import duration_text

app = App(name="node", help="Run a node, list both, see who was primary when.")


@app.command
def run(*, config: Path) -> int:
    """Run one recorder node until SIGTERM (hands over first).

    Args:
        config: The node's TOML file; samples are in docs/samples.
    """
    # Imported here: only this command needs the whole recorder.
    from recorder.daemon import run_node  # noqa: PLC0415

    try:
        return run_node(config)
    except (RecorderError, ClusterError) as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error


@app.command(name="list")
def list_nodes(
    *,
    watch: Annotated[float | None, Parameter(show_default=False)] = None,
    common: Common | None = None,
) -> None:
    """Both nodes: role, state, term, lag, queue, archived.

    Args:
        watch: Show it again every so many seconds.
    """
    options = common or Common()
    client = options.client()
    while True:
        view = client.get("/api/v1/cluster")
        if options.json:
            print_json(view)
        else:
            show_cluster(view)
        if watch is None:
            return
        time.sleep(watch)  # noqa: TID251 - the command line waits for a person


@app.command
def history(*, limit: int = 20, common: Common | None = None) -> None:
    """Who was primary when, and why it changed; newest first."""
    options = common or Common()
    view = options.client().get("/api/v1/history", limit=limit)
    if options.json:
        print_json(view)
        return
    rows = [
        [row["at"], row["node"], row["old"], row["new"], str(row["term"]), row["reason"]]
        for row in view["history"]
    ]
    print_table(["At", "Node", "From", "To", "Term", "Reason"], rows)


def show_cluster(view: dict[str, Any]) -> None:
    """The pair as a table of two lines under one headline, worst news last."""
    automatic = "PAUSED: no automatic failover" if view["paused"] else "automatic failover on"
    primary = view.get("primary") or "none"
    print_line(
        f"Cluster: {view['cluster']}   primary {primary} · term {view.get('term', '?')} · {automatic}"
    )
    rows = [
        [
            node["node"],
            node["url"].removeprefix("http://").removeprefix("https://"),
            node.get("role", "?"),
            node["state"],
            str(node.get("term", "?")),
            duration_text(node["lag_seconds"]) if "lag_seconds" in node else "?",
            f"{node['queue_depth']}/{node['queue_depth_max']}" if "queue_depth" in node else "?",
            str(node.get("archived", "?")),
            node.get("since", "?")[:19].replace("T", " "),
        ]
        for node in view["nodes"]
    ]
    columns = ["Node", "Host", "Role", "State", "Term", "Lag", "Queue", "Archived", "Since (UTC)"]
    print_table(columns, rows)
    for node in view["nodes"]:
        for problem in node.get("problems", []):
            print_line(f"  {node['node']}: {problem}")
    for finding in view["findings"]:
        mark = "!!" if finding["level"] == "error" else " !"
        print_line(f"{mark} {finding['what']}")
        if finding["hint"]:
            print_line(f"   → {finding['hint']}")
