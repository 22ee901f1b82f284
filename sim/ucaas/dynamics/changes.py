"""Change tracking: everything once, then what changed and what was deleted since a token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sim.ucaas.dynamics.errors import Refusal, bad_query
from sim.ucaas.dynamics.prefer import Preferences
from sim.ucaas.dynamics.query import read_options
from sim.ucaas.dynamics.render import render
from sim.ucaas.dynamics.tables import Store, Table

_DAY_US = 86_400_000_000
TOKEN_LIFE_DAYS = 7
_FORBIDDEN = ("$filter", "$orderby", "$expand", "$top")
_STAMP = "%m/%d/%Y %H:%M:%S"


def changes(
    store: Store, table: Table, options: Mapping[str, str], prefer: Preferences, now_us: int
) -> dict[str, Any]:
    """Rows, deletions and the query of the next delta link (`next`). Raises Refusal (400)."""
    for name in _FORBIDDEN:
        if name in options:
            raise bad_query(f"The {name} query option is not supported with change tracking.")
    select = read_options(table, [(n, v) for n, v in options.items() if n == "$select"]).select
    since = _since(options.get("$deltatoken"), now_us)
    rows = [
        render(store, table, row, select, prefer)
        for row in table
        if int(str(row["versionnumber"])) > since
    ]
    gone = [deletion for deletion in table.deletions if 0 < since < deletion.version]
    stamp = datetime.fromtimestamp(now_us // 1_000_000, UTC).strftime(_STAMP)
    token = quote(f"{store.version}!{stamp}", safe="")
    shown = f"$select={quote(options['$select'], safe=',')}&" if "$select" in options else ""
    return {"rows": rows, "deleted": [d.key for d in gone], "next": f"{shown}$deltatoken={token}"}


def _since(token: str | None, now_us: int) -> int:
    if token is None:
        return 0
    match = re.fullmatch(r"(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)", token)
    if match is None:
        raise bad_query("The delta token is malformed.")
    try:
        made = datetime.strptime(match[2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise bad_query("The delta token is malformed.") from None
    if now_us - int(made.timestamp()) * 1_000_000 > TOKEN_LIFE_DAYS * _DAY_US:
        raise Refusal(400, "0x80044352", "The delta token has expired; synchronise again in full.")
    return int(match[1])
