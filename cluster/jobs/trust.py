"""Which node breaks what it is given: who should not get the next job. Pure.

A node that fails at once is always free, so by free capacity alone it would get nearly everything. Of a
row of broken jobs nobody can tell here whether node or jobs are to blame; hence a node is only ever
passed over in favour of another one, for a while, and proves itself with one job at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

BREAKS_IN_A_ROW = 3
"""So many broken jobs without a success between them, and a node is passed over for a while."""
PASS_OVER_S = 2.0
"""How long at first; twice as long every next time."""
PASS_OVER_MAX_S = 60.0
PROVEN_S = 30.0
"""A node that had a success so recently is worth waiting for while it has no room."""
REMEMBER_S = 7200.0
"""How long it is known which node broke a job."""
REMEMBER_MAX = 10_000
"""Jobs remembered; the oldest goes first."""


@dataclass(slots=True)
class _Record:
    """What a node made of its last jobs."""

    breaks: int = 0
    times: int = 0
    """How often it was passed over since its last success."""
    until_ns: int = 0
    proven_ns: int | None = None


class Trust:
    """What became of jobs, by node and by key. Nodes never heard of are trusted."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
        self._broke: dict[str, tuple[str, int]] = {}

    def broke(self, key: str, node: str, now_ns: int) -> None:
        """`node` failed at `key`."""
        self._broke.pop(key, None)
        self._broke[key] = (node, now_ns + int(REMEMBER_S * 1e9))
        if len(self._broke) > REMEMBER_MAX:
            del self._broke[next(iter(self._broke))]
        record = self._records.setdefault(node, _Record())
        record.breaks += 1
        record.proven_ns = None
        if record.breaks == BREAKS_IN_A_ROW:
            self._pass_over(record, now_ns)

    def worked(self, node: str, now_ns: int) -> None:
        """`node` finished a job, or holds its result safely."""
        self._records[node] = _Record(proven_ns=now_ns)

    def given(self, node: str, now_ns: int) -> None:
        """`node` gets a job. If it was passed over until now, this one has to prove it first."""
        record = self._records.get(node)
        if record is not None and record.breaks >= BREAKS_IN_A_ROW and record.until_ns <= now_ns:
            self._pass_over(record, now_ns)

    def forget_key(self, key: str) -> None:
        """The job is over."""
        self._broke.pop(key, None)

    def forget_node(self, node: str) -> None:
        """Another process runs there by now."""
        self._records.pop(node, None)

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()
        self._broke.clear()

    def breaker(self, key: str, now_ns: int) -> str:
        """The node that broke this job last; empty when none did, or long ago."""
        node, until_ns = self._broke.get(key, ("", 0))
        return node if now_ns < until_ns else ""

    def is_passed_over(self, node: str, now_ns: int) -> bool:
        """Whether another node should get the next job."""
        record = self._records.get(node)
        return record is not None and now_ns < record.until_ns

    def is_proven(self, node: str, now_ns: int) -> bool:
        """Whether its last ended job was a success, and that not long ago."""
        record = self._records.get(node)
        proven_ns = None if record is None else record.proven_ns
        return proven_ns is not None and now_ns < proven_ns + int(PROVEN_S * 1e9)

    @staticmethod
    def _pass_over(record: _Record, now_ns: int) -> None:
        # Grows when the node is tried anew, not with every one of the many jobs it had at the same time.
        wait_s = min(PASS_OVER_MAX_S, PASS_OVER_S * 2 ** min(record.times, 16))
        record.times += 1
        record.until_ns = now_ns + int(wait_s * 1e9)
