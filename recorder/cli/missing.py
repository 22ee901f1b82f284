"""What to say when an argument is missing: the line to type, and what the argument means."""

from __future__ import annotations

from cyclopts import MissingArgumentError
from cyclopts.argument import Argument


def what_to_type(error: MissingArgumentError) -> tuple[str, str]:
    """Message and hint. An option whose value is missing is named as it was typed."""
    command = " ".join(["tandem", *(error.command_chain or ())])
    help_hint = f"`{command} --help` shows what there is."
    missing, app = error.argument, error.app
    if missing is None or app is None or error.keyword is not None or missing.tokens:
        return str(error), help_hint
    wanted = [one for one in app.assemble_argument_collection(parse_docstring=True) if _needed(one)]
    line = " ".join([command, *map(_placeholder, wanted)])
    meaning = next((one.parameter.help for one in wanted if one.name == missing.name), None)
    told = f" {_placeholder(missing)}: {meaning}" if meaning else ""
    return f"{_placeholder(missing)} is missing.", f"Type `{line}`.{told}"


def _needed(argument: Argument) -> bool:
    return argument.field_info.required and argument.name.startswith("--")


def _placeholder(argument: Argument) -> str:
    word = argument.name.lstrip("-").upper()
    return word if argument.field_info.is_positional else f"{argument.name} {word}"
