"""Which bytes of a file a request asks for (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ONE: Final = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [first, last] of a file."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class NotSatisfiable:
    """The file has no such bytes."""


def wanted_range(
    header: str | None, if_range: str | None, size: int, tag: str
) -> ByteRange | NotSatisfiable | None:
    """The one range asked for; None for the whole file.

    What is no range of bytes, several ranges, and a range of a file that has changed since (`if_range` is not
    its tag) are answered with the whole file, as the standard allows.
    """
    found = _ONE.fullmatch(header) if header else None
    if found is None or (if_range is not None and if_range.strip() != tag):
        return None
    begin, end = found.groups()
    if not begin and not end:
        return None
    if not begin:
        last_bytes = min(int(end), size)
        return ByteRange(size - last_bytes, size - 1) if last_bytes else NotSatisfiable()
    first = int(begin)
    if end and int(end) < first:
        return None
    if first >= size:
        return NotSatisfiable()
    return ByteRange(first, min(int(end), size - 1) if end else size - 1)
