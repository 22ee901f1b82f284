"""TOML for generated configuration files: tables of plain values, nothing clever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast


def toml_text(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """A TOML document. Values: str, bool, int, float, lists of these, and lists of flat tables."""
    lines: list[str] = []
    for name, keys in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_value(value)}" for key, value in keys.items()]
        lines.append("")
    return "\n".join(lines)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return "[" + ", ".join(_value(entry) for entry in cast("list[object]", value)) + "]"
        case dict():
            table = cast("dict[str, object]", value)
            return "{ " + ", ".join(f"{key} = {_value(part)}" for key, part in table.items()) + " }"
        case _:
            raise TypeError(f"no TOML for a {type(value).__name__}")
