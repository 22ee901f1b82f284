"""Which columns a table has: asked once for each table and kept.

A `$select` of a column that does not exist fails the whole query, and the product's tables differ
by version and by installed solutions.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from pydantic import BaseModel, TypeAdapter, ValidationError

from recorder.adapters.dynamics.odata import (
    NotThere,
    ODataClient,
    PrivilegeMissing,
    query,
    text_literal,
)
from recorder.errors import BadAnswer

OPTIONAL_COLUMNS = frozenset({"msdyn_recordingtarget", "msdyn_applicationid"})
"""Of the newer schema only: left out when the schema cannot be read."""

REQUIRED_COLUMNS = frozenset({"msdyn_ocrecordingid", "activityid", "modifiedon", "msdyn_recording"})
"""Always asked for: without them nothing can be recorded, which must be an error, not silence."""


class _Attribute(BaseModel):
    LogicalName: str


_ATTRIBUTE = TypeAdapter(_Attribute)


def logical_name(selected: str) -> str:
    """The column behind a name in `$select`: a lookup `x` is selected as `_x_value`."""
    if selected.startswith("_") and selected.endswith("_value"):
        return selected.removeprefix("_").removesuffix("_value")
    return selected


class SchemaProbe:
    """What is known of the tables. Safe to use from several jobs at once."""

    def __init__(self, *, odata: ODataClient) -> None:
        self._odata = odata
        self._lock = threading.Lock()
        self._known: dict[str, frozenset[str] | None] = {}

    def columns(self, table: str) -> frozenset[str] | None:
        """Logical names of the table's columns; None when the schema may not be read.

        Raises SourceError when it could not be asked now. A muddled answer is not kept.
        """
        with self._lock:
            if table in self._known:
                return self._known[table]
        try:
            found = self._ask(table)
        except (PrivilegeMissing, NotThere):
            found = None
        except BadAnswer:
            return None
        with self._lock:
            self._known[table] = found
        return found

    def forget(self) -> None:
        """Ask again at the next use."""
        with self._lock:
            self._known.clear()

    def select(self, table: str, wanted: Iterable[str]) -> str:
        """The wanted columns that exist, and the required ones, for `$select`."""
        known = self.columns(table)
        if known is None:
            return ",".join(name for name in wanted if logical_name(name) not in OPTIONAL_COLUMNS)
        kept = known | REQUIRED_COLUMNS
        return ",".join(name for name in wanted if logical_name(name) in kept)

    def _ask(self, table: str) -> frozenset[str] | None:
        path = f"EntityDefinitions(LogicalName={text_literal(table)})/Attributes"
        rows = self._odata.rows(path + query(select="LogicalName"))
        try:
            names = frozenset(_ATTRIBUTE.validate_python(row).LogicalName for row in rows)
        except ValidationError:
            raise BadAnswer(f"the schema of {table} holds a column without a name") from None
        return names or None
