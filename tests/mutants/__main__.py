"""`python -m tests.mutants`: looks for every deliberate bug and tells how long that took."""

# ruff: noqa: T201 - a program for a terminal

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.mutants.catalogue import CATALOGUE
from tests.mutants.hunt import BUDGET_RUNS, Find
from tests.mutants.named import find_named

OUT = Path("var/mutants.json")
ALARMS = Path("var/mutants")


def finds(names: list[str], runs: int, jobs: int, *, shorten: bool) -> Iterator[Find]:
    """All hunts, as they end."""
    one = partial(find_named, runs, shorten=shorten)
    if jobs == 1:
        yield from map(one, names)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(one, name) for name in names]):
            yield done.result()


def tell(find: Find) -> None:
    """One row of the table, and the incidents that break a promise without any bug."""
    found = "found" if find.found else "NOT FOUND"
    print(
        f"{find.name:<26} {found:<9} {find.runs:>5} {find.seconds:>8.1f} "
        f"{find.story_length:>6}  {find.story}",
        flush=True,
    )
    for number, alarm in enumerate(find.false_alarms):
        ALARMS.mkdir(parents=True, exist_ok=True)
        path = ALARMS / f"{find.name}-{number}.json"
        path.write_text(alarm.as_text(), encoding="utf-8")
        print(f"  breaks without the bug too: {path}: {alarm.story}", flush=True)


def write(rows: Iterable[Find]) -> None:
    """var/mutants.json, in the order of the catalogue."""
    order = {mutant.name: place for place, mutant in enumerate(CATALOGUE)}
    told = sorted(rows, key=lambda find: order[find.name])
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([find.row() for find in told], indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """0 when every bug was found."""
    names = [mutant.name for mutant in CATALOGUE]
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", action="append", choices=names, metavar="NAME")
    parser.add_argument("--budget-runs", type=int, default=BUDGET_RUNS, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--as-found", action="store_true", help="do not make the stories shorter")
    options = parser.parse_args(arguments)
    print(f"{'bug':<26} {'':<9} {'runs':>5} {'seconds':>8} {'faults':>6}  story")
    told: list[Find] = []
    chosen = options.only or names
    for find in finds(chosen, options.budget_runs, options.jobs, shorten=not options.as_found):
        tell(find)
        told.append(find)
    write(told)
    found = [find for find in told if find.found]
    seconds = sum(find.seconds for find in told)
    print(f"{len(found)} of {len(told)} found, {seconds:.0f} s of search")
    return 0 if len(found) == len(told) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
