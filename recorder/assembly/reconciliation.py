"""Reconciliation as a part of a node: it compares, notes what is so when, and takes files with ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cluster.ports import Address, Behaviour, Runtime
from recorder.archive.object_key import object_key
from recorder.assembly.recoveries import calls_lane
from recorder.config import Config
from recorder.lookup import lookup_of
from recorder.messages import CompareNow
from recorder.ports.audit import AuditTrail
from recorder.ports.proof import DropFolder, FindingsDb
from recorder.recover.chronicle import Chronicle
from recorder.recover.drop_jobs import RESUME_AFTER_S, DropTools
from recorder.recover.drops import GONE_S, Drops, DropsPorts
from recorder.recover.reconcile_jobs import Tools
from recorder.recover.reconcile_lane import ReconcilePorts
from recorder.recover.reconciliation import Reconciliation

if TYPE_CHECKING:
    from recorder.assembly.actors import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
ACTORS: Final = ("reconciliation", "chronicle", "id_files")
"""In the order in which they start."""
COMPARE: Final = "compare"
"""Their lane of work: a comparison reads for long."""


@dataclass(frozen=True, slots=True)
class ReconcileStores:
    """What reconciliation needs of the world beside what every node has."""

    findings: FindingsDb
    drops: DropFolder | None = None
    """Without it no files with ids are taken."""
    drops_gone_s: float = GONE_S
    """What a node took that gave no sign of life for so long is taken over."""
    drops_resume_s: float = RESUME_AFTER_S
    """A recovery of a file that the source's absence ended is tried again after this."""


class ReconcileAssembly:
    """One per node; without `stores` everything here is empty."""

    def __init__(self, stores: ReconcileStores | None, *, runtime: Runtime) -> None:
        self._stores = stores
        self._runtime = runtime
        names = ACTORS if stores is not None else ()
        if stores is not None and stores.drops is None:
            names = ACTORS[:2]
        self._at: dict[str, Address[Any]] = {name: runtime.reserve(name) for name in names}

    @property
    def address(self) -> Address[CompareNow] | None:
        """Who compares; None without `stores`."""
        return self._at.get("reconciliation")

    @property
    def holders(self) -> tuple[Address[Any], ...]:
        """Those the pair grants the duty."""
        found = self.address
        return () if found is None else (found,)

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those the supervisor pings."""
        return tuple(self._at.values())

    def start(
        self,
        begin: Begin,
        config: Config,
        ports: NodePorts,
        monitor: Address[Any],
        *,
        recovery: Address[Any] | None,
        trail: AuditTrail,
    ) -> None:
        """Start the actors; without recoveries on record nothing is compared."""
        stores = self._stores
        if stores is None:
            return
        assert ports.recoveries is not None, "what is missing is fetched by recoveries"
        assert recovery is not None, "what is missing is fetched by recoveries"
        begin(
            self._at["reconciliation"],
            Reconciliation(
                ports=ReconcilePorts(
                    node=config.node.id,
                    me=self._at["reconciliation"],
                    sources=ports.sources,
                    source_lanes={name: ports.workers[calls_lane(name)] for name in ports.sources},
                    database_lane=ports.workers["database"],
                    compare_lane=ports.workers[COMPARE],
                    tools=Tools(
                        stores.findings,
                        ports.recoveries,
                        ports.contact_db,
                        ports.archive,
                        config.node.id,
                    ),
                    folders={name: _folder(name) for name in ports.sources},
                    clock=ports.clock,
                    board=ports.board,
                    monitor=monitor,
                    recovery=recovery,
                    settings=config.reconcile,
                )
            ),
        )
        begin(
            self._at["chronicle"],
            Chronicle(
                node=config.node.id,
                me=self._at["chronicle"],
                db=stores.findings,
                lane=ports.workers["database"],
                clock=ports.clock,
                board=ports.board,
            ),
        )
        if stores.drops is not None:
            given = DropsPorts(
                me=self._at["id_files"],
                tools=DropTools(stores.drops, ports.recoveries, trail, stores.drops_resume_s),
                sources=_by_kind(config, ports),
                lane=ports.workers[COMPARE],
                clock=ports.clock,
                monitor=monitor,
                recovery=recovery,
                gone_s=stores.drops_gone_s,
            )
            begin(self._at["id_files"], Drops(ports=given))

    def stop(self) -> None:
        """Stop them, in the reverse order of `start`."""
        for name in reversed(self._at):
            self._runtime.stop(self._at[name])


def _folder(source: str) -> str:
    """How the keys of a source's objects begin."""
    return object_key(source, "", "").partition("/")[0] + "/"


def _by_kind(config: Config, ports: NodePorts) -> dict[str, tuple[str, ...]]:
    """Sources that can be asked by id, by their kind."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(ports.sources):
        if lookup_of(ports.sources[name]) is not None:
            kind = config.sources[name].kind
            found[kind] = (*found.get(kind, ()), name)
    return found
