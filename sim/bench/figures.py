"""What all benchmarks share: percentiles, tables for people, JSON for machines."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]

RESULTS = Path("var/bench")
_THOUSAND = 1000


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed.

    Nothing is interpolated: with fewer than 100 samples the 99th percentile is the largest of them.
    """
    assert values, "a percentile of nothing"
    assert 0 <= share <= 1, "a share is between 0 and 1"
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def latency_row(name: str, seconds: Sequence[float]) -> dict[str, Any]:
    """Samples, median, 99th percentile and maximum, in ms; None where there is no sample."""
    if not seconds:
        return {"name": name, "samples": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
    return {
        "name": name,
        "samples": len(seconds),
        "p50_ms": rounded(statistics.median(seconds) * 1000),
        "p99_ms": rounded(percentile(seconds, 0.99) * 1000),
        "max_ms": rounded(max(seconds) * 1000),
    }


def rounded(value: float, digits: int = 4) -> float:
    """To so many significant digits; whole thousands and more keep their digits before the point."""
    if value == 0 or not math.isfinite(value):
        return value
    after = digits - 1 - math.floor(math.log10(abs(value)))
    return round(value, max(0, after))


def machine() -> dict[str, Any]:
    """What the figures depend on beside the program."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def table_text(rows: Sequence[Row], columns: Sequence[str] = ()) -> str:
    """Rows as aligned text: numbers to the right, `-` for None; columns in order of appearance."""
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_shown(row.get(name)) for name in names] for row in rows]
    widths = [
        max(len(name), *(len(line[at]) for line in cells), 0) for at, name in enumerate(names)
    ]
    numeric = [all(_is_number(row.get(name)) for row in rows) for name in names]
    lines = [_line(names, widths, numeric), "  ".join("-" * width for width in widths)]
    return "\n".join(lines + [_line(line, widths, numeric) for line in cells])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = zip(cells, widths, right, strict=True)
    return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in parts).rstrip()


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:,g}"
    return str(value)


def publish(name: str, rows: Sequence[Row], *, folder: Path = RESULTS, **more: Any) -> Path:
    """Write `NAME.json` with the machine's facts, the rows, and what else there is; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    document = {"machine": machine(), "rows": [dict(row) for row in rows], **more}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def show(title: str, rows: Sequence[Row], path: Path, columns: Sequence[str] = ()) -> None:
    """Print a table and where its figures are."""
    print(f"\n{title}\n")
    print(table_text(rows, columns))
    print(f"\n{path}", flush=True)
