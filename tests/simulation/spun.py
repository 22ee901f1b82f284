"""Exhaustive searches of the models, each made once for all tests of a process that ask for it."""

from functools import cache

from sim.spin.catalogue import Case
from sim.spin.checker import Verdict, search


def searched(case: Case) -> Verdict:
    """As `search`; what a case says of itself plays no part."""
    return _searched(case.model, case.flag, tuple(case.defines))


@cache
def _searched(model: str, flag: str, defines: tuple[str, ...]) -> Verdict:
    return search(Case(model, flag, defines))
