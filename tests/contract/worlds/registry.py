"""Every world the data source contract runs against.

A new adapter joins with a file beside this one that holds `WORLDS`: a name for each world and how to
make it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from sim.contract.world import SourceWorld

HERE = Path(__file__)


def worlds() -> dict[str, Callable[[], SourceWorld]]:
    found: dict[str, Callable[[], SourceWorld]] = {}
    for path in sorted(HERE.parent.glob("*.py")):
        if path != HERE:
            found |= import_module(f"tests.contract.worlds.{path.stem}").WORLDS
    return found
