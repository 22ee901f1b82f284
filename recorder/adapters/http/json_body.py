"""JSON of foreign bodies, read so that one mistaken value spoils no more than what holds it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final, cast

from recorder.errors import BadAnswer

ROWS_MAX: Final = 20_000
"""Of one page: more than any service sends, whatever it was asked for."""
_DIGITS_MAX: Final = 20
_HASH_CHARS: Final = 32


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises BadAnswer.

    Broken text, half characters, numbers beyond measure and NaN are no reason to refuse all the rest: such
    a number becomes None, such a text is cleaned where it is used.
    """
    try:
        found: object = json.loads(
            body.decode("utf-8-sig", "replace"), parse_int=_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise BadAnswer("an answer that is no JSON") from None
    if not isinstance(found, dict):
        raise BadAnswer("an answer that is no JSON object")
    return cast("dict[str, Any]", found)


def rows_of(body: dict[str, Any], name: str) -> list[object] | None:
    """The list of rows under `name`, whatever they are; None where there is no list.

    Raises BadAnswer for more than ROWS_MAX of them.
    """
    found = body.get(name)
    if not isinstance(found, list):
        return None
    rows = cast("list[object]", found)
    if len(rows) > ROWS_MAX:
        raise BadAnswer(
            f"a page of {len(rows)} rows",
            hint=f"No page may have more than {ROWS_MAX}; look for a proxy in between.",
        )
    return rows


def hash_of(value: object) -> str:
    """A short name for a JSON value that has none; the same for equal values, however deep."""
    try:
        text = json.dumps(value, sort_keys=True)
    except RecursionError:
        text = "\n".join(_flat(value))
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARS]


def _flat(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            pairs = sorted(cast("dict[str, object]", one).items(), key=lambda pair: pair[0])
            yield f"{{{len(pairs)}"
            waiting += [part for pair in pairs for part in pair]
        elif isinstance(one, list):
            items = cast("list[object]", one)
            yield f"[{len(items)}"
            waiting += items
        else:
            yield json.dumps(one)


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS_MAX else None


def _no_number(_word: str) -> None:
    """NaN and the infinities are no JSON; what holds one has no value there."""
