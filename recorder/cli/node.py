"""`tandem node`: run one, list both, show the history of roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from recorder.cli.common import Common, JsonFlag, config_from_environment
from recorder.cli.output import print_json, print_table
from recorder.cli.pair_view import read_pair, show_pair
from recorder.cli.start_node import start_node
from recorder.cli.watch import Watch, watched

app = App(name="node", help="Run a node, list both, see who was primary when.")


@app.command
def run(
    *,
    config: Annotated[Path | None, Parameter(show_default=False)] = None,
    trace: Path | None = None,
    json: JsonFlag = False,
) -> int:
    """Run one recorder node until SIGTERM (hands over first).

    Args:
        config: The node's TOML file; samples are in docs/samples. Also TANDEM_CONFIG.
        trace: Write what happens there, for `tandem sim check`; at most 128 MB with the part before (`FILE.1`).
        json: Log as JSON, whatever the file says.
    """
    return start_node(config or config_from_environment(), as_json=json, trace=trace)


@app.command(name="list")
def list_nodes(*, watch: Watch = None, common: Common | None = None) -> None:
    """Both nodes: role, state, term, lag, queue, archived.

    Exits 0 although a node is down: `tandem health` judges.

    Args:
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client()

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        view = read_pair(client)
        if options.json:
            print_json(view, one_line=again)
        else:
            show_pair(view)

    watched(watch, look)


@app.command
def history(*, limit: int = 20, common: Common | None = None) -> None:
    """Who was primary when, and why it changed; newest first.

    Args:
        limit: So many at most.
    """
    options = common or Common()
    view = options.client().get("/api/v1/history", limit=limit)
    if options.json:
        print_json(view)
        return
    rows = [
        [row["at"][:19] + "Z", row["node"], row["old"], row["new"], str(row["term"]), row["reason"]]
        for row in view["history"]
    ]
    print_table(["At", "Node", "From", "To", "Term", "Reason"], rows)
