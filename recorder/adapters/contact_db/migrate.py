"""Bringing the contact database to the schema of this program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from recorder.adapters.contact_db.engine import WRITES, open_engine
from recorder.adapters.contact_db.errors import translated
from recorder.errors import SchemaTooNew

_LOCK = 0x7A9DE3
"""Any number, but the same on every node."""


def migrate(url: str | URL, *, wait_s: float = 30.0) -> None:
    """Bring the database to this program's revision; harmless when it is there already.

    Two nodes may do so at once: one waits for the other. Raises SchemaTooNew when the database holds a
    revision this program does not know, DataCenterDown when it is unreachable, or kept busy by somebody
    else for `wait_s`.
    """
    engine = open_engine(url, busy_timeout_s=wait_s, statement_timeout_s=wait_s, connections=1)
    config = _config()
    try:
        with (
            translated("migrating"),
            engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _refuse_unknown(connection, ScriptDirectory.from_config(config))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _refuse_unknown(connection: Connection, scripts: ScriptDirectory) -> None:
    known = [script.revision for script in scripts.walk_revisions()]
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise SchemaTooNew(
                f"the contact database has schema revision {revision}; "
                f"this program knows revisions up to {known[0]}",
                hint="A newer Tandem migrated it: upgrade this node to the same version.",
            )
