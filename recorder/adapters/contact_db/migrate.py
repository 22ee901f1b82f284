"""Bringing the contact database to the schema of this program.

A database that is there already is recognised by one question. Alembic, which weighs 10 MB in memory, is
loaded only for one that is not.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

from recorder.adapters.contact_db.engine import WRITES, open_engine
from recorder.adapters.contact_db.errors import translated
from recorder.errors import ConfigError, DataCenterDamaged, SchemaTooNew

REVISION = "0009"
"""The newest in `migrations/versions`; a test holds the two together."""
_LOCK = 0x7A9DE3
"""Any number, but the same on every node."""


def migrate(url: str | URL, *, wait_s: float = 30.0) -> None:
    """Bring the database to this program's revision; harmless when it is there already.

    Two nodes may do so at once: one waits for the other. Raises SchemaTooNew when the database holds a
    revision this program does not know, DataCenterDown when it is unreachable, or kept busy by somebody
    else for `wait_s`.
    """
    engine = open_engine(url, busy_timeout_s=wait_s, statement_timeout_s=wait_s, connections=1)
    try:
        with (
            translated("migrating"),
            engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if not _is_current(connection):
                _upgrade(connection)
    finally:
        engine.dispose()


def migrate_at_start(url: str | URL, *, wait_s: float) -> None:
    """As `migrate`, for a node that is about to start: raises ConfigError for what is no database.

    Nobody can mend that by waiting, and the path may well be wrong. A node that runs already goes on into
    its buffer instead.
    """
    try:
        migrate(url, wait_s=wait_s)
    except DataCenterDamaged as error:
        raise ConfigError(
            f"data_center.database: {error}",
            hint="Name the right database; or stop all nodes and restore this one from a backup.",
        ) from error


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(found) == [REVISION]


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - heavy, and seldom needed
    from alembic.config import Config  # noqa: PLC0415 - as above
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    known = [script.revision for script in scripts.walk_revisions()]
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise SchemaTooNew(
                f"the contact database has schema revision {revision}; "
                f"this program knows revisions up to {known[0]}",
                hint="A newer Tandem migrated it: upgrade this node to the same version.",
            )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
