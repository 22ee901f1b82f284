"""`python -m sim.spin [--only TEXT]`: search every model, with and without its deliberate errors.

Prints a table and writes var/spin.json. Exit status 1 when a verdict is not the expected one, 2 when Spin or
a C compiler is missing, or no case is called so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.bench.figures import table_text
from sim.spin.catalogue import cases
from sim.spin.checker import Verdict, missing_programs, search

RESULT = Path("var/spin.json")


def row(verdict: Verdict) -> dict[str, str | int | float]:
    """One line of the table."""
    return {
        "model": verdict.case.model,
        "world": " ".join(verdict.case.defines),
        "flag": verdict.case.flag,
        "verdict": "holds" if verdict.holds else "caught" if verdict.case.flag else "BROKEN",
        "expected": "yes" if verdict.as_expected else "NO",
        "states": verdict.states,
        "depth": verdict.depth,
        "seconds": verdict.seconds,
        "what": verdict.case.what,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Search, print, write; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sim.spin", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name contains this text")
    parser.add_argument("--story", action="store_true", help="print the counterexamples too")
    options = parser.parse_args(argv)
    chosen = [case for case in cases() if options.only in case.name]
    if not chosen:
        names = "; ".join(case.name for case in cases())
        parser.error(f"no case has {options.only!r} in its name. There are: {names}")
    if missing := missing_programs():
        print(f"not installed: {', '.join(missing)}; try: apt-get install spin gcc libc6-dev")
        return 2
    verdicts: list[Verdict] = []
    for case in chosen:
        verdicts.append(search(case))
        print(f"{case.name}: {row(verdicts[-1])['verdict']}", file=sys.stderr)
        if options.story:
            print("\n".join(f"    {line}" for line in verdicts[-1].story), file=sys.stderr)
    rows = [row(verdict) for verdict in verdicts]
    print(table_text(rows))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0 if all(verdict.as_expected for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
