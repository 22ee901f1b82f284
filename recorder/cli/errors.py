"""Exit codes, and the one exception that carries them.

0 done · 1 failed · 2 usage or config · 3 node unreachable · 4 no such thing · 5 temporary ·
6 refused by state · 7 outcome unknown.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the command's exit status says; a script decides by it whether to try again."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_FOUND = 4
    TEMPORARY = 5
    REFUSED = 6
    UNKNOWN = 7


class CliError(Exception):
    """Raised to end a command with a message, the next step and an exit code."""

    def __init__(self, message: str, code: Exit, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
