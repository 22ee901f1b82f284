"""`tandem config`: check a file, show what it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from cyclopts import App

from recorder.cli.common import JsonFlag, from_file, needed_config
from recorder.cli.masking import masked
from recorder.cli.output import print_json, print_line, say

app = App(name="config", help="Check a configuration file, show what it means.")


@app.command
def check(file: Path | None = None, *, json: JsonFlag = False) -> None:
    """Check a file as `tandem node run` would, secrets and adapters included; changes nothing.

    Args:
        file: The node's TOML file. Also TANDEM_CONFIG.
        json: Answer with JSON on stdout.
    """
    from recorder.source_check import check_config  # noqa: PLC0415 - needs the adapters

    path = needed_config(file)
    advice = from_file(lambda: check_config(path))
    if json:
        print_json({"file": str(path), "ok": True, "advice": list(advice)})
        return
    for line in advice:
        say(f"advice: {line}")
    print_line(f"{path}: ok")


@app.command
def show(file: Path | None = None, *, json: JsonFlag = False) -> None:
    """The effective configuration: file, environment and defaults. Secrets stay references.

    Args:
        file: The node's TOML file. Also TANDEM_CONFIG.
        json: Answer with JSON on stdout.
    """
    from recorder.config import load_config  # noqa: PLC0415 - starts other commands faster

    path = needed_config(file)
    config = from_file(lambda: load_config(path))
    tree = masked(config.model_dump(mode="json", exclude_none=True))
    if json:
        print_json(tree)
        return
    for key, value in _flat("", tree):
        print_line(f"{key} = {value!r}")


def _flat(prefix: str, tree: dict[str, Any]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            found += _flat(path, cast("dict[str, Any]", value))
        else:
            found.append((path, value))
    return found
