"""What an item costs through each adapter, and the memory that a large meeting takes on its way.

`python -m sim.bench.adapters [--items 2000] [--bytes 2000000000]`

Lists, skips and describes the items of each adapter's fake service, in memory: once with all the fake's own
time and once without it. Skipping is the Data Center's question which of a page's items are unfinished, when
all are archived (SQLite). Then a node's stages fetch one file over TLS on loopback into the call buffer and
the archive, in a process of their own, while its memory is looked at.

Writes var/bench/adapters.json.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.contact_db.migrate import migrate
from recorder.model import BufferedItem, Interaction, ItemRef, StoredMedia
from recorder.ports.recording import ContactDb
from sim.bench.adapter_worlds import AdapterWorld, adapter_worlds
from sim.bench.big_file import stream
from sim.bench.figures import publish, rounded, show
from sim.bench.timing import now_ns, seconds_since

ITEMS = 2_000
BIG_BYTES = 2_000_000_000
WANTED_MB = 150.0
_PAGE = 100
_BATCH = 50
_STEP_S = 3.0
"""Of the fake's clock for each item, so that no budget is ever spent."""


# --- items per second ------------------------------------------------------------------------------


def measure(world: AdapterWorld, db: ContactDb) -> Iterator[dict[str, Any]]:
    """One row per step, for all items of a world. `db` is empty."""
    began = _mark(world)
    refs = _listed(world)
    assert len(refs) == world.items, "the fake offers what was placed"
    yield _row(world, "list", began)

    began = _mark(world)
    found: list[Interaction] = []
    for ref in refs:
        found.append(world.source.describe(ref))
        world.clock.advance(_STEP_S)
    yield _row(world, "describe", began)

    for at in range(0, len(refs), _BATCH):
        items = [
            _archived(*pair)
            for pair in zip(refs[at : at + _BATCH], found[at : at + _BATCH], strict=True)
        ]
        db.commit(items, [_object_keys(item) for item in items])
    began = _mark(world)
    for at in range(0, len(refs), _PAGE):
        unfinished = db.unfinished(refs[at : at + _PAGE])
        assert not unfinished, "everything was archived"
    yield _row(world, "skip", began)


def _listed(world: AdapterWorld) -> list[ItemRef]:
    refs: list[ItemRef] = []
    page: str | None = None
    while True:
        answer = world.source.list_items(world.window, page)
        refs += answer.items
        page = answer.next_page
        world.clock.advance(_STEP_S)
        if page is None:
            return refs


def _mark(world: AdapterWorld) -> tuple[int, int, int]:
    return now_ns(), world.transport.spent_ns, world.transport.calls


def _row(world: AdapterWorld, step: str, began: tuple[int, int, int]) -> dict[str, Any]:
    start_ns, spent_ns, calls = began
    whole_s = seconds_since(start_ns)
    own_s = whole_s - (world.transport.spent_ns - spent_ns) / 1e9
    return {
        "adapter": world.kind,
        "step": step,
        "items": world.items,
        "items_per_s": rounded(world.items / own_s),
        "with_fake_per_s": rounded(world.items / whole_s),
        "calls_per_item": rounded((world.transport.calls - calls) / world.items),
    }


def _archived(ref: ItemRef, found: Interaction) -> BufferedItem:
    media = tuple(
        StoredMedia(one, one.size_bytes or 1, "ab" * 32, one.media_type or "audio/mpeg", "0f" * 32)
        for one in found.media
    )
    return BufferedItem(
        ref=ref,
        interaction=found,
        media=media,
        found_us=ref.changed_us,
        buffered_us=ref.changed_us,
        attempts=1,
    )


def _object_keys(item: BufferedItem) -> Sequence[str]:
    return [f"{item.ref.source}/{number}/{item.ref.key}" for number, _ in enumerate(item.media)]


def run(items: int, big_bytes: int, fetchers: Sequence[str]) -> Path:
    """Measure, print and publish; returns where the figures are."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="tandem-adapters-") as folder:
        for world in adapter_worlds(items):
            rows += measure(world, _database(Path(folder) / f"{world.kind}.db"))
            world.source.close()
        memory = [stream(Path(folder) / name, big_bytes, name) for name in fetchers]
    path = publish("adapters", rows, memory=memory, wanted_mb=WANTED_MB)
    show("Items through each adapter, over its fake in memory", rows, path)
    show(
        f"A node's stages while one large file streams (wanted: under {WANTED_MB:g} MB)",
        memory,
        path,
    )
    return path


def _database(path: Path) -> ContactDb:
    url = f"sqlite:///{path}"
    migrate(url)
    return SqlContactDb(open_engine(url), cluster="bench", node="bench", clock=RealClock())


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--bytes", type=int, default=BIG_BYTES)
    parser.add_argument("--fetchers", nargs="+", default=["httpx", "fast"])
    given = parser.parse_args()
    run(given.items, given.bytes, given.fetchers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
