"""Tables of agents' events, screens and renditions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table

from recorder.adapters.contact_db.columns import METADATA
from recorder.adapters.contact_db.columns import key as _key
from recorder.adapters.contact_db.columns import number as _number
from recorder.adapters.contact_db.columns import text as _text
from recorder.adapters.contact_db.columns import us as _us

agent_events = Table(
    "agent_events",
    METADATA,
    _key("source"),
    _key("event_id"),
    _text("agent_key"),
    _text("agent"),
    _text("call"),
    _text("kind"),
    _us("at_us", known=True),
    _us("heard_us", known=True),
    _text("heard_by"),
    Index("agent_events_by_time", "at_us", "source", "event_id"),
    Index("agent_events_by_call", "call"),
    Index("agent_events_by_agent", "agent_key", "at_us"),
)

screen_parts = Table(
    "screen_parts",
    METADATA,
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
    _text("forgotten"),  # why its object is gone; empty while it is there
    Index("screen_parts_by_stream", "stream", "from_us"),
    Index("screen_parts_by_stored", "stored_us", "part_key"),
    Index("screen_parts_by_object", "object_key"),
)

screen_agents = Table(
    "screen_agents",
    METADATA,
    _key("part_key"),
    _key("agent_key"),
    _us("from_us", known=True),
    _us("to_us", known=True),
    Index("screen_agents_by_agent", "agent_key", "to_us"),
)
"""Whose screen a part shows; a desktop has an agent key for each source."""

renditions = Table(
    "renditions",
    METADATA,
    _key("contact_id"),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("digest"),
    _text("media_type"),
    _text("object_key"),
    _number("size_bytes"),
    _text("sha256"),
    _text("peaks_key"),
    _text("timeline_key"),
    _number("duration_ms"),
    Column("has_screen", Boolean, nullable=False),
    Column("has_audio", Boolean, nullable=False),
    _us("made_us", known=True),
    _text("made_by"),
    _number("peaks_bytes"),
    _text("peaks_sha256"),  # empty of those that an earlier version made; so is the timeline's
    _number("timeline_bytes"),
    _text("timeline_sha256"),
    Index("renditions_by_object", "object_key"),
    Index("renditions_by_peaks", "peaks_key"),
    Index("renditions_by_timeline", "timeline_key"),
)
