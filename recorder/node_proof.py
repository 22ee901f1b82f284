"""Puts together what a node needs to make certificates, and to tell contacts to programs."""

from __future__ import annotations

from cluster.ports import Clock
from cluster.real_clock import blocking_wait
from recorder.adapters.signing_key import FILE_NAME, FileSigner
from recorder.audit_ports import AuditTrail
from recorder.config import Config
from recorder.node_adapters import Stores
from recorder.proof_desk import ProofDesk
from recorder.prove.make import Prover
from recorder.version import build


def proof_desk(config: Config, stores: Stores, clock: Clock, trail: AuditTrail) -> ProofDesk:
    """Nothing is read or made yet: the signing key is at first need."""
    prover = Prover(
        cluster=config.node.cluster,
        node=config.node.id,
        build=build(),
        clock=clock,
        db=stores.certificates,
        contact_db=stores.contact_db,
        archive=stores.archive,
        signer=FileSigner(config.node.data / FILE_NAME),
        audit_db=stores.audit.db,
        trail=trail,
        wait=blocking_wait,
    )

    def settle_s(source: str) -> float:
        return (config.sources[source].poll or config.poll).settle_s

    return ProofDesk(stores.das, prover, settle_s)
