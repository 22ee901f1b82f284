"""`--watch`: the same look again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from cyclopts import Parameter

from recorder.cli.errors import CliError, Exit
from recorder.cli.output import clear_screen, say

Watch = Annotated[float | None, Parameter(show_default=False)]

_PASSING = (Exit.UNREACHABLE, Exit.TEMPORARY)


def watched(every_s: float | None, look: Callable[[bool], None]) -> None:
    """Call `look(again)` once, or for ever when `every_s` is given; then a lost node is no end."""
    if every_s is None:
        look(False)  # noqa: FBT003 - one flag, named in the contract above
        return
    if every_s <= 0:
        raise CliError("--watch: must be above 0 seconds", Exit.USAGE)
    while True:
        clear_screen()
        try:
            look(True)  # noqa: FBT003
        except CliError as error:
            if error.code not in _PASSING:
                raise
            say(f"tandem: {error}")
        time.sleep(every_s)  # noqa: TID251 - the command line waits for a person
