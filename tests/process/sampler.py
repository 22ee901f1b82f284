"""Looks into the Data Center while a run goes on: some promises must hold at every instant.

At the end of a run everything is final, so that a watermark that was ahead for a while is seen only by
who looks before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event, Thread  # noqa: TID251 - it looks beside the test, as an operator would

import httpx

from recorder.errors import DataCenterError
from sim.checkers.contents import ContactReader, Contents, read_rows
from sim.checkers.nothing_twice import check_nothing_twice
from sim.checkers.violation import Violation
from sim.checkers.watermark_never_ahead import check_watermark_never_ahead
from sim.truth import TruthItem

EVERY_S = 1.0


@dataclass(frozen=True)
class Look:
    """What was seen at one instant."""

    truth: Sequence[TruthItem]
    contents: Contents


def look(db: ContactReader, truth: Callable[[], Sequence[TruthItem]]) -> Look:
    """Progress before the rows: what it claims must be on record by then.

    Of the ground truth only what was offered before; its stamps as they are afterwards, because they
    move when a row is modified.
    """
    offered = {(item.source, item.key, item.version) for item in truth()}
    contents = read_rows(db)
    now = [item for item in truth() if (item.source, item.key, item.version) in offered]
    return Look(now, contents)


def broken(seen: Look) -> tuple[Violation, ...]:
    """What must not be so at any instant, whatever is under way.

    Rows that appeared with stamps from the past may be unfinished below the watermark.
    """
    late = {(item.source, item.key) for item in seen.truth if appeared_late(item)}
    on_time = tuple(row for row in seen.contents.items if (row.ref.source, row.ref.key) not in late)
    truth = [item for item in seen.truth if not appeared_late(item)]
    return (
        *check_watermark_never_ahead(truth, replace(seen.contents, items=on_time)),
        *check_nothing_twice(seen.contents),
    )


def appeared_late(item: TruthItem) -> bool:
    """Whether a window that ended before it appeared may have held its stamp.

    These pairs let nothing settle, and stamps are whole seconds: a window ends before the second the
    source is in, so what appears in the second of its stamp is on time, and later is late. The overlap
    of the next poll finds it; the watermark is not to blame.
    """
    return item.late or item.offered_us // 1_000_000 > item.changed_us // 1_000_000


class Sampler:
    """Looks every second, and at once when told; what cannot be read is looked at the next time."""

    def __init__(self, look_now: Callable[[], Look], *, every_s: float = EVERY_S) -> None:
        self._look_now = look_now
        self._every_s = every_s
        self._ending = False
        self._wake = Event()
        self._thread: Thread | None = None
        self.looks = 0
        """Those that saw something."""
        self.violations: dict[Violation, None] = {}
        self._error: Exception | None = None

    def start(self) -> None:
        """Begin; a second time changes nothing."""
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()

    def soon(self) -> None:
        """Look at once: something was just done to the nodes."""
        self._wake.set()

    def stop(self) -> None:
        """End; waits for the look in hand."""
        self._ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30.0)

    def check(self) -> None:
        """Fail the test for every promise that was seen broken."""
        if self._error is not None:
            raise AssertionError("the sampler failed") from self._error
        if self.violations:
            lines = "\n".join(str(violation) for violation in self.violations)
            raise AssertionError(f"during the run:\n{lines}")

    def sample(self) -> None:
        """One look."""
        try:
            seen = self._look_now()
        except (DataCenterError, httpx.HTTPError):
            return
        self.looks += 1
        self.violations.update(dict.fromkeys(broken(seen)))

    def _run(self) -> None:
        while not self._ending:
            try:
                self.sample()
            except Exception as error:  # noqa: BLE001 - told at the end of the test
                self._error = error
                return
            self._wake.wait(self._every_s)
            self._wake.clear()
