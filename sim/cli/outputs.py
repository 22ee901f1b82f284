"""Files that a command of the simulator writes: whether they can be is known before the work, not after it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from recorder.cli.errors import CliError, Exit


def writable(read: Path | None, *written: Path | None) -> None:
    """See that each file in `written` can be written, and is neither `read` nor another one of them.

    Makes the folders that they are to be in; no file is there afterwards that was not there before.
    Raises CliError.
    """
    taken = [] if read is None else [read.resolve()]
    for path in written:
        if path is None:
            continue
        if path.resolve() in taken:
            raise CliError(
                f"{path}: is named twice, and would be overwritten.",
                Exit.USAGE,
                hint="Name another file.",
            )
        taken.append(path.resolve())
        with unwritable(path):
            _touch(path)


@contextmanager
def unwritable(path: Path) -> Generator[None]:
    """A fault in writing `path` ends the command as a usage error: status 1 is for broken promises."""
    try:
        yield
    except OSError as error:
        raise CliError(
            f"{path}: cannot be written: {error.strerror}", Exit.USAGE, hint="Name another file."
        ) from error


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    if new or path.is_file() or path.is_dir():  # a pipe or a device is not opened for nothing
        with path.open("ab"):
            pass
    if new:
        path.unlink()
