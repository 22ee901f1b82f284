"""The kinds of sources a world can have. A source is named after its kind; a second one of it `dynamics2`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sim.world.kinds import dynamics, webex, zoom
from sim.world.kinds.kind import Kind

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (dynamics.KIND, zoom.KIND, webex.KIND)
}
"""By the word in the configuration."""


def kind_of(source: str) -> Kind:
    """The kind of the source of this name. Raises KeyError."""
    return KINDS[source.rstrip("0123456789")]


_NAME: Final = re.compile(rf"({'|'.join(KINDS)})([2-9]|[1-9][0-9])?", re.ASCII)


def is_source(name: str) -> bool:
    """Whether a source may have this name: a kind, or a second one of it to a 99th."""
    return _NAME.fullmatch(name) is not None
