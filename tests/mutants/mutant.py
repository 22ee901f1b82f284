"""What a mutant is: a bug put into the product's code in memory, and taken out again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.mutants.profiles import EVERYTHING, Mix

_PACKAGES = ("cluster.", "recorder.", "sim.")


class Patch:
    """Replaces parts of the code and puts them back. What it replaces must exist: a bug never rots."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self.replaced: list[tuple[Any, object, Any]] = []
        """Owner, name and what was there, for tests."""

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute of a class or a module."""
        old = vars(owner)[name]
        self.replaced.append((owner, name, old))
        self._undo.append(lambda: setattr(owner, name, old))
        setattr(owner, name, value)

    def around(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace a method or function by what `make` gives for the original."""
        self.set(owner, name, make(vars(owner)[name]))

    def everywhere(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """As `around`, in every module that imported the function by name."""
        old = vars(owner)[name]
        new = make(old)
        for module_name, module in sorted(sys.modules.items()):
            if module_name.startswith(_PACKAGES) and vars(module).get(name) is old:
                self.set(module, name, new)

    def item(self, table: Any, key: object, make: Callable[[Any], Any]) -> None:
        """Replace a value of a mapping."""
        mapping: MutableMapping[object, Any] = table
        old = mapping[key]
        self.replaced.append((table, key, old))
        self._undo.append(lambda: mapping.__setitem__(key, old))
        mapping[key] = make(old)

    def undo(self) -> None:
        """Everything is as it was."""
        while self._undo:
            self._undo.pop()()


@dataclass(frozen=True, slots=True)
class Mutant:
    """A deliberate bug."""

    name: str
    bug: str
    """What is wrong, in one line."""
    teaches: str
    """Which part of the design this bug would undo, in one line."""
    apply: Callable[[Patch], None]
    mix: Mix = EVERYTHING
    """Which incidents are sensible: the faults, calls and settings that may bring it to light."""
    seed: int = 1
    """Of the random search."""


@contextmanager
def bugged(mutant: Mutant | None) -> Generator[None]:
    """The code with the bug in it; None: as it is."""
    patch = Patch()
    try:
        if mutant is not None:
            mutant.apply(patch)
        yield
    finally:
        patch.undo()
