"""Filters of lists that can match nothing are refused: an empty list says that nothing is there."""

from __future__ import annotations

from typing import Final

from recorder.desk.control import NodeControl
from recorder.model import ItemState
from recorder.web.refusals import refuse

_STATES: Final = (*(state.value for state in ItemState), "parked")


def check_states(states: tuple[str, ...]) -> None:
    """Refuses a state that no item is ever in."""
    unknown = next((state for state in states if state not in _STATES), None)
    if unknown is not None:
        refuse(422, f"No item is ever {unknown!r}.", f"The states are {', '.join(_STATES)}.")


def check_source(control: NodeControl, source: str | None) -> None:
    """Refuses a source that this node is not configured with; for lists that came out empty."""
    known = {*control.pollers, *(problem.name for problem in control.problems)}
    if source is not None and source not in known:
        refuse(
            404,
            f"There is no source called {source!r}, and nothing is on record of one.",
            "`tandem source list` lists them.",
        )
