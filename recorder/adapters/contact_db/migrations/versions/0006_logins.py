"""Logins to the pages that ended before their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """It is new."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "ended_logins",
        sa.Column("login_id", text, primary_key=True),
        sa.Column("until_us", sa.BigInteger, nullable=False),
    )
