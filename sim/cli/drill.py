"""`tandem sim drill`: rehearse incidents with one's own settings, without touching anything real."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_table, say
from sim.cli.numbers import Whole


def drill(
    *,
    config: Path | None = None,
    only: str = "",
    quick: bool = False,
    calls_per_minute: Annotated[float, Parameter(validator=Number(gt=0, lte=120))] = 1.0,
    seed: Whole = 1,
    json: bool = False,
) -> int:
    """Put your settings through a standard set of incidents and see what they cost.

    Nothing real is touched: two nodes with your timings live in a simulated world. The longest incident,
    a day without the source, takes minutes of computing; --quick shortens it. Exit 0: every promise held.
    Of several sources each has its services and its share of the calls. docs/drills.md explains how to
    read the table.

    Args:
        config: A node's configuration file; only its timings and the kinds of its sources are used.
            Without: the standard settings, and Dynamics alone.
        only: Part of a drill's name.
        quick: Shorten the day without the source to two hours.
        calls_per_minute: How many calls end in a minute.
        seed: Other numbers give other calls and other instants.
        json: A list of objects instead of the table.
    """
    # Imported here: the simulator is not in the memory of other commands.
    from sim.drill.incidents import QUICK_S, drills  # noqa: PLC0415
    from sim.drill.operator_settings import (  # noqa: PLC0415
        not_simulated,
        settings_of,
        sources_of,
        standard_settings,
    )
    from sim.drill.outcome import usual_delay_s  # noqa: PLC0415
    from sim.drill.rehearse import rehearse  # noqa: PLC0415
    from sim.drill.table import HEAD, below, row  # noqa: PLC0415

    settings = standard_settings() if config is None else settings_of(config)
    sources = ("dynamics",) if config is None else sources_of(config)
    if config is not None and (left_out := not_simulated(config)):
        say(
            f"{config}: no simulated service is like {', '.join(left_out)}; rehearsed with {', '.join(sources)}"
        )
    every = drills(longest_s=QUICK_S, sources=sources) if quick else drills(sources=sources)
    chosen = [one for one in every if only.lower() in one.name.lower()]
    if not chosen:
        names = "; ".join(one.name for one in every)
        raise CliError(f"No drill is called {only}.", Exit.USAGE, hint=f"There are: {names}.")
    work = [
        (
            one,
            one.incident(
                settings=settings, seed=seed, calls_per_minute=calls_per_minute, sources=sources
            ),
        )
        for one in chosen
    ]
    outcomes = rehearse(work, say)
    if json:
        print_json([outcome.as_dict() for outcome in outcomes])
    else:
        print_table(list(HEAD), [row(outcome) for outcome in outcomes])
        for line in below(outcomes, usual_delay_s(work[0][1])):
            say(line)
    return 0 if all(outcome.good for outcome in outcomes) else 1
