"""Recordings by an id that people know: their own, or that of their conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recorder.adapters.dynamics.listing import items_of
from recorder.adapters.dynamics.odata import NotThere, ODataClient, guid, is_guid, query
from recorder.adapters.dynamics.records import RecordingTraces
from recorder.adapters.dynamics.schema_probe import SchemaProbe
from recorder.adapters.dynamics.tables import RECORDING
from recorder.adapters.http.errors import safe_text
from recorder.adapters.http.values import parse
from recorder.errors import NotAnId
from recorder.model import ItemRef, Window

_LINKS = ("_msdyn_liveworkitemid_value", "_msdyn_recordingtarget_value")
"""Columns that lead from a recording to its conversation."""


def find(
    *, source: str, odata: ODataClient, schema: SchemaProbe, identifier: str, now_us: int
) -> tuple[ItemRef, ...]:
    """One call for a recording, two for a conversation. A row without a file is none yet."""
    wanted = identifier.strip().removeprefix("{").removesuffix("}")
    if not is_guid(wanted):
        raise NotAnId(
            f"{safe_text(wanted, 60)!r} is no id of a conversation or a recording",
            hint="Both are GUIDs, such as 7ee40776-7792-43b4-b3da-448d941b34dc.",
        )
    columns = schema.select(RECORDING.logical, RECORDING.columns)
    try:
        row = odata.row(f"{RECORDING.set_name}({guid(wanted)})" + query(select=columns))
    except NotThere:
        known = columns.split(",")
        links = [name for name in _LINKS if name in known]
        either = " or ".join(f"{name} eq {guid(wanted)}" for name in links)
        found = odata.rows(RECORDING.set_name + query(select=columns, filter=either))
        return _items(source, found, now_us)
    return _items(source, (row,), now_us)


def _items(source: str, rows: tuple[Mapping[str, Any], ...], now_us: int) -> tuple[ItemRef, ...]:
    items: dict[str, ItemRef] = {}
    for row in rows:
        at_us = parse(RecordingTraces, row).modified_us
        at_us = now_us if at_us is None else at_us
        items |= {ref.key: ref for ref in items_of(source, (row,), Window(at_us, at_us + 1))}
    return tuple(items.values())
