"""What a path below `/api/data/v9.x/` asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ROW = re.compile(rf"(?P<set>\w+)\((?:\w+=)?(?P<key>{_GUID})\)(?P<rest>/.*)?")
_COLUMN = re.compile(r"/(?P<column>\w+)(?P<raw>/\$value)?")
RECORDINGS = "msdyn_ocrecordings"
_PLAIN = {
    "WhoAmI": "whoami",
    "EntityDefinitions": "schema",
    "InitializeFileBlocksDownload": "block",
    "DownloadBlock": "block",
}


@dataclass(frozen=True, slots=True)
class Address:
    """`kind`: whoami, schema, sas, block, list, query, row, value or nothing."""

    kind: str
    segment: str
    set_name: str = ""
    key: str = ""
    column: str = ""
    raw: bool = False
    """`/$value`: bytes instead of JSON."""


def read_address(path: str, options: dict[str, str]) -> Address:
    """Classify; `path` is encoded and begins after the version."""
    segment = unquote(path).strip("/")
    head = segment.partition("(")[0].partition("/")[0]
    if head in _PLAIN:
        return Address(_PLAIN[head], segment)
    if head == "GetFileSasUrl":
        target = re.search(rf"(\w+)\(({_GUID})\)", options.get("@p1", "") + segment)
        key = "" if target is None else target.group(2).lower()
        return Address("sas", segment, "" if target is None else target.group(1), key)
    row = _ROW.fullmatch(segment)
    if row is not None:
        return _row_address(segment, row)
    if re.fullmatch(r"\w+", segment):
        period = "modifiedon" in options.get("$filter", "") and "$top" not in options
        kind = "list" if segment == RECORDINGS and period else "query"
        return Address(kind, segment, segment)
    return Address("nothing", segment)


def _row_address(segment: str, row: re.Match[str]) -> Address:
    key = row["key"].lower()
    if row["rest"] is None:
        return Address("row", segment, row["set"], key)
    column = _COLUMN.fullmatch(row["rest"])
    if column is None:
        return Address("nothing", segment)
    return Address("value", segment, row["set"], key, column["column"], column["raw"] is not None)
