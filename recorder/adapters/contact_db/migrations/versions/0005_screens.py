"""What agents did, screens, and contacts made replayable."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Everything is new."""
    _agent_events()
    _screen_parts()
    _screen_agents()
    _renditions()


def _agent_events() -> None:
    op.create_table(
        "agent_events",
        _key("source"),
        _key("event_id"),
        _text("agent_key"),
        _text("agent"),
        _text("call"),
        _text("kind"),
        _us("at_us", known=True),
        _us("heard_us", known=True),
        _text("heard_by"),
    )
    op.create_index("agent_events_by_time", "agent_events", ["at_us", "source", "event_id"])
    op.create_index("agent_events_by_call", "agent_events", ["call"])
    op.create_index("agent_events_by_agent", "agent_events", ["agent_key", "at_us"])


def _screen_parts() -> None:
    op.create_table(
        "screen_parts",
        _key("part_key"),
        _text("stream"),
        _text("desktop"),
        _text("node"),
        _text("codec"),
        _number("width"),
        _number("height"),
        _us("t0_us", known=True),
        _us("from_us", known=True),
        _us("to_us", known=True),
        _number("seq_first"),
        _number("seq_last"),
        _number("ahead_us"),
        _number("error_us"),
        _number("size_bytes"),
        _text("sha256"),
        _text("object_key"),
        _us("stored_us", known=True),
        _text("forgotten"),
    )
    op.create_index("screen_parts_by_stream", "screen_parts", ["stream", "from_us"])
    op.create_index("screen_parts_by_stored", "screen_parts", ["stored_us", "part_key"])


def _screen_agents() -> None:
    op.create_table(
        "screen_agents",
        _key("part_key"),
        _key("agent_key"),
        _us("from_us", known=True),
        _us("to_us", known=True),
    )
    op.create_index("screen_agents_by_agent", "screen_agents", ["agent_key", "to_us"])


def _renditions() -> None:
    op.create_table(
        "renditions",
        _key("contact_id"),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("digest"),
        _text("media_type"),
        _text("object_key"),
        _number("size_bytes"),
        _text("sha256"),
        _text("peaks_key"),
        _text("timeline_key"),
        _number("duration_ms"),
        _flag("has_screen"),
        _flag("has_audio"),
        _us("made_us", known=True),
        _text("made_by"),
    )
    op.create_index("renditions_by_object", "renditions", ["object_key"])


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), nullable=False, server_default="")


def _us(name: str, *, known: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=not known)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _type() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
