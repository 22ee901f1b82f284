"""`tandem prove`: certificates of completeness, made and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_table, say, short_instant
from recorder.cli.prove_make import cancel as cancel_request
from recorder.cli.prove_make import follow, make, show_requests

_HINT = "--source S --day D, --verify FILE, --item ID --from FILE, --request ID, --list or --keys"


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
    wait: bool = True,
    request: str | None = None,
    requests: JsonFlag = False,
    cancel: str | None = None,
    common: Common | None = None,
) -> int:
    """Certificates of completeness: what a source had on a day, and where every item of it is.

    --source S --day D has the primary make one and waits for it: JSON to verify, and a page to read. --verify FILE needs nothing but
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
        wait: Wait until it is made; --no-wait only asks for it.
        request: Wait for the certificate that was asked for under this id, and write it.
        requests: What was asked for, and what became of it.
        cancel: End the request of this id.
    """
    options = common or Common()
    if verify is not None:
        from recorder.cli.prove_verify import Against, verify_file  # noqa: PLC0415 - cryptography

        against = Against(tuple(key or ()), archive, database, options.config, node=node, read=read)
        return verify_file(verify, against, options)
    if item is not None:
        from recorder.cli.prove_verify import write_inclusion  # noqa: PLC0415 - as above

        return write_inclusion(_needed(from_, "--from FILE"), item, out, options)
    if keys or list_ or requests:
        return _shown(source, day, options, keys=keys, requests=requests)
    if cancel is not None:
        return cancel_request(cancel, options)
    if request is not None:
        return follow(request, out or Path(), options)
    if source is None or day is None:
        raise CliError("Nothing is said to be done.", Exit.USAGE, hint=_HINT)
    return make(source, day, out or Path(), options, wait=wait)


def _shown(
    source: str | None, day: str | None, options: Common, *, keys: bool, requests: bool
) -> int:
    if keys:
        return _keys(options)
    return show_requests(source, options) if requests else _list(source, day, options)


def _needed(path: Path | None, what: str) -> Path:
    if path is None:
        raise CliError(f"{what} is missing.", Exit.USAGE, hint="A certificate, as JSON.")
    return path


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
