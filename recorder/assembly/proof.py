"""Puts together what a node needs to make certificates."""

from __future__ import annotations

from cluster.ports import Clock
from recorder.adapters.signing_key import FILE_NAME, FileSigner
from recorder.assembly.adapters import Stores
from recorder.assembly.certificates import ProveStores
from recorder.config import Config
from recorder.ports.audit import AuditTrail
from recorder.prove.make import Prover
from recorder.version import build


def prove_stores(config: Config, stores: Stores, clock: Clock) -> ProveStores:
    """Nothing is read or made yet: the signing key is at first need."""

    def prover(trail: AuditTrail) -> Prover:
        return Prover(
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
        )

    return ProveStores(stores.certificate_work, prover)
