"""Contacts have revisions: every commit that changes one makes the next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """What is there already is revision 1; by whom it was made last is not known."""
    op.add_column("contacts", _number())
    op.add_column("contacts", _text("updated_by"))
    op.add_column("media", _number())
    contact = sa.Column("contact_id", _type(), sa.ForeignKey("contacts.contact_id"))
    op.create_table(
        "contact_revisions",
        contact,
        sa.Column("revision", sa.BigInteger, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        _text("node"),
        _text("document"),
        sa.PrimaryKeyConstraint("contact_id", "revision"),
    )


def _number() -> sa.Column[int]:
    return sa.Column("revision", sa.BigInteger, nullable=False, server_default="1")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), nullable=False, server_default="")


def _type() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
