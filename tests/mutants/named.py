"""One hunt by the name of its bug: what a process of its own is given to do."""

from __future__ import annotations

from tests.mutants.catalogue import CATALOGUE
from tests.mutants.hunt import Find, hunt


def find_named(runs: int, name: str, *, shorten: bool = True) -> Find:
    """Look for the bug of that name."""
    (mutant,) = (one for one in CATALOGUE if one.name == name)
    return hunt(mutant, runs=runs, shorten=shorten)
