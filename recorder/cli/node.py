"""`tandem node`: run one, list both, show the history of roles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cluster.errors import ClusterError
from recorder.cli.common import Common, JsonFlag, needed_config
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_table
from recorder.cli.pair_view import read_pair, show_pair
from recorder.cli.watch import Watch, watched
from recorder.errors import ConfigError, RecorderError, SchemaTooNew

app = App(name="node", help="Run a node, list both, see who was primary when.")


@app.command
def run(
    *,
    config: Annotated[Path | None, Parameter(show_default=False)] = None,
    json: JsonFlag = False,
) -> int:
    """Run one recorder node until SIGTERM (hands over first).

    Args:
        config: The node's TOML file; samples are in docs/samples. Also TANDEM_CONFIG.
        json: Log as JSON, whatever the file says.
    """
    path = needed_config(config)
    if json:
        os.environ["TANDEM__LOG__FORMAT"] = "json"
    # Imported here: only this command needs the whole recorder.
    from recorder.daemon import run_node  # noqa: PLC0415

    try:
        return run_node(path)
    except (ConfigError, SchemaTooNew) as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    except (RecorderError, ClusterError) as error:
        raise CliError(str(error), Exit.FAILED, hint=error.hint) from error
    except OSError as error:
        raise CliError(f"The node cannot start: {error}", Exit.FAILED) from error


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
