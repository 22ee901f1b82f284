"""What stages that take masked payment data away need to know of legal holds: which of them they override.

See docs/decisions/0011-a-mask-beats-a-hold.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from recorder.scn.model import ScreenPart

HOLDS_OVERRIDDEN: Final = "holds_overridden"
"""In the detail of an audit record: the ids of the holds in force when something went in spite of them."""

OfPart: TypeAlias = Callable[[ScreenPart], tuple[str, ...]]
OfContact: TypeAlias = Callable[[str], tuple[str, ...]]


def _none(_subject: object) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class HoldsOver:
    """Ids of the holds in force, by id. Both calls block and raise DataCenterError."""

    part: OfPart = _none
    """That cover a contact which a part of a screen on record shows, or would, were it here."""
    contact: OfContact = _none
    """That cover the contact with this id."""


NO_HOLDS: Final = HoldsOver()
"""For whoever has no place for holds."""


def overriding(holds: Sequence[str]) -> dict[str, object]:
    """What an audit record of a deletion says of the holds that it overrode; nothing where there was none."""
    return {HOLDS_OVERRIDDEN: list(holds)} if holds else {}
