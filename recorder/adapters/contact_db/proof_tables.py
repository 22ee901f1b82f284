"""Tables of what proves completeness: recoveries, findings, audit trail, holds, deletions, scrubs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table
from sqlalchemy import text as sql_text

from recorder.adapters.contact_db.columns import METADATA
from recorder.adapters.contact_db.columns import key as _key
from recorder.adapters.contact_db.columns import number as _number
from recorder.adapters.contact_db.columns import text as _text
from recorder.adapters.contact_db.columns import us as _us


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


recoveries = Table(
    "recoveries",
    METADATA,
    _key("recovery_id"),
    _text("source"),
    _text("kind"),  # manual, automatic or specific
    _text("cause"),  # why: operator, start, gap, watermark_lost, schedule or the name of a file
    _us("from_us"),  # of the period; NULL for specific ids
    _us("to_us"),
    _flag("dry_run"),
    _text("status"),  # running, completed, stopped, failed or cancelled
    _text("reason"),
    _us("requested_us", known=True),
    _text("requested_by"),
    _us("started_us"),
    _us("ended_us"),
    _us("updated_us", known=True),
    _us("fetching_us"),  # everything was listed then
    _number("listed"),  # an instant: the period is listed up to here; for ids, so many of them
    _text("node"),
    Column("term", BigInteger, nullable=False, server_default="0"),  # of the last write
    _number("detected"),
    _number("already_here"),
    _number("recovered"),
    _number("not_recordable"),
    _number("gone"),
    _number("failed"),
    _number("pending"),
    _number("api_calls"),
    _number("bytes"),  # of what was recovered
    _text("details"),  # JSON object: ids, forecast
    Index("recoveries_by_request", "requested_us", "recovery_id"),
    Index("recoveries_by_status", "status", "source"),
)

recovery_items = Table(
    "recovery_items",
    METADATA,
    _key("recovery_id"),
    _key("item_key"),
    _text("version"),
    _us("changed_us"),
    _text("session_key"),
    _text("hints"),  # JSON object
    _us("expires_us"),  # when the source deletes it; NULL when it says nothing
    _text("state"),  # a recorder.records.recoveries.Stage
    _text("reason"),
    _text("asked"),  # the id it was found by
    _us("made_due_us"),  # items.updated_us when it was made due
    _us("updated_us", known=True),
    Index(
        "recovery_items_by_state",
        "recovery_id",
        "state",
        "expires_us",
        "changed_us",
        "item_key",
    ),
)

findings = Table(
    "findings",
    METADATA,
    _key("finding_id"),
    _text("source"),
    _text("what"),  # a recorder.records.findings.What
    _text("subject"),  # the item's key, or the object's
    _text("cause"),  # a recorder.records.findings.Why: "unknown" is none
    _text("severity"),  # critical, major or minor
    _us("at_us", known=True),  # the item's own instant
    _text("detail"),
    _us("opened_us", known=True),
    _us("seen_us", known=True),  # when it was last seen to be so
    _us("closed_us"),
    _text("closed_because"),
    _text("recovery_id"),
    _text("run_id"),
    Index(
        "findings_open",
        "source",
        "what",
        "subject",
        unique=True,
        sqlite_where=sql_text("closed_us IS NULL"),
        postgresql_where=sql_text("closed_us IS NULL"),
    ),
    Index(
        "findings_open_by_id",
        "source",
        "finding_id",
        sqlite_where=sql_text("closed_us IS NULL"),
        postgresql_where=sql_text("closed_us IS NULL"),
    ),
    Index(
        "findings_ended",
        "seen_us",
        "finding_id",
        sqlite_where=sql_text("closed_us IS NOT NULL"),
        postgresql_where=sql_text("closed_us IS NOT NULL"),
    ),
    Index("findings_by_opening", "opened_us", "finding_id"),
    Index("findings_by_time", "source", "at_us"),
    Index("findings_by_subject", "subject", "opened_us"),
)

reconciliations = Table(
    "reconciliations",
    METADATA,
    _key("run_id"),
    _text("source"),
    _text("scope"),  # recent or retention
    _us("from_us", known=True),
    _us("to_us", known=True),
    _us("started_us", known=True),
    _us("reached_us", known=True),  # compared up to here
    _us("ended_us"),
    _us("updated_us", known=True),
    _text("node"),
    Column("term", BigInteger, nullable=False, server_default="0"),
    _text("counts"),  # JSON object
    _text("reason"),
    Index("reconciliations_by_start", "source", "started_us"),
)

spans = Table(
    "spans",
    METADATA,
    _key("node"),
    _key("code"),  # node_up, or the code of a finding of the monitor
    _key("subject"),
    Column("opened_us", BigInteger, primary_key=True, autoincrement=False),
    _us("seen_us", known=True),
    _us("closed_us"),
    _text("detail"),
    Index("spans_by_time", "opened_us"),
)

audit = Table(
    "audit",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # from 1, without a gap
    _text("record_id"),  # what is told again under the same one is the same record
    _us("at_us", known=True),
    _text("node"),
    _text("actor"),  # who: a user, a token's name, or the system
    _text("what"),
    _text("subject"),
    _text("detail"),  # JSON object
    _text("previous"),  # hash of the record before
    _text("hash"),
    Index("audit_by_record", "record_id", unique=True),
    Index("audit_by_subject", "subject", "number"),
    Index("audit_by_time", "at_us", "number"),
)

holds = Table(
    "holds",
    METADATA,
    _key("hold_id"),
    _text("reason"),
    _text("scope"),  # JSON object: contact, query or period
    _us("placed_us", known=True),
    _text("placed_by"),
    _us("released_us"),
    _text("released_by"),
    _text("released_because"),
    Index("holds_by_release", "released_us"),
)

deletions = Table(
    "deletions",
    METADATA,
    _key("contact_id"),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # from 1
    _text("source"),
    _text("session_key"),
    _text("policy"),
    _text("decision"),  # JSON object: ages, limits and rule that led to it
    _text("state"),  # a recorder.records.retention.DeletionState
    _text("reason"),
    _us("decided_us", known=True),
    _us("due_us", known=True),  # the end of the recycle period
    _us("ended_us"),
    _text("node"),
    Column("term", BigInteger, nullable=False, server_default="0"),
    _number("size_bytes"),
    _text("media"),  # JSON list: key, object, size and hash of what was deleted
    _text("trouble"),  # why the last try failed
    _count("tries"),  # that failed, one after the other
    _number("again_us"),  # not tried before
    Index("deletions_by_state", "state", "due_us"),
    Index("deletions_by_decision", "decided_us", "contact_id"),
)

retention_plans = Table(
    "retention_plans",
    METADATA,
    _key("plan_id"),
    _us("made_us", known=True),
    _text("made_by"),
    _text("rules"),  # JSON
    _text("survey"),  # JSON: what they would delete
    _us("confirmed_us"),
    _text("confirmed_by"),
    Index("retention_plans_by_confirmation", "confirmed_us"),
)

retention_runs = Table(
    "retention_runs",
    METADATA,
    _key("run_id"),
    _us("started_us", known=True),
    _us("ended_us"),
    _text("node"),
    Column("term", BigInteger, nullable=False, server_default="0"),
    _text("outcome"),  # running, done or stopped
    _text("rules"),  # JSON: what was in force
    _number("contacts"),  # found due
    _number("bytes"),
    Index("retention_runs_by_start", "started_us"),
)

scrubs = Table(
    "scrubs",
    METADATA,
    _key("object_key"),
    _text("source"),
    _text("media_key"),  # empty for what has no row in `media`
    Column(
        "turn", Integer, nullable=False, server_default="0"
    ),  # 0 held, 1 others, 2 no row in `media`
    _us("read_us", known=True),  # when it was last read to the end; 0 for never
    _text("outcome"),  # empty, whole, missing, damaged, suspect or stray
    _text("detail"),
    _us("since_us"),  # when it was first found as it is; NULL while it is whole or unread
    _count("times"),
    Index("scrubs_by_turn", "turn", "read_us", "object_key"),
    Index("scrubs_by_outcome", "outcome", "read_us"),
    Index("scrubs_by_read", "read_us"),
)

scrub_walks = Table(
    "scrub_walks",
    METADATA,
    _key("walk"),  # reads, rows or objects
    _text("place"),  # JSON list: what was looked at last; empty before the first
    _us("started_us", known=True),
    _us("ended_us"),  # of the last one that came to its end
    _us("ended_started_us"),  # when that one was begun
    Column("term", BigInteger, nullable=False, server_default="0"),
)

certificates = Table(
    "certificates",
    METADATA,
    _key("source"),
    _key("day"),  # YYYY-MM-DD, UTC
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1: made anew
    _us("made_us", known=True),
    _text("made_by"),
    _text("verdict"),  # a recorder.records.certificates.Verdict
    _text("root"),  # of the Merkle tree
    _number("leaves"),
    _text("document"),  # the statement: JSON as signed
    _text("signature"),  # JSON object: key_id, public_key, value
    Column("packed_leaves", LargeBinary, nullable=False),  # what the statement is about, compressed
    Index("certificates_by_time", "made_us", "source", "day", "number"),
)

certificate_requests = Table(
    "certificate_requests",
    METADATA,
    _key("request_id"),
    _text("source"),
    _text("day"),
    _text("status"),  # a recorder.records.certificates.RequestStatus
    _text("phase"),  # a recorder.records.certificates.Phase
    _text("reason"),
    _us("requested_us", known=True),
    _text("requested_by"),
    _us("started_us"),
    _us("ended_us"),
    _us("updated_us", known=True),
    _text("node"),
    Column("term", BigInteger, nullable=False, server_default="0"),  # of the last write
    _number("pages"),
    _number("items"),
    _us("listed_us"),  # the day is listed up to here
    Column("number", Integer),  # of the certificate
    Index(
        "certificate_requests_running",
        "source",
        "day",
        unique=True,
        sqlite_where=sql_text("status = 'running'"),
        postgresql_where=sql_text("status = 'running'"),
    ),
    Index("certificate_requests_by_time", "requested_us", "request_id"),
)

signing_keys = Table(
    "signing_keys",
    METADATA,
    _key("cluster"),
    _key("node"),
    _key("key_id"),
    _text("public_key"),  # Ed25519, base64; the private half never leaves its node's disk
    _us("since_us", known=True),
)
