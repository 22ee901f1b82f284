"""What the waveform and the timeline of a rendition should be, so that the scrub can tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Of renditions that are there it stays unknown: their rows tell no hash."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for name in ("peaks", "timeline"):
        op.add_column(
            "renditions",
            sa.Column(f"{name}_bytes", sa.BigInteger, nullable=False, server_default="0"),
        )
        op.add_column(
            "renditions", sa.Column(f"{name}_sha256", text, nullable=False, server_default="")
        )
        op.create_index(f"renditions_by_{name}", "renditions", [f"{name}_key"])
