"""Where items are right now: what the nodes have in hand, joined over what the Data Center has on record. Pure.

Only the node that is primary knows it all; on the other one items show as they are on record.
"""

from __future__ import annotations

from dataclasses import replace

from cluster.board import Board
from cluster.status import ClaimsStatus, ClaimStatus
from recorder.codec import job_key
from recorder.model import ItemState
from recorder.records.contacts import ItemRow
from recorder.status import SourceTries, Try

LIVE_STATES = (ItemState.ASSIGNED, ItemState.FETCHING, ItemState.BUFFERED)
"""Never on record: an item in them is `found` or `failed` there."""
_OPEN = (ItemState.FOUND, ItemState.FAILED)


def on_record(states: tuple[str, ...]) -> tuple[str, ...]:
    """The states to ask the Data Center for, to find items that are now in one of `states`."""
    if not any(state in LIVE_STATES for state in states):
        return states
    also = (*(state.value for state in _OPEN), "parked")
    return tuple(dict.fromkeys((*states, *also)))


class LiveItems:
    """A reading of one node's board; made anew for every request."""

    def __init__(self, board: Board) -> None:
        claims = board.read("claims", ClaimsStatus)
        self._claims = {} if claims is None else {claim.key: claim for claim in claims.claims}
        self._tries: dict[str, Try] = {}
        for part in board.parts():
            told = board.read(part, SourceTries) if part.startswith("tries:") else None
            if told is not None:
                self._tries.update(told.tries)

    def join(self, row: ItemRow) -> tuple[ItemRow, str]:
        """The row as things are now, and which node has the item in hand; empty for none."""
        key = job_key(row.ref)
        if row.state not in _OPEN:
            return row, ""
        tried, claim = self._tries.get(key), self._claims.get(key)
        failures = 0 if tried is None else tried.failures
        reason = row.reason if tried is None else tried.reason
        if claim is None:
            state = row.state if tried is None else ItemState.FAILED.value
            return replace(
                row, state=state, reason=reason, attempts=max(row.attempts, failures)
            ), ""
        attempts = max(row.attempts + 1, claim.attempt, failures + 1)
        state = _state_of(claim).value
        return replace(row, state=state, reason=reason, attempts=attempts), claim.node

    def choose(
        self, rows: tuple[ItemRow, ...], states: tuple[str, ...]
    ) -> list[tuple[ItemRow, str]]:
        """Each row as it is now, but for those that are in none of `states` any more; empty: all."""
        found = [self.join(row) for row in rows]
        return [one for one in found if not states or _is_in(one[0], states)]


def _state_of(claim: ClaimStatus) -> ItemState:
    if claim.held:
        return ItemState.BUFFERED
    return ItemState.FETCHING if claim.bytes_total else ItemState.ASSIGNED


def _is_in(row: ItemRow, states: tuple[str, ...]) -> bool:
    parked = row.parked and row.state == ItemState.FAILED
    return ("parked" if parked else row.state) in states
