"""Migrated SQLite databases: Alembic makes one for each process of the tests, the others are copies."""

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from recorder.adapters.contact_db import migrate


@cache
def _first() -> bytes:
    """Its file, with nothing left beside it: the last connection took its log into it."""
    with tempfile.TemporaryDirectory(prefix="tandem-db-") as folder:
        path = Path(folder) / "contacts.db"
        migrate(f"sqlite:///{path}")
        assert [file.name for file in Path(folder).iterdir()] == [path.name]
        return path.read_bytes()


def migrated(url: str) -> None:
    """Lay an empty database of this program's revision at `sqlite:///path`, where no file is."""
    database = make_url(url).database
    assert database, url
    with Path(database).open("xb") as file:
        file.write(_first())
