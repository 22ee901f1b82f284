"""Contacts for programs, and certificates, of a FakeNode: over its Data Center in memory."""

from recorder.desk.proof import ProofDesk
from recorder.prove.make import ProvedSource, Prover
from sim.tables.certificate_requests import MemoryCertificateWork
from sim.tables.certificates import MemoryCertificateDb, MemorySigner
from sim.tables.das import MemoryDas
from tests.by_hand import Inbox
from tests.recorder.prove.making import MakerDesk


class _Tokens:
    """As many as there are requests."""

    def __init__(self, requests):
        self._requests = requests

    def token(self):
        return f"{len(self._requests) + 1:06d}" + "0" * 26


def proof_desk_of(node):
    return ProofDesk(
        das=MemoryDas(node.center),
        prover=_prover(node),
        work=_work(node),
        maker=Inbox(),
        clock=node.clock,
        randomness=_Tokens(node.certificates.requests),
    )


def certify(node):
    """A reign that makes everything that was asked for."""
    sources = {name: ProvedSource(one.source, one.kind, 90.0) for name, one in node.sources.items()}
    MakerDesk(_prover(node), _work(node), sources, node.clock).duty().run().advance(30)


def _work(node):
    return MemoryCertificateWork(node.center, node.certificates, clock=node.clock)


def _prover(node):
    return Prover(
        cluster=node.cluster,
        node=node.name,
        build="1.0",
        clock=node.clock,
        db=MemoryCertificateDb(node.center, node.certificates),
        contact_db=node.contact_db,
        archive=node.archive,
        signer=MemorySigner(node.name),
        audit_db=node.audit_db,
        trail=node.trail,
    )
