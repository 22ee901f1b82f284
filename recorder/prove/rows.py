"""Reads what a certificate is about from the Data Center, page by page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from recorder.model import Window
from recorder.ports.certificates import CertificateDb
from recorder.records.certificates import ProofRow

_PAGE: Final = 1_000


def read_rows(
    db: CertificateDb, source: str, window: Window, items: Iterable[str]
) -> dict[str, ProofRow]:
    """By item: every row of the window, and the rows of `items`, whatever their instant."""
    rows: dict[str, ProofRow] = {}
    after: tuple[int, str] | None = None
    while page := db.day_rows(source, window, after, _PAGE):
        rows.update((row.item, row) for row in page)
        after = (page[-1].changed_us, page[-1].item)
    others = [item for item in items if item not in rows]
    for start in range(0, len(others), _PAGE):
        page = db.rows_of(source, others[start : start + _PAGE])
        rows.update((row.item, row) for row in page)
    return rows
