"""What an SQLite file itself can do to a running program: be taken away, be full, be broken.

A file that is taken away must not take what is written with it.

The operating system lets an open file live on without a name: every commit would succeed, and be gone
with the last connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ExceptionContext, event

from recorder.errors import DataCenterDown

_HINT = (
    "Put the file back; or stop all nodes, remove the -wal and -shm files beside it, restore it from a "
    "backup, start the nodes, and fetch what came after the backup with `tandem source rewind`."
)
_OF_THE_FILE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
PRIMARY = 0xFF
"""Bits of an SQLite code without its extension."""


def name_file(engine: Engine) -> None:
    """Put the path before what SQLite says of the file as a whole: it names none itself."""
    path = engine.url.database

    def name(context: ExceptionContext) -> None:
        error = context.original_exception
        code: int | None = getattr(error, "sqlite_errorcode", None)
        said = str(error)
        if code is not None and code & PRIMARY in _OF_THE_FILE and not said.startswith(f"{path}: "):
            error.args = (f"{path}: {said}",)

    event.listen(engine, "handle_error", name)


def watch_file(engine: Engine) -> None:
    """Refuse every use of `engine` with DataCenterDown while its file is gone or is another one.

    Another file under the name is taken from the next use on: the one whose turn it is says so once.
    """
    path = engine.url.database
    assert path is not None, "an SQLite engine has a file"
    watch = _Watch(engine, Path(path))
    event.listen(engine, "do_connect", watch.opening)
    event.listen(engine, "connect", watch.opened)
    event.listen(engine, "checkout", watch.used)


class _Watch:
    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._known: tuple[int, int] | None = None

    def opening(
        self, dialect: object, record: object, args: Sequence[Any], options: Mapping[str, Any]
    ) -> None:
        """SQLite would make an empty file where one is missing: right only the first time."""
        del dialect, record, args, options
        if self._known is not None:
            self._check(self._known)

    def opened(self, connection: object, record: Any) -> None:
        """Remember which file this connection writes to."""
        del connection
        found = self._found()
        record.info["file"] = found
        if self._known is None:
            self._known = found

    def used(self, connection: object, record: Any, proxy: object) -> None:
        """A connection is about to be given out."""
        del connection, proxy
        self._check(record.info["file"])

    def _check(self, expected: tuple[int, int] | None) -> None:
        found = self._found()
        if found is not None and found == expected:
            return
        if found is None:
            raise DataCenterDown(
                f"the contact database {self._path} is gone: its file was removed or moved away",
                hint=_HINT,
            )
        self._known = None
        self._engine.dispose()
        raise DataCenterDown(
            f"the contact database {self._path} was replaced by another file while in use",
            hint=_HINT,
        )

    def _found(self) -> tuple[int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_dev, facts.st_ino
