"""Parts of screens are found by their object."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nothing of what is there changes."""
    op.create_index("screen_parts_by_object", "screen_parts", ["object_key"])
