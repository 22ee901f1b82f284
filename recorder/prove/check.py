"""Verifies a certificate against contact database and archive. One blocking job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from recorder.model import Window
from recorder.ports.audit import AuditDb
from recorder.ports.certificates import CertificateDb
from recorder.ports.recording import Archive
from recorder.prove.compare import Comparison, compare
from recorder.prove.document import Certificate
from recorder.prove.judge import ObjectFault, object_keys
from recorder.prove.objects import object_faults
from recorder.prove.rows import read_rows
from recorder.prove.statement import lacks
from recorder.prove.verify import Fault
from recorder.records.audit import AuditQuery


def check_certificate(
    certificate: Certificate,
    *,
    db: CertificateDb | None,
    archive: Archive | None,
    audit_db: AuditDb | None = None,
    read: bool = True,
) -> Comparison:
    """What is not as it was certified; `read` hashes every object, else presence and size are looked at.

    Whether the statement is the one that was signed is another question: `verify` answers it. What is None is not
    looked at.
    """
    said = certificate.statement
    wrongly = lacks(said)
    if wrongly:
        what = f"it cannot be compared: {', '.join(wrongly)} are missing or no such thing"
        return Comparison((Fault("statement", "", what),), ())
    items = [leaf.item for leaf in certificate.leaves]
    objects = object_keys(certificate.leaves)
    wrong = {} if archive is None else object_faults(archive, objects, read=read)
    if db is None:
        return Comparison(tuple(_objects_alone(certificate, wrong)), ())
    window = Window(int(said["from_us"]), int(said["to_us"]))
    rows = read_rows(db, str(said["source"]), window, items)
    found = compare(certificate.leaves, rows, wrong, int(said["made_us"]))
    anchor = () if audit_db is None else tuple(_anchor(audit_db, said.get("audit")))
    return Comparison((*found.faults, *anchor), found.notes)


def _objects_alone(certificate: Certificate, wrong: Mapping[str, ObjectFault]) -> Iterator[Fault]:
    for leaf in certificate.leaves:
        for one in leaf.media:
            if one.object_key in wrong:
                fault = wrong[one.object_key]
                what = f"file {one.key}, object {one.object_key}: {fault.reason}"
                yield Fault(fault.cause, leaf.item, what)


def _anchor(audit_db: AuditDb, anchor: Mapping[str, Any] | None) -> Iterator[Fault]:
    """The record of the audit trail that was its newest then is still there, and the same."""
    if anchor is None:
        return
    number = int(anchor["number"])
    found = audit_db.records(AuditQuery(after=number - 1, limit=1))
    if not found or found[0].number != number:
        yield Fault("audit_removed", "", f"the audit trail has no record {number} any more")
    elif found[0].hash != anchor["hash"]:
        yield Fault("audit_changed", "", f"record {number} of the audit trail has another hash")
