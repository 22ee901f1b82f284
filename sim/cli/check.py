"""`tandem sim check`: judge traces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recorder.cli.common import JsonFlag, from_file
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line
from sim.cli.numbers import counted

if TYPE_CHECKING:
    from sim.checkers.trace import Found

_BROKEN = 1


def check(trace: Path, *others: Path, json: JsonFlag = False) -> int:
    """Judge traces of nodes (`tandem node run --trace`) or of worlds. Exit 0: every promise was kept.

    Args:
        trace: A trace.
        others: More of the same incident, of the other node above all; merged by wall clock.
        json: Answer with JSON on stdout.
    """
    # Imported here: the checkers are not in the memory of other commands.
    from recorder.tracing.rows import read_trace  # noqa: PLC0415
    from sim.checkers.trace import judge_trace  # noqa: PLC0415

    paths = (trace, *others)
    _each_once(paths)
    traces = from_file(lambda: [(header, list(rows)) for header, rows in map(read_trace, paths)])
    if not any(rows for _, rows in traces):
        raise CliError(
            f"{', '.join(map(str, paths))}: nothing is in it but the head of a trace: there is nothing to judge.",
            Exit.USAGE,
            hint="A node writes what happened before into FILE.1, once FILE is large; take that too.",
        )
    found = judge_trace(traces)
    if json:
        print_json(
            {
                "good": not found,
                "traces": [
                    {"path": str(path), "origin": header.origin, "rows": len(rows)}
                    for path, (header, rows) in zip(paths, traces, strict=True)
                ],
                "violations": [one.as_dict() for one in found],
            }
        )
    else:
        rows = sum(len(rows) for _, rows in traces)
        print_line(f"{counted(rows, 'row')} of {', '.join(header.origin for header, _ in traces)}")
        for one in found:
            _tell(one)
        print_line("verdict  " + ("BAD" if found else "good"))
    return _BROKEN if found else Exit.DONE


def _each_once(paths: tuple[Path, ...]) -> None:
    """A trace that is read twice would show everything twice, and so break promises that were kept."""
    twice = [path for path in paths if sum(path.resolve() == one.resolve() for one in paths) > 1]
    if twice:
        raise CliError(
            f"{twice[0]}: is named twice.",
            Exit.USAGE,
            hint="Name each trace once, those of both nodes together.",
        )


def _tell(found: Found) -> None:
    print_line(f"BROKEN  {found.at_ns / 1e9:.3f} s  {found.violation}")
    for line in found.history:
        print_line(f"        {line}")
