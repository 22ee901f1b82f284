"""Indexes by which open findings are read in order, and those that ended long ago are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing of what is there changes."""
    _index("findings_open_by_id", ["source", "finding_id"], "closed_us IS NULL")
    _index("findings_ended", ["seen_us", "finding_id"], "closed_us IS NOT NULL")


def _index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "findings", columns, sqlite_where=where, postgresql_where=where)
