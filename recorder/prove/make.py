"""Makes a certificate: lists the source's day anew, compares, signs, keeps. Blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from cluster.ports import Clock
from recorder.errors import DataCenterError
from recorder.model import SourceProgress, Window
from recorder.mounted import refuse_bare
from recorder.ports.audit import AuditDb, AuditTrail
from recorder.ports.certificates import CertificateDb, Signer
from recorder.ports.recording import Archive, ContactDb, DataSource
from recorder.prove.canonical import canonical, plain
from recorder.prove.document import (
    Certificate,
    checks_of,
    hash_of,
    pack,
    signature_values,
)
from recorder.prove.judge import ObjectFault, judged, object_keys, with_objects
from recorder.prove.listing import Listing, list_day
from recorder.prove.objects import object_faults
from recorder.prove.rows import read_rows
from recorder.prove.signature import key_id, to_base64, to_be_signed
from recorder.prove.statement import Facts, statement_of
from recorder.records.audit import AuditHead
from recorder.records.certificates import (
    CertificateHead,
    Kept,
    Leaf,
    LeafMedia,
    PublishedKey,
    StoredCertificate,
)

_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Prover:
    """What making certificates needs; one for a node."""

    cluster: str
    node: str
    build: str
    clock: Clock
    db: CertificateDb
    contact_db: ContactDb
    archive: Archive
    signer: Signer
    audit_db: AuditDb | None
    trail: AuditTrail


@dataclass(frozen=True, slots=True)
class ProvedSource:
    """The source a certificate is about."""

    source: DataSource
    kind: str
    settle_s: float
    """How long after its end a day may still grow."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which day of which source is certified, and for whom."""

    source: str
    kind: str
    settle_s: float
    day: str
    actor: str
    request: str = ""
    """Id of the wish for it."""


def window_of(day: str) -> Window:
    """The UTC day `YYYY-MM-DD`. Raises ValueError."""
    try:
        begin = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
        end = begin + _DAY
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{day!r} is no day; write 2026-11-21") from error
    if begin.date().isoformat() != day or begin < _EPOCH:
        raise ValueError(f"{day!r} is no day; write 2026-11-21")
    return Window((begin - _EPOCH) // _US, (end - _EPOCH) // _US)


def begun_day(day: str, now_us: int) -> Window:
    """The UTC day. Raises ValueError for what is none, and for one to come."""
    window = window_of(day)
    if window.from_us > now_us:
        raise ValueError(f"{day} has not begun: nothing of it can be certified")
    return window


def make_certificate(
    prover: Prover, proved: ProvedSource, day: str, actor: str, wait: Callable[[float], None]
) -> Certificate:
    """List the day and certify it, for a caller that may block; `wait` blocks for so many seconds.

    Raises SourceError, ValueError (no day, or one to come), and what `certify` raises.
    """
    window = begun_day(day, prover.clock.wall_us())
    listing = list_day(proved.source, window, wait)

    def keep(certificate: Certificate) -> Kept:
        return Kept.KEPT if prover.db.add(stored(certificate)) else Kept.TAKEN

    made = certify(
        prover, Order(proved.source.name, proved.kind, proved.settle_s, day, actor), listing, keep
    )
    assert made is not None, "nobody cancels it"
    return made


def certify(
    prover: Prover, order: Order, listing: Listing, keep: Callable[[Certificate], Kept]
) -> Certificate | None:
    """The newest certificate of the day, of what was listed; on record when this returns.

    None when `keep` says that it is over. Raises DataCenterError, ArchiveError and ConfigError (the key).
    """
    window, name = window_of(order.day), order.source
    _publish(prover)
    as_of_us = prover.clock.wall_us()
    rows = read_rows(prover.db, name, window, [plain(ref.key) for ref in listing.items])
    progress = next((p for p in prover.contact_db.load_progress() if p.source == name), None)
    leaves = judged(listing.items, rows, progress)
    leaves = with_objects(leaves, _object_faults(prover.archive, object_keys(leaves)))
    facts = _facts(prover, order, window, listing, progress, made_us=as_of_us)
    return _keep(prover, leaves, order, facts, keep)


def _object_faults(archive: Archive, objects: Mapping[str, LeafMedia]) -> Mapping[str, ObjectFault]:
    """Raises ArchiveError when nothing at all is there: an archive that is not mounted lost nothing."""
    faults = object_faults(archive, objects, read=False)
    refuse_bare(archive, objects, faults)
    return faults


def stored(certificate: Certificate) -> StoredCertificate:
    """As the Data Center keeps it."""
    said = certificate.statement
    head = CertificateHead(
        source=said["source"],
        day=said["day"],
        number=said["number"],
        made_us=said["made_us"],
        made_by=said["made_by"],
        verdict=said["verdict"],
        root=said["root"],
        leaves=said["leaves"],
    )
    return StoredCertificate(
        head,
        canonical(dict(said)).decode(),
        canonical(dict(certificate.signature)).decode(),
        pack(certificate.leaves, certificate.checks),
    )


def _publish(prover: Prover) -> None:
    """This node's key, which everybody can look up before the first signature of it is seen."""
    public = prover.signer.public_key()
    key = PublishedKey(prover.node, key_id(public), to_base64(public), prover.clock.wall_us())
    if key.key_id not in {one.key_id for one in prover.db.published_keys()}:
        prover.db.publish(key)
        prover.trail.record(
            "signing_key_published",
            prover.node,
            "system",
            {"key_id": key.key_id, "public_key": key.public_key},
            once=f"signing-key.{prover.node}.{key.key_id}",
        )


def _facts(
    prover: Prover,
    order: Order,
    window: Window,
    listing: Listing,
    progress: SourceProgress | None,
    *,
    made_us: int,
) -> Facts:
    head = AuditHead() if prover.audit_db is None else prover.audit_db.head()
    return Facts(
        cluster=prover.cluster,
        source=order.source,
        kind=order.kind,
        day=order.day,
        from_us=window.from_us,
        to_us=window.to_us,
        number=0,
        made_us=made_us,
        made_by=prover.node,
        build=prover.build,
        source_us=listing.source_us,
        over_us=window.to_us + int(order.settle_s * 1e6),
        watermark_us=None if progress is None else progress.watermark_us,
        pages=listing.pages,
        audit=head if head.number else None,
        keys=prover.db.published_keys(),
    )


def _keep(
    prover: Prover,
    leaves: tuple[Leaf, ...],
    order: Order,
    facts: Facts,
    keep: Callable[[Certificate], Kept],
) -> Certificate | None:
    """Sign with the next number; the other node may have taken it at the same time."""
    hashes = [hash_of(leaf) for leaf in leaves]
    statement, checks = statement_of(leaves, hashes, facts), checks_of(hashes)
    for _ in range(_TRIES):
        last = prover.db.last(facts.source, facts.day)
        statement |= {
            "number": 1 if last is None else last.number + 1,
            "previous": None if last is None else {"number": last.number, "root": last.root},
        }
        certificate = Certificate(statement, _sign(prover, statement), leaves, checks)
        kept = keep(certificate)
        if kept is Kept.OVER:
            return None
        if kept is Kept.KEPT:
            prover.trail.record(
                "certificate_made",
                f"{facts.source} {facts.day} #{statement['number']}",
                order.actor,
                {
                    "verdict": statement["verdict"],
                    "root": statement["root"],
                    "counts": statement["counts"],
                    "key_id": certificate.signature["key_id"],
                    **({"request": order.request} if order.request else {}),
                },
            )
            return certificate
    raise DataCenterError(
        "the certificate cannot be numbered: others of the same day are made all the time",
        hint="Try again.",
    )


def _sign(prover: Prover, statement: dict[str, Any]) -> dict[str, object]:
    public = prover.signer.public_key()
    value = prover.signer.sign(to_be_signed(canonical(statement)))
    return signature_values(key_id(public), public, value)
