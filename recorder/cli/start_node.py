"""Starts a node for `tandem node run`, without the libraries that draw on terminals.

A node's process lives for months: what only the command line needs stays out of its memory.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cluster.errors import ClusterError
from recorder.cli.errors import CliError, Exit
from recorder.errors import ConfigError, RecorderError, SchemaTooNew


def plain_options(words: Sequence[str]) -> tuple[Path | None, bool] | None:
    """`--config` and `--json` of `node run`; None for whatever else was written: not for here."""
    if list(words[:2]) != ["node", "run"]:
        return None
    path, as_json = os.environ.get("TANDEM_CONFIG"), False
    rest = list(words[2:])
    while rest:
        word = rest.pop(0)
        if word == "--json":
            as_json = True
        elif word == "--config" and rest and not rest[0].startswith("-"):
            path = rest.pop(0)
        elif word.startswith("--config=") and word != "--config=":
            path = word.removeprefix("--config=")
        else:
            return None
    return Path(path) if path else None, as_json


def start_node(path: Path | None, *, as_json: bool, trace: Path | None = None) -> int:
    """Run until told to stop; returns the exit status. Raises CliError when it cannot start."""
    if path is None:
        raise CliError(
            "No configuration file is named.",
            Exit.USAGE,
            hint="Add --config FILE or TANDEM_CONFIG.",
        )
    if as_json:
        os.environ["TANDEM__LOG__FORMAT"] = "json"
    # Imported here: only this command needs the whole recorder.
    from recorder.daemon import run_node  # noqa: PLC0415

    try:
        return run_node(path, trace=trace)
    except (ConfigError, SchemaTooNew) as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    except (RecorderError, ClusterError) as error:
        raise CliError(str(error), Exit.FAILED, hint=error.hint) from error
    except OSError as error:
        raise CliError(f"The node cannot start: {error}", Exit.FAILED) from error
