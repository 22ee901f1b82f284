"""What proves completeness: recoveries, findings, the audit trail, holds, deletions, scrubs, certificates."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Everything is new, but for what the data access service needs of old revisions."""
    _revisions()
    _names()
    _recoveries()
    _findings()
    _audit()
    _retention()
    _scrubs()
    _certificates()


def _revisions() -> None:
    op.add_column("contact_revisions", _number("sort_us"))
    table = sa.table(
        "contact_revisions",
        sa.column("contact_id", sa.Text),
        sa.column("revision", sa.BigInteger),
        sa.column("sort_us", sa.BigInteger),
        sa.column("document", sa.Text),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).all():
        was = json.loads(row.document)["row"]
        begin = was["ended_us"] if was["started_us"] is None else was["started_us"]
        same = (table.c.contact_id == row.contact_id, table.c.revision == row.revision)
        connection.execute(sa.update(table).where(*same).values(sort_us=begin or 0))
    op.create_index("contact_revisions_by_start", "contact_revisions", ["sort_us", "contact_id"])


def _names() -> None:
    """What looks like an id among the values of attributes, of what is there already too."""
    names = op.create_table(
        "interaction_names",
        _key("value"),
        _key("source"),
        _key("interaction_key"),
        sqlite_with_rowid=False,
    )
    table = sa.table(
        "interactions",
        sa.column("source", sa.Text),
        sa.column("interaction_key", sa.Text),
        sa.column("attributes", sa.Text),
    )
    place = (table.c.source, table.c.interaction_key)
    connection, after = op.get_bind(), ("", "")
    while True:
        later = sa.tuple_(*place) > sa.tuple_(*after)
        page = connection.execute(sa.select(table).where(later).order_by(*place).limit(1000)).all()
        if not page:
            return
        rows = [
            {"value": value, "source": row.source, "interaction_key": row.interaction_key}
            for row in page
            for value in sorted(set(json.loads(row.attributes or "{}").values()))
            if _looks_like_id(value)
        ]
        if rows:
            connection.execute(sa.insert(names), rows)
        after = (page[-1].source, page[-1].interaction_key)


def _looks_like_id(value: str) -> bool:
    blank = any(one.isspace() for one in value)
    return 5 <= len(value) <= 100 and not blank and any(one.isdigit() for one in value)  # noqa: PLR2004 - as rows.looks_like_id has it


def _recoveries() -> None:
    op.create_table(
        "recoveries",
        _key("recovery_id"),
        _text("source"),
        _text("kind"),
        _text("cause"),
        _us("from_us"),
        _us("to_us"),
        _flag("dry_run"),
        _text("status"),
        _text("reason"),
        _us("requested_us", known=True),
        _text("requested_by"),
        _us("started_us"),
        _us("ended_us"),
        _us("updated_us", known=True),
        _us("fetching_us"),
        _number("listed"),
        _text("node"),
        sa.Column("term", sa.BigInteger, nullable=False, server_default="0"),
        _number("detected"),
        _number("already_here"),
        _number("recovered"),
        _number("not_recordable"),
        _number("gone"),
        _number("failed"),
        _number("pending"),
        _number("api_calls"),
        _number("bytes"),
        _text("details"),
    )
    op.create_index("recoveries_by_request", "recoveries", ["requested_us", "recovery_id"])
    op.create_index("recoveries_by_status", "recoveries", ["status", "source"])
    op.create_table(
        "recovery_items",
        _key("recovery_id"),
        _key("item_key"),
        _text("version"),
        _us("changed_us"),
        _text("session_key"),
        _text("hints"),
        _us("expires_us"),
        _text("state"),
        _text("reason"),
        _text("asked"),
        _us("made_due_us"),
        _us("updated_us", known=True),
    )
    op.create_index("items_by_source", "items", ["source", "changed_us", "item_key"])
    op.create_index(
        "recovery_items_by_state",
        "recovery_items",
        ["recovery_id", "state", "expires_us", "changed_us", "item_key"],
    )


def _findings() -> None:
    op.create_index("media_by_object", "media", ["object_key"])
    op.create_index("media_by_hash", "media", ["sha256"])
    op.create_table(
        "findings",
        _key("finding_id"),
        _text("source"),
        _text("what"),
        _text("subject"),
        _text("cause"),
        _text("severity"),
        _us("at_us", known=True),
        _text("detail"),
        _us("opened_us", known=True),
        _us("seen_us", known=True),
        _us("closed_us"),
        _text("closed_because"),
        _text("recovery_id"),
        _text("run_id"),
    )
    is_open = sa.text("closed_us IS NULL")
    op.create_index(
        "findings_open",
        "findings",
        ["source", "what", "subject"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("findings_by_opening", "findings", ["opened_us", "finding_id"])
    op.create_index("findings_by_time", "findings", ["source", "at_us"])
    op.create_index("findings_by_subject", "findings", ["subject", "opened_us"])
    op.create_table(
        "reconciliations",
        _key("run_id"),
        _text("source"),
        _text("scope"),
        _us("from_us", known=True),
        _us("to_us", known=True),
        _us("started_us", known=True),
        _us("reached_us", known=True),
        _us("ended_us"),
        _us("updated_us", known=True),
        _text("node"),
        sa.Column("term", sa.BigInteger, nullable=False, server_default="0"),
        _text("counts"),
        _text("reason"),
    )
    op.create_index("reconciliations_by_start", "reconciliations", ["source", "started_us"])
    op.create_table(
        "spans",
        _key("node"),
        _key("code"),
        _key("subject"),
        sa.Column("opened_us", sa.BigInteger, primary_key=True, autoincrement=False),
        _us("seen_us", known=True),
        _us("closed_us"),
        _text("detail"),
    )
    op.create_index("spans_by_time", "spans", ["opened_us"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("record_id"),
        _us("at_us", known=True),
        _text("node"),
        _text("actor"),
        _text("what"),
        _text("subject"),
        _text("detail"),
        _text("previous"),
        _text("hash"),
    )
    op.create_index("audit_by_record", "audit", ["record_id"], unique=True)
    op.create_index("audit_by_subject", "audit", ["subject", "number"])
    op.create_index("audit_by_time", "audit", ["at_us", "number"])


def _retention() -> None:
    op.create_index("items_by_contact", "items", ["contact_id"])
    op.create_table(
        "holds",
        _key("hold_id"),
        _text("reason"),
        _text("scope"),
        _us("placed_us", known=True),
        _text("placed_by"),
        _us("released_us"),
        _text("released_by"),
        _text("released_because"),
    )
    op.create_index("holds_by_release", "holds", ["released_us"])
    op.create_table(
        "deletions",
        _key("contact_id"),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("source"),
        _text("session_key"),
        _text("policy"),
        _text("decision"),
        _text("state"),
        _text("reason"),
        _us("decided_us", known=True),
        _us("due_us", known=True),
        _us("ended_us"),
        _text("node"),
        sa.Column("term", sa.BigInteger, nullable=False, server_default="0"),
        _number("size_bytes"),
        _text("media"),
        _text("trouble"),
        _count("tries"),
        _number("again_us"),
    )
    op.create_index("deletions_by_state", "deletions", ["state", "due_us"])
    op.create_index("deletions_by_decision", "deletions", ["decided_us", "contact_id"])
    op.create_table(
        "retention_plans",
        _key("plan_id"),
        _us("made_us", known=True),
        _text("made_by"),
        _text("rules"),
        _text("survey"),
        _us("confirmed_us"),
        _text("confirmed_by"),
    )
    op.create_index("retention_plans_by_confirmation", "retention_plans", ["confirmed_us"])
    op.create_table(
        "retention_runs",
        _key("run_id"),
        _us("started_us", known=True),
        _us("ended_us"),
        _text("node"),
        sa.Column("term", sa.BigInteger, nullable=False, server_default="0"),
        _text("outcome"),
        _text("rules"),
        _number("contacts"),
        _number("bytes"),
    )
    op.create_index("retention_runs_by_start", "retention_runs", ["started_us"])


def _scrubs() -> None:
    op.create_table(
        "scrubs",
        _key("object_key"),
        _text("source"),
        _text("media_key"),
        _count("turn"),
        _us("read_us", known=True),
        _text("outcome"),
        _text("detail"),
        _us("since_us"),
        _count("times"),
    )
    op.create_index("scrubs_by_turn", "scrubs", ["turn", "read_us", "object_key"])
    op.create_index("scrubs_by_outcome", "scrubs", ["outcome", "read_us"])
    op.create_index("scrubs_by_read", "scrubs", ["read_us"])
    op.create_table(
        "scrub_walks",
        _key("walk"),
        _text("place"),
        _us("started_us", known=True),
        _us("ended_us"),
        _us("ended_started_us"),
        sa.Column("term", sa.BigInteger, nullable=False, server_default="0"),
    )


def _certificates() -> None:
    op.create_table(
        "certificates",
        _key("source"),
        _key("day"),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _us("made_us", known=True),
        _text("made_by"),
        _text("verdict"),
        _text("root"),
        _number("leaves"),
        _text("document"),
        _text("signature"),
        sa.Column("packed_leaves", sa.LargeBinary, nullable=False),
    )
    op.create_index("certificates_by_time", "certificates", ["made_us", "source", "day", "number"])
    op.create_table(
        "certificate_requests",
        _key("request_id"),
        _text("source"),
        _text("day"),
        _text("status"),
        _text("phase"),
        _text("reason"),
        _us("requested_us", known=True),
        _text("requested_by"),
        _us("started_us"),
        _us("ended_us"),
        _us("updated_us", known=True),
        _text("node"),
        sa.Column("term", sa.BigInteger, nullable=False, server_default="0"),
        _number("pages"),
        _number("items"),
        _us("listed_us"),
        sa.Column("number", sa.Integer),
    )
    runs = sa.text("status = 'running'")
    op.create_index(
        "certificate_requests_running",
        "certificate_requests",
        ["source", "day"],
        unique=True,
        sqlite_where=runs,
        postgresql_where=runs,
    )
    op.create_index(
        "certificate_requests_by_time", "certificate_requests", ["requested_us", "request_id"]
    )
    op.create_table(
        "signing_keys",
        _key("cluster"),
        _key("node"),
        _key("key_id"),
        _text("public_key"),
        _us("since_us", known=True),
    )


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, _type(), nullable=False, server_default="")


def _us(name: str, *, known: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=not known)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _type() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
