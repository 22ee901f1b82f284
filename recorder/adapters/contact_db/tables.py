"""Every table of what is recorded, in SQLAlchemy Core.

What makes "nothing twice" true are the primary keys (source, item_key), (source, interaction_key) and
(source, media_key).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    text,
)

from recorder.adapters.contact_db.columns import METADATA, CleanText
from recorder.adapters.contact_db.columns import key as _key
from recorder.adapters.contact_db.columns import number as _number
from recorder.adapters.contact_db.columns import text as _text
from recorder.adapters.contact_db.columns import us as _us


def _contact() -> Column[str]:
    return Column("contact_id", CleanText, ForeignKey("contacts.contact_id"), nullable=False)


def _interaction() -> ForeignKeyConstraint:
    key = ("source", "interaction_key")
    return ForeignKeyConstraint(key, [f"interactions.{name}" for name in key])


def _revision() -> Column[int]:
    return Column("revision", BigInteger, nullable=False, server_default="1")


contacts = Table(
    "contacts",
    METADATA,
    _key("contact_id"),
    _text("source"),
    _text("session_key"),
    _us("started_us"),
    _us("ended_us"),
    Column("sort_us", BigInteger, nullable=False),  # start, else end, else 0: order of lists
    _text("direction"),
    _text("channel"),
    _text("subject"),
    _text("parties"),  # JSON list of what a list of contacts shows of each
    _number("interactions"),
    _number("media"),
    _number("size_bytes"),
    _us("updated_us", known=True),
    _revision(),  # counted from 1; 0 only inside the transaction that makes the contact
    _text("updated_by"),
    Index("contacts_by_session", "session_key"),
    Index("contacts_by_start", "sort_us", "contact_id"),
    Index("contacts_by_source", "source", "sort_us", "contact_id"),
)

contact_revisions = Table(
    "contact_revisions",
    METADATA,
    _key("contact_id"),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    _us("at_us", known=True),
    _text("node"),
    _text(
        "document"
    ),  # JSON: what a later revision needs to tell how the contact was, see revisions
    _number("sort_us"),  # of the contact then, see das
    ForeignKeyConstraint(["contact_id"], ["contacts.contact_id"]),
    Index("contact_revisions_by_start", "sort_us", "contact_id"),
)
"""Revisions that others came after. The newest one is the contact itself."""

interactions = Table(
    "interactions",
    METADATA,
    _key("source"),
    _key("interaction_key"),
    _contact(),
    _text("channel"),
    _text("direction"),
    _us("started_us"),
    _us("ended_us"),
    _text("subject"),
    _text("attributes"),  # JSON object
    _text("not_recordable"),
    Index("interactions_by_contact", "contact_id"),
)

interaction_names = Table(
    "interaction_names",
    METADATA,
    _key("value"),  # of an attribute: what looks like an id, see rows.names_in
    _key("source"),
    _key("interaction_key"),
    sqlite_with_rowid=False,
)
"""By which ids of its attributes an interaction is found."""

parties = Table(
    "parties",
    METADATA,
    _key("source"),
    _key("interaction_key"),
    _key("party_key"),
    _contact(),
    _text("role"),
    _text("name"),
    _text("name_folded"),  # for searching without regard to case
    _text("number"),
    _us("joined_us"),
    _us("left_us"),
    _interaction(),
    Index("parties_by_contact", "contact_id"),
    Index("parties_by_name", "name_folded"),
    Index("parties_by_number", "number"),
)

segments = Table(
    "segments",
    METADATA,
    _key("source"),
    _key("interaction_key"),
    _key("segment_key"),
    _contact(),
    _us("started_us"),
    _us("ended_us"),
    _text("reason"),
    _text("party_keys"),  # JSON list
    _interaction(),
    Index("segments_by_contact", "contact_id"),
)

media = Table(
    "media",
    METADATA,
    _key("media_key"),  # first, so that the primary key also serves a search without source
    _key("source"),
    _text("item_key"),
    _text("interaction_key"),
    _contact(),
    _text("kind"),
    _text("file_name"),
    _text("media_type"),
    _number("size_bytes"),
    _text("sha256"),
    _text("object_key"),
    _us("started_us"),
    Column("duration_ms", BigInteger),
    _us("stored_us", known=True),
    _text("stored_by"),
    _revision(),  # of the contact: the one that brought it
    Index("media_by_contact", "contact_id"),
    Index("media_by_object", "object_key"),
    Index("media_by_hash", "sha256"),
)

items = Table(
    "items",
    METADATA,
    _key("item_key"),  # first: see media
    _key("source"),
    _text("version"),
    _us("changed_us", known=True),
    _text("session_key"),
    _text("hints"),  # JSON object
    _text("state"),
    _text("reason"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _us("found_us", known=True),
    _text("found_by"),
    _us("updated_us", known=True),
    _us("archived_us"),
    _text("archived_by"),
    _us("retry_at_us"),
    Column("parked", Boolean, nullable=False),
    Column("contact_id", CleanText, ForeignKey("contacts.contact_id")),
    _number("size_bytes"),
    Column("term", BigInteger, nullable=False, server_default="0"),  # of the last control write
    Index("items_by_change", "updated_us", "source", "item_key"),
    Index("items_by_state", "source", "state", "parked", "updated_us"),
    Index(
        "items_by_retry",
        "source",
        "retry_at_us",
        sqlite_where=text("parked = 1"),
        postgresql_where=text("parked"),
    ),
    Index("items_by_session", "session_key"),
    Index("items_by_contact", "contact_id"),
    Index("items_by_source", "source", "changed_us", "item_key"),
)

item_events = Table(
    "item_events",
    METADATA,
    _key("node"),
    _key("boot"),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("source"),
    _text("item_key"),
    _us("at_us", known=True),
    _text("what"),
    Column("term", BigInteger, nullable=False, server_default="0"),
    _text("detail"),
    Index("item_events_by_item", "source", "item_key", "at_us"),
)

sources = Table(
    "sources",
    METADATA,
    _key("source"),
    Column("revision", BigInteger, nullable=False),  # grows with every write: compare and swap
    Column("epoch", BigInteger, nullable=False),
    _us("watermark_us", known=True),
    _us("horizon_us", known=True),
    _text("coverage"),  # JSON list of [from_us, to_us]
    Column("term", BigInteger, nullable=False),
    _us("updated_us", known=True),
)

leases = Table(
    "leases",
    METADATA,
    _key("cluster"),
    Column("term", BigInteger, nullable=False),
    _text("holder"),
    _us("expires_us", known=True),  # on the database's own clock
    _text(
        "holder_instance"
    ),  # <holder>/<its instance id>; anything else means that it is not known
)

nodes = Table(
    "nodes",
    METADATA,
    _key("cluster"),
    _key("node"),
    _text("boot"),
    _us("seen_us", known=True),  # on the database's own clock
)

role_history = Table(
    "role_history",
    METADATA,
    _key("cluster"),
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    _key("node"),
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    _key("new_role"),
    _text("old_role"),
    _text("reason"),
)
