"""What live capture feels of a recovery, on a real pair with the fake Dynamics service.

From the instant a recording is offered to its commit: for calls that end while nothing else is to be done, and for
calls that end while a recovery fetches what was missed, with the standard settings of recoveries.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from recorder.adapters.contact_db.engine import open_engine
from recorder.instants import to_text
from recorder.records.contacts import ItemQuery
from sim.bench.figures import latency_row
from sim.bench.stage import Stage
from sim.bench.timing import pause, until
from sim.served.local_pair import NODES

POLL_S = 1.0
_POLL: dict[str, Any] = {
    "interval_s": POLL_S,
    "settle_s": 0.0,
    "overlap_s": 5.0,
    "start_back_s": 0.5,
    "tiers": [],
}
_RECOVERY = {"automatic": False}
_CALL = {"recordings": [{"row_delay_s": 0.0, "file_delay_s": 0.0}]}
_PAGE = 500
_SETTLED_S = 5.0


def live_lag(
    directory: Path, *, seconds: float, calls_per_s: float, missed: int
) -> Iterator[dict[str, Any]]:
    """A row without a recovery, and one beside it."""
    with Stage(directory, tables={"poll": _POLL, "recovery": _RECOVERY}) as stage:
        stage.pair.start()
        feed = _Feed(stage, round(seconds * calls_per_s), 1.0 / calls_per_s)
        yield latency_row("live, alone", feed.lags(feed.place()))
        begin, to = _miss(stage, missed)
        primary = stage.pair.primary()
        assert primary is not None, "a pair has a primary"
        body = {"source": "dynamics", "from": begin, "to": to}
        recovery = primary.post("/api/v1/recoveries", body).json()["recovery"]["recovery"]
        path = f"/api/v1/recoveries/{recovery}"
        placed = feed.place()
        outlasted = primary.get(path)["status"] == "running"
        lags = feed.lags(placed)
        until(lambda: primary.get(path)["status"] == "completed", 300.0, "it ends", every_s=0.5)
        yield {
            **latency_row("live, beside a recovery", lags),
            "recovered": primary.get(path)["counts"]["recovered"],
            "recovery_outlasted": outlasted,
        }


class _Feed:
    """Calls that end, one after the other."""

    def __init__(self, stage: Stage, count: int, every_s: float) -> None:
        self._stage = stage
        self._count = count
        self._every_s = every_s

    def place(self) -> frozenset[str]:
        """Let them end; the keys of their recordings."""
        keys: list[str] = []
        for _ in range(self._count):
            (placed,) = self._stage.admin.place_calls(_CALL)
            keys += placed["recordings"]
            pause(self._every_s)
        return frozenset(keys)

    def lags(self, keys: frozenset[str]) -> list[float]:
        """Seconds from offered to committed."""
        pause(_SETTLED_S)
        truth = self._stage.admin.truth()
        offered = {item.key: item.offered_us for item in truth if item.key in keys}
        archived = _archived_us(self._stage)
        missing = [key for key in offered if key not in archived]
        assert not missing, f"not archived: {missing}"
        return [(archived[key] - offered[key]) / 1e6 for key in offered]


def _archived_us(stage: Stage) -> dict[str, int]:
    found: dict[str, int] = {}
    after: str | None = None
    while True:
        page = stage.db.items(ItemQuery(after=after, limit=_PAGE))
        found |= {row.ref.key: row.archived_us for row in page.rows if row.archived_us}
        if page.next is None:
            return found
        after = page.next


def _miss(stage: Stage, count: int) -> tuple[str, str]:
    """Calls that end while no node runs, and a watermark that nobody remembers; their period."""
    stage.pair.stop()
    placed = stage.admin.place_calls(*[_CALL] * count)
    keys = frozenset(key for call in placed for key in call["recordings"])
    pause(_SETTLED_S)
    for name in NODES:
        for path in (stage.directory / name / "progress").glob("*"):
            path.unlink()
    engine = open_engine(f"sqlite:///{stage.directory}/center/contacts.db")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sources"))
    engine.dispose()
    stage.pair.start()
    pause(_SETTLED_S)
    stamps = [item.changed_us for item in stage.admin.truth() if item.key in keys]
    return to_text(min(stamps) - 1_000_000), to_text(max(stamps) + 1_000_000)
