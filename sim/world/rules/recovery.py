"""Recoveries: no faults, but an operator may ask for one at any instant, and cancel it at any other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from recorder.messages import RecoveriesChanged
from recorder.model import Window
from recorder.recovery_rows import Cause, RecoveryKind, RecoveryRow
from sim.world.incident import Fault
from sim.world.rules.rule import Hits, Rule, flag, nodes_of, number

if TYPE_CHECKING:
    from sim.world.world import World

_US: Final = 1_000_000
_NS: Final = 1_000_000_000
_BACK_S: Final = 300.0


def recovery(world: World, fault: Fault) -> None:
    """Ask for the last minutes of every source, at a node that may be told of it or not."""
    to_us = world.services.now_us()
    back_us = round(fault.number("back_s", _BACK_S) * _US)
    asked = world.counts["fault recovery"]
    for source in world.incident.sources:
        row = RecoveryRow(
            recovery_id=f"R-{asked:04d}-{source}",
            source=source,
            kind=RecoveryKind.MANUAL,
            cause=Cause.OPERATOR,
            requested_us=to_us,
            requested_by="operator",
            window=Window(to_us - back_us, to_us),
            dry_run=bool(fault.options.get("dry_run", False)),
            updated_us=to_us,
        )
        found = world.recovery.db.request(row)
        cancel_s = fault.number("cancel_after_s", 0.0)
        if cancel_s > 0:
            cancel = partial(world.recovery.db.cancel, found.recovery_id, "cancelled by operator")
            world.kernel.schedule(round(cancel_s * _NS), cancel, label="an operator cancels")
    for node in nodes_of(fault):
        assembly = world.machines[node].assembly
        if assembly is not None and assembly.recovery.address is not None:
            assembly.recovery.address.tell(RecoveriesChanged())


RULES: Final[Mapping[str, Rule]] = {
    "recovery": Rule(
        recovery,
        Hits.NODE,
        "An operator asks for a recovery of every source (`tandem recovery start`).",
        (),
        {
            "back_s": number(
                300.0, 60.0, 900.0, what="seconds: how far the period reaches back, 300", low=1.0
            ),
            "dry_run": flag("fetches nothing; false by default"),
            "cancel_after_s": number(
                0.5, 5.0, 30.0, what="seconds until it is cancelled; by default it is not"
            ),
        },
    ),
}
