"""Ids for a recovery, from a file or from stdin, as the folder for files with ids takes them."""

from __future__ import annotations

import sys
from pathlib import Path

from recorder.cli.errors import CliError, Exit
from recorder.cli.output import say
from recorder.recover.id_lists import BYTES_MAX, read_ids


def ids_of(name: str) -> list[str]:
    """Each id once; rows that hold none are told on stderr. Raises CliError when there is none at all."""
    found = read_ids(_body(name))
    for row in found.bad:
        say(f"{name}, line {row.line}: {row.reason}")
    if not found.ids:
        raise CliError(
            f"{name} holds no id.", Exit.USAGE, hint="One id a row; see docs/recovery.md."
        )
    return list(found.ids)


def _body(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(BYTES_MAX + 1)
        with Path(name).open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise CliError(
            f"{name} cannot be read: {error.strerror or error}",
            Exit.USAGE,
            hint="Name a file, or -.",
        ) from error
