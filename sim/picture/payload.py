"""What the page shows, as plain values: the rows with each word written once, and the title in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from recorder.tracing.rows import TraceHeader, TraceRow
from sim.picture.heat import HeatMap
from sim.world.incident import NODES, Incident
from sim.world.report import Report
from sim.world.rules import RULES

_KINDS_MAX: Final = 3
_INCIDENT = TypeAdapter(Incident)


class _Words:
    """Gives each word a number, in the order of their first use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    def all(self) -> list[str]:
        return list(self._numbers)


def payload(
    header: TraceHeader,
    rows: Iterable[TraceRow],
    report: Report | None,
    heat: HeatMap | None,
) -> dict[str, Any]:
    """Plain values for JSON. A row is `[number, at_ns, lane, kind, what, actor, to, cause, data]`.

    Words are numbers into `words`; a missing cause is -1, missing data 0.
    """
    words = _Words()
    listed = [
        [
            row.number,
            row.at_ns,
            words.number(row.lane),
            words.number(row.kind.value),
            words.number(row.what),
            words.number(row.actor),
            words.number(row.to),
            -1 if row.cause is None else row.cause,
            dict(row.data) or 0,
        ]
        for row in rows
    ]
    incident = _incident(header)
    return {
        "title": _title(header, incident),
        "story": incident.story if incident else "",
        "seed": incident.seed if incident else None,
        "minutes": incident.minutes if incident else None,
        "faults": [str(fault) for fault in incident.faults] if incident else [],
        "rules": _rules(incident),
        "nodes": list(NODES) if incident else [],
        "report": report.as_dict() if report else None,
        "header": asdict(header),
        "heat": heat.as_dict() if heat else None,
        "words": words.all(),
        "rows": listed,
    }


def payload_text(shown: dict[str, Any]) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _plain(value: object) -> Any:
    """Mappings and sequences of other kinds become plain ones; anything else its text."""
    match value:
        case tuple() | list():
            return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _ if hasattr(value, "keys"):
            return dict(value)  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]
        case _:
            return str(value)


def _incident(header: TraceHeader) -> Incident | None:
    """What was run; None for a real node, and for an incident of another version."""
    if not header.incident:
        return None
    try:
        return _INCIDENT.validate_python(dict(header.incident))
    except ValidationError:
        return None


def _rules(incident: Incident | None) -> dict[str, str]:
    """What the kinds of faults in it do, one sentence each."""
    kinds = {fault.kind for fault in incident.faults} if incident else set[str]()
    return {kind: RULES[kind].what for kind in sorted(kinds) if kind in RULES}


def _title(header: TraceHeader, incident: Incident | None) -> str:
    if incident is None:
        return f"Trace of {header.origin}"
    kinds = list(dict.fromkeys(fault.kind.replace("_", " ") for fault in incident.faults))
    shown = ", ".join(kinds[:_KINDS_MAX]) or "no fault"
    more = f" and {len(kinds) - _KINDS_MAX} more" if len(kinds) > _KINDS_MAX else ""
    return f"Seed {incident.seed}: {shown}{more}"
