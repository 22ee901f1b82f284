"""Everything an operator should know now: what the monitor holds, and sources that did not start."""

from __future__ import annotations

from recorder.desk.control import NodeControl
from recorder.model import Finding, Level
from recorder.status import Findings

_WANTED = "disabled"


def open_findings(control: NodeControl) -> tuple[Finding, ...]:
    """Sources that are not running first, then the rest as the monitor orders it: worst first."""
    stopped = tuple(
        Finding(
            "source_stopped",
            Level.ERROR,
            problem.name,
            f"the source {problem.name} is not recorded: {problem.what}",
            problem.hint,
            control.started_us,
        )
        for problem in control.problems
        if problem.state != _WANTED
    )
    known = control.board.read("findings", Findings)
    return stopped + (known.open if known else ())
