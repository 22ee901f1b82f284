"""Recoveries: no faults, but an operator may ask for one at any instant, and cancel it at any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from recorder.errors import DataCenterDown
from recorder.messages import RecoveriesChanged
from recorder.model import Window
from recorder.records.recoveries import Cause, RecoveryKind, RecoveryRow
from sim.world.incident import Fault
from sim.world.rules.rule import Hits, Rule, flag, nodes_of, number

if TYPE_CHECKING:
    from sim.world.machine import Machine
    from sim.world.world import World

_US: Final = 1_000_000
_NS: Final = 1_000_000_000
_BACK_S: Final = 300.0
_AGAIN_S: Final = 2.0
"""An operator without an answer asks again."""
_WHY: Final = "cancelled by operator"


class _Cancel:
    """An operator who cancels one recovery, through a node or at once, and asks again until there is an answer."""

    def __init__(self, world: World, recovery_id: str, through: Sequence[str]) -> None:
        self._world = world
        self._recovery_id = recovery_id
        self._through = through
        self._asked = 0
        self._told = False

    def ask(self) -> None:
        """Once more, at each node in turn."""
        if self._told:
            return
        if not self._through:
            self._answered(self._world.recovery.db.cancel(self._recovery_id, _WHY))
            return
        machine = self._world.machines[self._through[self._asked % len(self._through)]]
        self._asked += 1
        self._world.kernel.schedule(round(_AGAIN_S * _NS), self.ask, label="an operator waits")
        if machine.assembly is not None and not machine.paused:
            self._world.kernel.run_task(partial(self._at, machine), machine.epoch)

    def _at(self, machine: Machine) -> None:
        """As the node's API does it: nothing of it happens any more when the node dies."""
        db = self._world.data_center.recoveries(machine.name, machine.clock)
        try:
            row = db.cancel(self._recovery_id, _WHY)
        except DataCenterDown:
            return
        assembly = machine.assembly
        if assembly is not None and assembly.recovery.address is not None:
            assembly.recovery.address.tell(RecoveriesChanged())
        self._answered(row)

    def _answered(self, row: RecoveryRow | None) -> None:
        assert row is not None, "it was asked for"
        self._told = True
        self._world.recovery.is_cancelled(row)


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
            through = nodes_of(fault) if bool(fault.options.get("through", False)) else ()
            cancel = _Cancel(world, found.recovery_id, through).ask
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
            "through": flag(
                "it is cancelled at the node, or at either in turn, until that answers; false by default"
            ),
        },
    ),
}
