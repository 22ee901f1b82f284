"""In which installation the holder of a lease runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Not known of the leases that are there: the first to renew writes it."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("leases", sa.Column("holder_instance", text, nullable=False, server_default=""))
