"""`tandem sim`: make the fake service misbehave, place calls, look at what it saw."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from inspect import signature
from typing import Annotated, Any, TypeVar

import httpx
from cyclopts import App, Parameter

from recorder.cli.common import JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table
from sim.cli.numbers import Whole, counted
from sim.ucaas.admin_client import NoFake, SimAdmin, SimError, fake_variable

SIM = App(
    name="sim",
    help="Rehearse incidents in a simulated world; steer the fake service of `tandem up`.",
)
_FAULT = App(name="fault", help="What goes wrong at the fake service.")
SIM.command(_FAULT)

_OPTIONS = frozenset(signature(SimAdmin.add_fault).parameters)
"""Parameters of an order for a fault that are none of the fault."""

T = TypeVar("T")
Fake = Annotated[str | None, Parameter(show_default=False)]
Source = Annotated[str | None, Parameter(show_default=False)]


def _address(fake: str | None, source: str | None) -> str | None:
    if fake or source is None:
        return fake or os.environ.get("TANDEM_FAKE")
    variable = fake_variable(source)
    url = os.environ.get(variable)
    if not url:
        raise CliError(
            f"There is no fake service of {source}.",
            Exit.USAGE,
            hint=f"Start it with `tandem up --sources`, which prints what to `source`: it sets {variable}.",
        )
    return url


def _asked(fake: str | None, source: str | None, question: Callable[[SimAdmin], T]) -> T:
    url = _address(fake, source)
    if not url:
        raise CliError(
            "Which fake service?",
            Exit.USAGE,
            hint="Set TANDEM_FAKE or --fake to the address that `tandem up` printed.",
        )
    try:
        with closing(SimAdmin(url)) as admin:
            return question(admin)
    except SimError as error:
        raise CliError(str(error), Exit.USAGE, hint="See `tandem sim fault kinds`.") from error
    except NoFake as error:
        raise CliError(
            f"{error}.", Exit.USAGE, hint="TANDEM_FAKE or --fake must be what `tandem up` printed."
        ) from error
    except httpx.TransportError as error:
        raise CliError(
            "The fake service does not answer.", Exit.UNREACHABLE, hint="Is `tandem up` running?"
        ) from error


@_FAULT.command
def add(
    kind: str,
    parameters: list[str] | None = None,
    *,
    client: str = "",
    item: str = "",
    count: Whole | None = None,
    for_s: float | None = None,
    source: Source = None,
    fake: Fake = None,
) -> None:
    """Switch a fault on, e.g. `tandem sim fault add throttle seconds=5 --for-s 30`.

    Args:
        kind: One of `tandem sim fault kinds`.
        parameters: NAME=VALUE, as the kind takes them.
        client: Only for this client id.
        item: Only for this recording.
        count: Only so many times.
        for_s: Only for so long.
        source: The source whose fake is meant, where several run.
        fake: Address of the fake service; also TANDEM_FAKE.
    """
    if kind not in _kinds():
        raise CliError(
            f"There is no fault called {kind}.",
            Exit.USAGE,
            hint="`tandem sim fault kinds` lists them.",
        )
    given: dict[str, Any] = {}
    for part in parameters or []:
        name, equals, value = part.partition("=")
        if not equals or name in _OPTIONS:
            raise CliError(
                f"{part}: a parameter is NAME=VALUE, and {name} is none.",
                Exit.USAGE,
                hint="Client, item, count and for-s are options, e.g. --count 3.",
            )
        given[name] = value
    number = _asked(
        fake,
        source,
        lambda admin: admin.add_fault(
            kind, client=client, item=item, count=count, for_s=for_s, **given
        ),
    )
    print_line(f"fault {number}: {kind}" if number else f"{kind}: done")


@_FAULT.command
def kinds(*, json: JsonFlag = False) -> None:
    """Every kind of fault, with its parameters and what it does.

    Args:
        json: As one JSON document.
    """
    from sim.ucaas.fault_notes import fault_notes  # noqa: PLC0415 - keeps other commands light

    notes = fault_notes()
    if json:
        print_json({"kinds": [asdict(note) for note in notes]})
    else:
        rows = [[note.kind, ", ".join(note.parameters), note.text] for note in notes]
        print_table(["Kind", "Parameters", "What"], rows)


def _kinds() -> list[str]:
    from sim.ucaas.faults import FaultKind  # noqa: PLC0415 - keeps other commands light

    return [kind.value for kind in FaultKind]


@_FAULT.command(name="list")
def list_faults(*, source: Source = None, fake: Fake = None) -> None:
    """Faults switched on now."""
    rows = [
        [str(entry["number"]), entry["kind"], entry["client"] or "any", str(entry["hits"])]
        for entry in _asked(fake, source, SimAdmin.faults)
    ]
    print_table(["Number", "Kind", "Client", "Hits"], rows)


@_FAULT.command
def clear(number: Whole | None = None, *, source: Source = None, fake: Fake = None) -> None:
    """Switch one fault off, or all.

    Args:
        number: As shown by `tandem sim fault list`; all if absent.
        source: The source whose fake is meant, where several run.
        fake: Address of the fake service; also TANDEM_FAKE.
    """
    if number is None:
        print_line(f"{_asked(fake, source, SimAdmin.clear_faults)} switched off")
    elif _asked(fake, source, lambda admin: admin.remove_fault(number)):
        print_line(f"fault {number} is off")
    else:
        raise CliError(f"There is no fault {number}.", Exit.NOT_FOUND, hint="tandem sim fault list")


@SIM.command
def calls(
    count: Whole, *, over_s: float = 0.0, seed: Whole = 1, source: Source = None, fake: Fake = None
) -> None:
    """Place calls that end within a period.

    Args:
        count: How many.
        over_s: Within so many seconds from now.
        seed: The same seed draws the same calls.
        source: The source whose fake is meant, where several run.
        fake: Address of the fake service; also TANDEM_FAKE.
    """
    placed = _asked(fake, source, lambda admin: admin.place_mix(count, over_s=over_s, seed=seed))
    print_line(f"{counted(len(placed), 'call')} placed")


@SIM.command
def stats(*, source: Source = None, fake: Fake = None) -> None:
    """What the fake service saw, as JSON."""
    print_json(_asked(fake, source, SimAdmin.statistics))
