"""What each fault does and which parameters it takes, as `FaultKind` itself says below every name."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass
from itertools import pairwise

from sim.ucaas.faults import FaultKind


@dataclass(frozen=True, slots=True)
class FaultNote:
    """One kind of fault."""

    kind: str
    parameters: tuple[str, ...]
    """Their names; `text` tells values and defaults."""
    text: str


def fault_notes() -> tuple[FaultNote, ...]:
    """Of every kind, in the order in which they are defined."""
    (kinds,) = ast.parse(inspect.getsource(FaultKind)).body
    assert isinstance(kinds, ast.ClassDef), "the source of a class is a class"
    return tuple(
        _note(FaultKind[line.targets[0].id], below.value.value)
        for line, below in pairwise(kinds.body)
        if isinstance(line, ast.Assign)
        and isinstance(line.targets[0], ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    )


def _note(kind: FaultKind, text: str) -> FaultNote:
    names = tuple(re.findall(r"`(\w+)`", text))
    return FaultNote(kind.value, names, text.replace("`", ""))
