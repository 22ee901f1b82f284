"""JSON that is the same in every program: what is hashed and signed. Pure.

Keys sorted, no blanks, UTF-8, texts not escaped beyond need, whole numbers only: as `jq -cS` writes it.
"""

from __future__ import annotations

import json
from typing import Final, cast

INT_MAX: Final = 2**53
"""Whole numbers beyond are not the same in every reader of JSON."""
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(text: str) -> str:
    """The text as a database keeps it: no NUL, no half of a surrogate pair."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def canonical(value: object) -> bytes:
    """The one way to write a value. Raises ValueError for what is not the same in every reader of JSON."""
    _refuse_odd(value)
    return canonical_of_plain(value)


def canonical_of_plain(value: object) -> bytes:
    """The same for what is known to hold nothing but texts, small whole numbers, truth values, lists and objects."""
    return _ENCODER.encode(value).encode()  # UnicodeEncodeError is a ValueError


def parsed(text: str | bytes) -> object:
    """A document of whole numbers, texts, truth values, None, lists and objects.

    Raises ValueError: also for a key that is there twice, which two readers could understand differently.
    """
    try:
        return cast(
            "object",
            json.loads(
                text, object_pairs_hook=_object, parse_float=_no_number, parse_constant=_no_number
            ),
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no whole number")


def _refuse_odd(value: object) -> None:
    match value:
        case None | bool() | str():
            pass
        case int():
            if not -INT_MAX <= value <= INT_MAX:
                raise ValueError(f"{value} is not the same in every reader of JSON")
        case dict():
            for key, one in cast("dict[object, object]", value).items():
                if not isinstance(key, str):
                    raise ValueError(f"{key!r} is no text")  # noqa: TRY004 - one error for all
                _refuse_odd(one)
        case list():
            for one in cast("list[object]", value):
                _refuse_odd(one)
        case _:
            raise ValueError(f"{type(value).__name__} is no value of JSON")
