"""Runs Spin: an exhaustive search of a model, or one random walk through it.

Needs `spin` and a C compiler; `missing_programs` says which is not there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.spin.catalogue import Case

MODELS = Path(__file__).parent
MARK = "@ "
"""What a model prints for a reader begins with this."""

_DEPTH_MAX = 100_000
_SPIN, _COMPILER = "spin", "gcc"
_ERRORS = re.compile(r"errors: (\d+)")
_DEPTH = re.compile(r"depth reached (\d+)")
_STORED = re.compile(r"^\s*(\S+) states, stored", re.MULTILINE)
_SECONDS = re.compile(r"elapsed time (\S+) seconds")
_BROKEN = re.compile(r"^pan:\d+: (.*) \(at depth \d+\)", re.MULTILINE)
_CUT_SHORT = re.compile(r"max search depth too small|out of memory")


class SpinFailed(Exception):
    """Raised when a model cannot be searched: it is no Promela, or the search was cut short."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search found. `story` is what the counterexample printed, in order; empty when all holds."""

    case: Case
    holds: bool
    broken: str
    states: int
    depth: int
    seconds: float
    story: tuple[str, ...] = ()

    @property
    def as_expected(self) -> bool:
        """The promises hold, or the deliberate error was caught."""
        return self.holds is self.case.holds


def missing_programs() -> tuple[str, ...]:
    """What must be installed first."""
    return tuple(name for name in (_SPIN, _COMPILER) if shutil.which(name) is None)


def search(case: Case, *, timeout_s: float = 600.0) -> Verdict:
    """Visit every reachable state, or stop at the first that breaks a promise. Raises SpinFailed."""
    model = MODELS / f"{case.model}.pml"
    with tempfile.TemporaryDirectory(prefix="tandem-spin-") as name:
        folder = Path(name)
        _run((_SPIN, *_defines(case), "-a", str(model)), folder, timeout_s)
        # An error is met after few states: to compile well would take longer than to look for it.
        options = (
            "-O2" if case.holds else "-O0",
            "-w",
            "-DSAFETY",
            "-DVECTORSZ=1024",
            "-o",
            "pan",
            "pan.c",
        )
        _run((_COMPILER, *options), folder, timeout_s)
        said = _run((str(folder / "pan"), f"-m{_DEPTH_MAX}"), folder, timeout_s)
        verdict = read_verdict(case, said)
        if verdict.holds:
            return verdict
        trails = sorted(folder.glob("*.trail"))
        if not trails:
            raise SpinFailed(f"{case.name}: an error without a counterexample:\n{said}")
        replay = (_SPIN, *_defines(case), "-T", "-k", str(trails[0]), str(model))
        lines = tuple(_told(_run(replay, folder, timeout_s)))
    return Verdict(
        case, verdict.holds, verdict.broken, verdict.states, verdict.depth, verdict.seconds, lines
    )


def read_verdict(case: Case, said: str) -> Verdict:
    """The figures in the output of a search. Raises SpinFailed when it did not visit everything."""
    if cut := _CUT_SHORT.search(said):
        raise SpinFailed(f"{case.name}: {cut.group()}; make the world of the model smaller")
    found = [pattern.search(said) for pattern in (_ERRORS, _STORED, _DEPTH, _SECONDS)]
    errors, states, depth, seconds = (match.group(1) if match else "" for match in found)
    if not (errors and states and depth and seconds):
        raise SpinFailed(f"{case.name}: no verdict in what the search said:\n{said}")
    broken = _BROKEN.search(said)
    return Verdict(
        case=case,
        holds=errors == "0",
        broken=broken.group(1) if broken else "",
        states=round(float(states)),
        depth=int(depth),
        seconds=float(seconds),
    )


def walk(case: Case, *, seed: int, steps: int = 3000, timeout_s: float = 60.0) -> tuple[str, ...]:
    """What one random walk through the model printed, without the leading mark."""
    model = MODELS / f"{case.model}.pml"
    with tempfile.TemporaryDirectory(prefix="tandem-spin-") as name:
        command = (_SPIN, *_defines(case), "-T", f"-n{seed}", f"-u{steps}", str(model))
        return tuple(_told(_run(command, Path(name), timeout_s)))


def _defines(case: Case) -> Sequence[str]:
    return [f"-D{define}" for define in (*case.defines, case.flag) if define]


def _told(said: str) -> list[str]:
    return [
        line.strip()[len(MARK) :] for line in said.splitlines() if line.strip().startswith(MARK)
    ]


def _run(command: Sequence[str], folder: Path, timeout_s: float) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - spin, the compiler, and what they made
            command, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SpinFailed(f"{command[0]} was not done within {timeout_s:g} s") from error
    said = done.stdout + done.stderr
    if done.returncode != 0:
        raise SpinFailed(f"{' '.join(command)} failed with {done.returncode}:\n{said}")
    return said
