"""The first schema. Never edited again: later revisions change it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _contacts()
    _below_contacts()
    _items()
    _control()


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), nullable=False, server_default="")


def _type() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _big(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, server_default=default)


def _big_key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _contact(*, null: bool = False) -> sa.Column[str]:
    return sa.Column("contact_id", _type(), sa.ForeignKey("contacts.contact_id"), nullable=null)


def _interaction() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["source", "interaction_key"], ["interactions.source", "interactions.interaction_key"]
    )


def _index(table: str, name: str, *columns: str) -> None:
    op.create_index(f"{table}_by_{name}", table, list(columns))


def _contacts() -> None:
    op.create_table(
        "contacts",
        _key("contact_id"),
        _text("source"),
        _text("session_key"),
        _big("started_us", null=True),
        _big("ended_us", null=True),
        _big("sort_us"),
        _text("direction"),
        _text("channel"),
        _text("subject"),
        _text("parties"),
        _big("interactions", default="0"),
        _big("media", default="0"),
        _big("size_bytes", default="0"),
        _big("updated_us"),
    )
    _index("contacts", "session", "session_key")
    _index("contacts", "start", "sort_us", "contact_id")
    _index("contacts", "source", "source", "sort_us", "contact_id")


def _below_contacts() -> None:
    op.create_table(
        "interactions",
        _key("source"),
        _key("interaction_key"),
        _contact(),
        _text("channel"),
        _text("direction"),
        _big("started_us", null=True),
        _big("ended_us", null=True),
        _text("subject"),
        _text("attributes"),
        _text("not_recordable"),
    )
    op.create_table(
        "parties",
        _key("source"),
        _key("interaction_key"),
        _key("party_key"),
        _contact(),
        _text("role"),
        _text("name"),
        _text("name_folded"),
        _text("number"),
        _big("joined_us", null=True),
        _big("left_us", null=True),
        _interaction(),
    )
    op.create_table(
        "segments",
        _key("source"),
        _key("interaction_key"),
        _key("segment_key"),
        _contact(),
        _big("started_us", null=True),
        _big("ended_us", null=True),
        _text("reason"),
        _text("party_keys"),
        _interaction(),
    )
    op.create_table(
        "media",
        _key("media_key"),
        _key("source"),
        _text("item_key"),
        _text("interaction_key"),
        _contact(),
        _text("kind"),
        _text("file_name"),
        _text("media_type"),
        _big("size_bytes", default="0"),
        _text("sha256"),
        _text("object_key"),
        _big("started_us", null=True),
        _big("duration_ms", null=True),
        _big("stored_us"),
        _text("stored_by"),
    )
    for table in ("interactions", "parties", "segments", "media"):
        _index(table, "contact", "contact_id")
    _index("parties", "name", "name_folded")
    _index("parties", "number", "number")


def _items() -> None:
    op.create_table(
        "items",
        _key("item_key"),
        _key("source"),
        _text("version"),
        _big("changed_us"),
        _text("session_key"),
        _text("hints"),
        _text("state"),
        _text("reason"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        _big("found_us"),
        _text("found_by"),
        _big("updated_us"),
        _big("archived_us", null=True),
        _text("archived_by"),
        _big("retry_at_us", null=True),
        sa.Column("parked", sa.Boolean, nullable=False),
        _contact(null=True),
        _big("size_bytes", default="0"),
        _big("term", default="0"),
    )
    _index("items", "change", "updated_us", "source", "item_key")
    _index("items", "state", "source", "state", "parked", "updated_us")
    op.create_index(
        "items_by_retry",
        "items",
        ["source", "retry_at_us"],
        sqlite_where=sa.text("parked = 1"),
        postgresql_where=sa.text("parked"),
    )
    _index("items", "session", "session_key")
    op.create_table(
        "item_events",
        _key("node"),
        _key("boot"),
        _big_key("number"),
        _text("source"),
        _text("item_key"),
        _big("at_us"),
        _text("what"),
        _big("term", default="0"),
        _text("detail"),
    )
    _index("item_events", "item", "source", "item_key", "at_us")


def _control() -> None:
    op.create_table(
        "sources",
        _key("source"),
        _big("revision"),
        _big("epoch"),
        _big("watermark_us"),
        _big("horizon_us"),
        _text("coverage"),
        _big("term"),
        _big("updated_us"),
    )
    op.create_table(
        "leases",
        _key("cluster"),
        _big("term"),
        _text("holder"),
        _big("expires_us"),
    )
    op.create_table(
        "nodes",
        _key("cluster"),
        _key("node"),
        _text("boot"),
        _big("seen_us"),
    )
    op.create_table(
        "role_history",
        _key("cluster"),
        _big_key("at_us"),
        _key("node"),
        _big_key("term"),
        _key("new_role"),
        _text("old_role"),
        _text("reason"),
    )
