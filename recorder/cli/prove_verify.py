"""Verifying certificates and proofs from files, and against archive and database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from recorder.adapters.contact_db.audit import SqlAuditDb
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.secrets import FileSecrets
from recorder.cli.common import Common, config_from_environment, from_file
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line
from recorder.cli.prove_make import write
from recorder.prove import inclusion
from recorder.prove.check import check_certificate
from recorder.prove.compare import Comparison
from recorder.prove.document import Certificate, from_text
from recorder.prove.statement import lacks
from recorder.prove.verify import Fault, verify

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")

_SHOWN_MAX = 50
_NOTES_MAX = 10


@dataclass(frozen=True, slots=True)
class Against:
    """What a certificate is verified against, beside itself."""

    keys: tuple[str, ...]
    archive: Path | None
    database: str | None
    config: Path | None
    node: bool
    read: bool


def verify_file(path: Path, against: Against, options: Common) -> int:
    """Verify a certificate, or the proof of one item; says what is wrong and names the items."""
    text = _read(path)
    if _understood(path, lambda: inclusion.is_inclusion(text)):
        return _verify_inclusion(path, text, against, options)
    certificate = _understood(path, lambda: from_text(text))
    faults = verify(certificate, trusted=against.keys)
    notes: tuple[Fault, ...] = ()
    looked = ["signature", "leaves", "counts"]
    if all(fault.code != "format" for fault in faults):
        more, names = _compared(certificate, against, options)
        faults, notes, looked = (*faults, *more.faults), more.notes, [*looked, *names]
    whose = _whose(against.keys, faults)
    _tell(certificate, Comparison(faults, notes), whose, looked, options)
    return Exit.FAILED if faults else Exit.DONE


def write_inclusion(path: Path, item: str, out: Path | None, options: Common) -> int:
    """Write the proof that an item is in a certificate. Refuses a certificate that is not whole."""
    certificate = _understood(path, lambda: from_text(_read(path)))
    faults = verify(certificate)
    if faults:
        raise CliError(
            f"{path} is not whole: {faults[0].what}.",
            Exit.FAILED,
            hint=f"`tandem prove --verify {path}` tells what is wrong.",
        )
    proof = inclusion.inclusion_of(certificate, item)
    if proof is None:
        raise CliError(f"{path} has no item {item!r}.", Exit.NOT_FOUND, hint="Whole ids only.")
    target = out or Path(f"{path.stem}.item.json")
    write(target, inclusion.to_text(proof))
    leaf = proof["leaf"]
    if options.json:
        print_json({"item": item, "state": leaf["state"], "file": str(target)})
    else:
        print_line(f"{item}: {leaf['state']}")
        print_line(str(target))
    return Exit.DONE


def _verify_inclusion(path: Path, text: bytes, against: Against, options: Common) -> int:
    leaf, said, faults = _understood(
        path, lambda: inclusion.verify_inclusion(text, trusted=against.keys)
    )
    if options.json:
        print_json(
            {
                "ok": not faults,
                "item": leaf.item,
                "state": leaf.state.value,
                "source": said.get("source"),
                "day": said.get("day"),
                "root": said.get("root"),
                "faults": _plain(faults),
            }
        )
    else:
        where = f"{said.get('source')} {said.get('day')} #{said.get('number')}"
        _verdict(f"{leaf.item}: {leaf.state}, in the certificate {where}", faults)
    return Exit.FAILED if faults else Exit.DONE


def _compared(
    certificate: Certificate, against: Against, options: Common
) -> tuple[Comparison, list[str]]:
    """With what the command names; the names of what was looked at."""
    if against.node:
        return _by_node(certificate, against, options)
    archive, database = against.archive, against.database
    config = against.config or config_from_environment()
    if config is not None and archive is None and database is None:
        from recorder.config import load_config  # noqa: PLC0415 - only with --config

        center = from_file(lambda: load_config(config)).data_center
        archive, database = Path(center.archive), center.database
    with ExitStack() as stack:
        engine = None if database is None else _engine(database)
        if engine is not None:
            stack.callback(engine.dispose)
        cluster = str(certificate.statement.get("cluster"))
        found = check_certificate(
            certificate,
            db=None if engine is None else SqlCertificateDb(engine, cluster=cluster),
            archive=None if archive is None else _archive(archive),
            audit_db=None if engine is None else SqlAuditDb(engine),
            read=against.read,
        )
    names = ["database", "audit trail"] if database is not None else []
    how = "read" if against.read else "sizes"
    return found, [*names, *([f"archive ({how})"] if archive is not None else [])]


def _by_node(
    certificate: Certificate, against: Against, options: Common
) -> tuple[Comparison, list[str]]:
    """A node has the same certificate, and checks it."""
    said = certificate.statement
    wrongly = lacks(said)
    if wrongly:
        what = f"no node can be asked for it: {', '.join(wrongly)} are missing or no such thing"
        return Comparison((Fault("statement", "", what),), ()), []
    source, day = quote(said["source"], safe=""), quote(said["day"], safe="")
    path = f"/api/v1/certificates/{source}/{day}/check"
    body = {"number": said["number"], "read": against.read}
    view = options.client().primary_first().post(path, body, timeout_s=6 * 3600.0)
    faults = [_fault(one) for one in view["faults"]]
    kept = view["certificate"]["root"]
    if kept != said["root"]:
        what = f"the node's certificate {said['number']} of that day has the root {kept}"
        faults.append(Fault("other_certificate", "", what))
    notes = tuple(_fault(one) for one in view["notes"])
    how = "read" if against.read else "sizes"
    return Comparison(tuple(faults), notes), ["node's copy", "database", f"archive ({how})"]


def _fault(view: dict[str, Any]) -> Fault:
    return Fault(view["code"], view.get("item", ""), view["what"])


def _engine(database: str) -> Engine:
    url = database
    if database.startswith(("env:", "file:", "value:")):
        url = from_file(lambda: FileSecrets().read(database))
    prefix = "sqlite:///"
    if url.startswith(prefix) and not Path(url.removeprefix(prefix)).is_file():
        raise CliError("The contact database is not there.", Exit.USAGE, hint="Look at --database.")
    return from_file(lambda: open_engine(url, statement_timeout_s=600.0))


def _archive(folder: Path) -> FolderArchive:
    if not folder.is_dir():
        raise CliError(f"{folder} is no folder.", Exit.USAGE, hint="Look at --archive.")
    return FolderArchive(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CliError(
            f"{path}: {error.strerror or error}", Exit.USAGE, hint="Name a certificate, as JSON."
        ) from error


def _understood(path: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except ValueError as error:
        raise CliError(
            f"{path} is no certificate: {error}.",
            Exit.FAILED,
            hint="It is what `tandem prove --source S --day D` wrote as JSON, unchanged.",
        ) from error


def _tell(
    certificate: Certificate, found: Comparison, whose: str, looked: Sequence[str], options: Common
) -> None:
    faults, notes = found.faults, found.notes
    said, key_id = certificate.statement, certificate.signature.get("key_id")
    if options.json:
        shown = {name: said.get(name) for name in ("source", "day", "number", "verdict", "root")}
        print_json(
            {
                "ok": not faults,
                **shown,
                "key_id": key_id,
                "looked_at": [*looked],
                "faults": _plain(faults),
                "notes": _plain(notes),
            }
        )
        return
    where = f"{said.get('source')} {said.get('day')} #{said.get('number')}"
    _verdict(f"{where}: {str(said.get('verdict')).upper()}", faults)
    print_line(f"  looked at: {', '.join(looked)}")
    print_line(f"  signed with {key_id}, {whose}")
    kinds = Counter(one.code for one in notes)
    for code, number in sorted(kinds.items()) if len(notes) > _NOTES_MAX else ():
        print_line(f"  since then: {code}, {number}; --json tells which")
    _list("since then", notes if len(notes) <= _NOTES_MAX else ())


def _whose(trusted: Sequence[str], faults: Sequence[Fault]) -> str:
    if any(one.code == "key" for one in faults):
        return "a key that you do not trust"
    if trusted:
        return "a key that you trust"
    return (
        "and anybody could have: `--key` names the one you trust, `tandem prove --keys` asks a node"
    )


def _verdict(what: str, faults: Sequence[Fault]) -> None:
    if not faults:
        print_line(f"{what}; it is as it was certified")
        return
    print_line(f"NOT as it was certified: {what}", "error")
    _list("wrong", faults)


def _list(word: str, faults: Sequence[Fault]) -> None:
    for fault in faults[:_SHOWN_MAX]:
        item = f" {fault.item}:" if fault.item else ""
        print_line(f"  {word}: {fault.code}:{item} {fault.what}")
    if len(faults) > _SHOWN_MAX:
        print_line(f"  and {len(faults) - _SHOWN_MAX} more; --json tells all of them")


def _plain(faults: Sequence[Fault]) -> list[dict[str, str]]:
    return [
        {"code": one.code, **({"item": one.item} if one.item else {}), "what": one.what}
        for one in faults
    ]
