"""`tandem config`: check a file, show what it means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import App, Parameter

from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line
from recorder.errors import RecorderError

app = App(name="config", help="Check a configuration file, show what it means.")

JsonFlag = Annotated[bool, Parameter(negative=())]


@app.command
def check(file: Path, *, json: JsonFlag = False) -> None:
    """Check a file as `tandem node run` would, secrets and adapters included; changes nothing."""
    from recorder.source_check import check_config  # noqa: PLC0415 - needs the adapters

    try:
        check_config(file)
    except RecorderError as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    if json:
        print_json({"file": str(file), "ok": True})
    else:
        print_line(f"{file}: ok")


@app.command
def show(file: Path, *, json: JsonFlag = False) -> None:
    """The effective configuration: file, environment and defaults. Secrets stay references."""
    from recorder.config import load_config  # noqa: PLC0415 - starts other commands faster

    try:
        config = load_config(file)
    except RecorderError as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    tree: dict[str, Any] = config.model_dump(mode="json", exclude_none=True)
    tree["data_center"]["database"] = _without_password(tree["data_center"]["database"])
    if json:
        print_json(tree)
        return
    for path, value in _flat("", tree):
        print_line(f"{path} = {value!r}")


def _flat(prefix: str, tree: dict[str, Any]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            found += _flat(path, cast("dict[str, Any]", value))
        else:
            found.append((path, value))
    return found


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    if not separator or not at or ":" not in user:
        return url
    return f"{scheme}://{user.partition(':')[0]}:***@{place}"
