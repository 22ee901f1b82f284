"""Between the nouns of retention and the rows of the contact database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import cast

from pydantic import TypeAdapter

from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.sql import to_json
from recorder.keep.rules import rules_of, rules_text
from recorder.records.retention import (
    Deletion,
    DeletionState,
    Hold,
    KeptMedia,
    Plan,
    Run,
    Scope,
    Surveyed,
)

_SCOPE = TypeAdapter(Scope)
_SURVEY = TypeAdapter(Surveyed)
_MEDIA = TypeAdapter(tuple[KeptMedia, ...])


def hold_values(hold: Hold) -> Values:
    """A row of `holds`."""
    return {
        "hold_id": hold.hold_id,
        "reason": hold.reason,
        "scope": _SCOPE.dump_json(hold.scope).decode(),
        "placed_us": hold.placed_us,
        "placed_by": hold.placed_by,
        "released_us": hold.released_us,
        "released_by": hold.released_by,
        "released_because": hold.released_because,
    }


def hold_of(row: AnyRow) -> Hold:
    """From a row of `holds`."""
    return Hold(
        hold_id=row.hold_id,
        reason=row.reason,
        scope=_SCOPE.validate_json(row.scope),
        placed_us=row.placed_us,
        placed_by=row.placed_by,
        released_us=row.released_us,
        released_by=row.released_by,
        released_because=row.released_because,
    )


def deletion_values(one: Deletion) -> Values:
    """A row of `deletions`."""
    return {
        "contact_id": one.contact_id,
        "number": one.number,
        "source": one.source,
        "session_key": one.session_key,
        "policy": one.policy,
        "decision": to_json(dict(one.decision)),
        "state": one.state.value,
        "reason": one.reason,
        "decided_us": one.decided_us,
        "due_us": one.due_us,
        "ended_us": one.ended_us,
        "node": one.node,
        "term": one.term,
        "size_bytes": one.size_bytes,
        "media": to_json([asdict(media) for media in one.media]),
        "trouble": one.trouble,
        "tries": one.tries,
        "again_us": one.again_us,
    }


def deletion_of(row: AnyRow) -> Deletion:
    """From a row of `deletions`."""
    return Deletion(
        contact_id=row.contact_id,
        number=row.number,
        source=row.source,
        session_key=row.session_key,
        policy=row.policy,
        decision=cast("dict[str, object]", json.loads(row.decision or "{}")),
        state=DeletionState(row.state),
        reason=row.reason,
        decided_us=row.decided_us,
        due_us=row.due_us,
        ended_us=row.ended_us,
        node=row.node,
        term=row.term,
        size_bytes=row.size_bytes,
        media=_MEDIA.validate_json(row.media or "[]"),
        trouble=row.trouble,
        tries=row.tries,
        again_us=row.again_us,
    )


def plan_values(plan: Plan) -> Values:
    """A row of `retention_plans`."""
    return {
        "plan_id": plan.plan_id,
        "made_us": plan.made_us,
        "made_by": plan.made_by,
        "rules": rules_text(plan.rules),
        "survey": _SURVEY.dump_json(plan.survey).decode(),
        "confirmed_us": plan.confirmed_us,
        "confirmed_by": plan.confirmed_by,
    }


def plan_of(row: AnyRow) -> Plan:
    """From a row of `retention_plans`."""
    return Plan(
        plan_id=row.plan_id,
        made_us=row.made_us,
        made_by=row.made_by,
        rules=rules_of(row.rules),
        survey=_SURVEY.validate_json(row.survey),
        confirmed_us=row.confirmed_us,
        confirmed_by=row.confirmed_by,
    )


def run_values(run: Run) -> Values:
    """A row of `retention_runs`."""
    return {
        "run_id": run.run_id,
        "started_us": run.started_us,
        "ended_us": run.ended_us,
        "node": run.node,
        "term": run.term,
        "outcome": run.outcome,
        "rules": rules_text(run.rules),
        "contacts": run.contacts,
        "bytes": run.bytes,
    }


def run_of(row: AnyRow) -> Run:
    """From a row of `retention_runs`."""
    return Run(
        run_id=row.run_id,
        started_us=row.started_us,
        ended_us=row.ended_us,
        node=row.node,
        term=row.term,
        outcome=row.outcome,
        rules=rules_of(row.rules),
        contacts=row.contacts,
        bytes=row.bytes,
    )
