"""Commands this package adds to `tandem`: `up`, `demo` and `sim`."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from recorder.cli.errors import CliError, Exit
from sim.cli.check import check
from sim.cli.drill import drill
from sim.cli.worlds import SIM

__all__ = ["DEMO", "SIM", "UP"]

UP = App(name="up", help="A whole local pair with a fake service, until Ctrl-C.")
DEMO = App(name="demo", help="Record calls, kill the primary, show what was lost: nothing.")
SIM.command(check)
SIM.command(drill)


@UP.default
def up(
    *,
    sources: str = "dynamics",
    directory: Path = Path("var/up"),
    calls_per_minute: float = 60.0,
    webhooks: bool = False,
    screens: bool = False,
) -> int:
    """Start fake services, two nodes and an embedded Data Center, and keep them running.

    Args:
        sources: The services to fake and to record, separated by commas, e.g. dynamics,zoom,webex.
        directory: Where configuration, logs and recordings go; emptied first.
        calls_per_minute: How many calls end in a minute, over all sources.
        webhooks: Services that have webhooks send them to both nodes, signed: the next poll is early.
        screens: Two agents work at desktops without a monitor (Xvfb), whose screens are recorded; with webhooks.
    """
    # Imported here: only this command needs the pair.
    from sim.show.up import run_up  # noqa: PLC0415

    kinds = _kinds(sources)
    if screens and "dynamics" not in kinds:
        raise CliError(
            "The agents with screens are of dynamics.",
            Exit.USAGE,
            hint=f"--sources dynamics,{sources}",
        )
    return run_up(
        directory.absolute(),
        Path("var/audio"),
        calls_per_minute,
        kinds,
        webhooks=webhooks or screens,
        screens=screens,
    )


@DEMO.default
def demo(
    *,
    sources: str = "dynamics",
    directory: Path = Path("var/demo"),
    calls: int = 60,
    webhooks: bool = False,
) -> int:
    """Record calls on two nodes, kill -9 the primary, take over, judge. Exit 0: every promise kept.

    Args:
        sources: The services to fake and to record, separated by commas, e.g. dynamics,zoom,webex.
        directory: Where everything goes, verdict.json too; emptied first.
        calls: How many calls end within 24 seconds, over all sources.
        webhooks: Services that have webhooks send them to both nodes, signed: the next poll is early.
    """
    from sim.show.demo import run_demo  # noqa: PLC0415 - as above

    kinds = _kinds(sources)
    return run_demo(directory.absolute(), Path("var/audio"), calls, kinds, webhooks=webhooks)


def _kinds(sources: str) -> tuple[str, ...]:
    from sim.served.sources import KINDS  # noqa: PLC0415 - as above

    named = tuple(dict.fromkeys(part.strip() for part in sources.split(",") if part.strip()))
    strange = [name for name in named if name not in KINDS]
    if strange or not named:
        raise CliError(
            f"There is no fake of {', '.join(strange) or 'nothing'}.",
            Exit.USAGE,
            hint=f"--sources takes any of {','.join(KINDS)}, separated by commas.",
        )
    return named
