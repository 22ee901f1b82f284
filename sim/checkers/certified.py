"""S1 as it is proven to others: certificates of all that a world recorded verify, and say what was offered.

For each source and day a certificate is made as a node makes it, against a source that lists the ground truth. It
must verify, by itself and against the Data Center, and count as the ground truth does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from cluster.ports import Clock
from recorder.model import Capabilities, ItemRef, Page, SourceTime, Window
from recorder.ports.recording import DataSource
from recorder.prove.check import check_certificate
from recorder.prove.document import Certificate, from_text, to_text
from recorder.prove.make import ProvedSource, Prover, make_certificate
from recorder.prove.verify import Fault, verify
from recorder.records.certificates import Leaf, LeafState
from sim.checkers.violation import Violation
from sim.tables.audit import ListedTrail
from sim.tables.certificates import (
    MemoryCertificateDb,
    MemoryCertificateStore,
    MemorySigner,
    nothing_known,
)
from sim.tables.data_center import (
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.truth import TruthItem

PROMISE = "certified"
_DAY_US = 86_400_000_000
_PAGE = 10


@dataclass(frozen=True, slots=True)
class _TruthSource:
    """Lists what a service offers at the end: the newest of each item, unless it was deleted."""

    name: str
    offered: tuple[TruthItem, ...]
    now_us: int

    @property
    def capabilities(self) -> Capabilities:
        """Of a service that refuses nothing."""
        return Capabilities(7 * 86_400.0, _PAGE, 1, None)

    def server_time(self) -> SourceTime:
        """The end of the run, as far as the day is concerned."""
        return SourceTime(self.now_us, 0, 0)

    def list_items(self, window: Window, page: str | None) -> Page:
        """In the order of offering."""
        refs = [
            ItemRef(item.source, item.key, item.version, item.changed_us, item.session_key)
            for item in self.offered
            if window.from_us <= item.changed_us < window.to_us
        ]
        begin = int(page or 0)
        rest = begin + _PAGE
        following = str(rest) if rest < len(refs) else None
        return Page(tuple(refs[begin:rest]), following, self.server_time())


@dataclass(frozen=True, slots=True)
class Held:
    """What a world's Data Center holds."""

    contacts: MemoryContactStore
    objects: MemoryArchiveStore
    clock: Clock
    deleted: Callable[[str, str], str] = nothing_known
    """The policy that deleted the contact of a source and session; empty for none."""


def check_certified(
    truth: Sequence[TruthItem], held: Held, *, settled: bool = True
) -> Iterator[Violation]:
    """`settled`: all that is still offered was archived, so every day must be proven."""
    for source in dict.fromkeys(item.source for item in truth):
        mine = [item for item in truth if item.source == source]
        for start_us in sorted({item.changed_us // _DAY_US * _DAY_US for item in mine}):
            certificate = certificate_of_day(source, mine, held, start_us)
            yield from _wrong(certificate, held)
            yield from _miscounted(certificate, mine, start_us, settled=settled)


def certificate_of_day(
    source: str, truth: Iterable[TruthItem], held: Held, start_us: int
) -> Certificate:
    """As a node would make it, long after that day."""
    offered = tuple(item for item in truth if _is_listed(item))
    listing = _TruthSource(source, offered, start_us + 3 * _DAY_US)
    prover = Prover(
        cluster="judge",
        node="judge",
        build="judge",
        clock=held.clock,
        db=_db(held),
        contact_db=MemoryContactDb(held.contacts, node="judge", clock=held.clock),
        archive=_archive(held),
        signer=MemorySigner("judge"),
        audit_db=None,
        trail=ListedTrail(),
    )
    day = datetime.fromtimestamp(start_us // 1_000_000, UTC).date().isoformat()
    proved = ProvedSource(cast("DataSource", listing), "judge", 0.0)
    made = make_certificate(prover, proved, day, "judge", _never)
    return from_text(to_text(made))


def _is_listed(item: TruthItem) -> bool:
    if item.deleted_us is not None or item.replaced_us is not None:
        return False
    return not item.absent or item.first_listed_us is not None


def _wrong(certificate: Certificate, held: Held) -> Iterator[Violation]:
    against = check_certificate(certificate, db=_db(held), archive=_archive(held))
    by_code: dict[str, list[Fault]] = {}
    for fault in (*verify(certificate), *against.faults, *against.notes):
        by_code.setdefault(fault.code, []).append(fault)
    for code, faults in by_code.items():
        items = tuple(fault.item for fault in faults if fault.item)
        what = f"a certificate made a moment ago does not verify: {code}: {faults[0].what}"
        yield Violation(PROMISE, what, items)
    silent = [
        leaf.item
        for leaf in certificate.leaves
        if leaf.state is not LeafState.ARCHIVED and (not leaf.cause or leaf.cause == "unknown")
    ]
    if silent:
        yield Violation(PROMISE, "an absence without a cause", tuple(silent))


def _miscounted(
    certificate: Certificate, truth: Iterable[TruthItem], start_us: int, *, settled: bool
) -> Iterator[Violation]:
    """The statement against the ground truth, which nothing of it was made from but the listing."""
    offered = [
        item
        for item in truth
        if _is_listed(item) and start_us <= item.changed_us < start_us + _DAY_US
    ]
    total = certificate.statement["counts"]["source_total"]
    if total != len(offered):
        what = f"a certificate counts {total} items where {len(offered)} were offered"
        yield Violation(PROMISE, what, ())
    leaves = {leaf.item: leaf for leaf in certificate.leaves}
    wrong: dict[str, list[str]] = {}
    for item in offered:
        what = _contradiction(item, leaves.get(item.key), settled=settled)
        if what:
            wrong.setdefault(what, []).append(item.key)
    for what, keys in wrong.items():
        yield Violation(PROMISE, what, tuple(keys))


def _contradiction(item: TruthItem, leaf: Leaf | None, *, settled: bool) -> str:
    if leaf is None:
        return "an item that was offered is in no leaf"
    archived = leaf.state is LeafState.ARCHIVED
    if item.must_be_archived:
        if settled and leaf.state not in {LeafState.ARCHIVED, LeafState.DELETED}:
            return f"a certificate calls an item {leaf.state} that was offered all the time"
        if archived and item.sha256 not in {one.sha256 for one in leaf.media}:
            return "a certificate names another hash than that of the bytes offered"
    elif archived and leaf.version == item.version and not leaf.media:
        return "a certificate calls an item archived that has no file"
    return ""


def _db(held: Held) -> MemoryCertificateDb:
    return MemoryCertificateDb(held.contacts, MemoryCertificateStore(deleted=held.deleted))


def _archive(held: Held) -> MemoryArchive:
    return MemoryArchive(held.objects, read=_no_file)


def _no_file(path: str) -> Any:
    raise FileNotFoundError(path)


def _never(seconds: float) -> None:
    raise AssertionError(f"nobody asks to wait for {seconds} s")
