"""`tandem prove`: certificates of completeness, made and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, say, short_instant

_MAKING_S = 6 * 3600.0
"""Above what listing a day and looking at a million objects takes."""
_SHOWN_MAX = 20


def prove(
    *,
    source: str | None = None,
    day: str | None = None,
    out: Path | None = None,
    verify: Path | None = None,
    key: list[str] | None = None,
    archive: Path | None = None,
    database: str | None = None,
    node: JsonFlag = False,
    read: bool = True,
    item: str | None = None,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    list_: Annotated[JsonFlag, Parameter(name="--list")] = False,
    keys: JsonFlag = False,
    common: Common | None = None,
) -> int:
    """Certificates of completeness: what a source had on a day, and where every item of it is.

    --source S --day D makes one on a node: JSON to verify, and a page to read. --verify FILE needs nothing but
    the file; with --config, --archive or --database it is compared with the Data Center too. Exit 1 when
    the day is incomplete, or what is verified is not as it was certified.

    Args:
        source: Make a certificate of this source.
        day: Of this UTC day (2026-11-21).
        out: Folder (or file, with --item) to write into; the current folder by default.
        verify: Verify this certificate, or the proof of one item.
        key: A key id or public key to trust (may be repeated); see --keys.
        archive: Folder of the archive to compare with.
        database: Contact database to compare with: its URL, or a reference (env:NAME, file:PATH).
        node: Compare with what a running node has: its own copy, its database and archive.
        read: Hash every object; --no-read looks at presence and size only.
        item: Write the proof that this item is in the certificate of --from.
        from_: The certificate.
        list_: Certificates that were made.
        keys: The keys that nodes have published.
    """
    options = common or Common()
    if verify is not None:
        from recorder.cli.prove_verify import Against, verify_file  # noqa: PLC0415 - cryptography

        against = Against(tuple(key or ()), archive, database, options.config, node=node, read=read)
        return verify_file(verify, against, options)
    if item is not None:
        from recorder.cli.prove_verify import write_inclusion  # noqa: PLC0415 - as above

        return write_inclusion(_needed(from_, "--from FILE"), item, out, options)
    if keys:
        return _keys(options)
    if list_:
        return _list(source, day, options)
    if source is None or day is None:
        raise CliError(
            "Nothing is said to be done.",
            Exit.USAGE,
            hint="--source S --day D, --verify FILE, --item ID --from FILE, --list or --keys",
        )
    return _make(source, day, out or Path(), options)


def _needed(path: Path | None, what: str) -> Path:
    if path is None:
        raise CliError(f"{what} is missing.", Exit.USAGE, hint="A certificate, as JSON.")
    return path


def _make(source: str, day: str, folder: Path, options: Common) -> int:
    from recorder.prove.document import from_text, to_text  # noqa: PLC0415 - cryptography
    from recorder.prove.page import page_text  # noqa: PLC0415 - as above
    from recorder.prove.verify import verify as faults_of  # noqa: PLC0415 - as above

    client = options.client().primary_first()
    body = {"source": source, "day": day}
    text = client.post("/api/v1/certificates", body, timeout_s=_MAKING_S)
    certificate = from_text(_text(text))
    if faults_of(certificate):
        raise CliError(
            "The node's certificate does not verify.",
            Exit.FAILED,
            hint="Do both programs have the same version?",
        )
    said = certificate.statement
    stem = f"{source}-{day}-{said['number']}"
    paths = [folder / f"{stem}.json", folder / f"{stem}.html"]
    write(paths[0], to_text(certificate))
    write(paths[1], page_text(certificate))
    if options.json:
        shown = {
            name: said[name] for name in ("source", "day", "number", "verdict", "counts", "root")
        }
        print_json(
            {**shown, "key_id": certificate.signature["key_id"], "files": [str(p) for p in paths]}
        )
    else:
        _show(said, certificate.signature["key_id"], paths)
    return Exit.FAILED if said["verdict"] == "incomplete" else Exit.DONE


def _text(document: Any) -> str:
    """The client reads JSON; a certificate is read from its text, where no key may be there twice."""
    from recorder.prove.canonical import canonical  # noqa: PLC0415 - as above

    return canonical(document).decode()


def _show(said: Any, key_id: str, paths: list[Path]) -> None:
    level = {"complete": "", "losses": "warning"}.get(said["verdict"], "error")
    print_line(
        f"{said['source']} {said['day']} #{said['number']}: {said['verdict'].upper()}", level
    )
    counts = [f"{name.replace('_', ' ')} {n}" for name, n in said["counts"].items() if n]
    print_line("  " + (", ".join(counts) or "no recordings"))
    if not said["day_is_over"]:
        print_line("  the day is not over yet", "warning")
    for one in said["causes"][:_SHOWN_MAX]:
        print_line(f"  {one['state']}: {one['cause']}, {one['items']}")
    print_line(f"  root {said['root']}")
    print_line(f"  signed with {key_id}")
    for path in paths:
        print_line(str(path))


def _list(source: str | None, day: str | None, options: Common) -> int:
    view = options.client().get("/api/v1/certificates", source=source, day=day)
    if options.json:
        print_json(view)
        return Exit.DONE
    rows = [
        [
            one["source"],
            one["day"],
            str(one["number"]),
            one["verdict"],
            short_instant(one["made"]),
            one["made_by"],
            one["root"][:16],
        ]
        for one in view["certificates"]
    ]
    print_table(["Source", "Day", "#", "Verdict", "Made (UTC)", "By", "Root"], rows)
    if view.get("next"):
        say("more than these were made")
    return Exit.DONE


def _keys(options: Common) -> int:
    view = options.client().get("/api/v1/certificates/keys")
    if options.json:
        print_json(view)
        return Exit.DONE
    rows = [
        [one["node"], one["key_id"], one["public_key"], short_instant(one["since"])]
        for one in view["keys"]
    ]
    print_table(["Node", "Key id", "Public key", "Since (UTC)"], rows)
    return Exit.DONE


def write(path: Path, text: str) -> None:
    """Raises CliError when the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(
            f"{path}: cannot be written: {error.strerror or error}",
            Exit.FAILED,
            hint="Name another folder with --out.",
        ) from error
