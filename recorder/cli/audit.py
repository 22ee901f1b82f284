"""`tandem audit`: who did what, and whether the record of it is whole."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any
from urllib.parse import urlencode

import httpx
from cyclopts import App, Parameter

from recorder.audit.canonical import from_line
from recorder.audit.chain import Anchor, Link, Unreadable, Verdict, verify
from recorder.cli.client import READ_TIMEOUT_S, NodeClient
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, say
from recorder.records.audit import AuditHead

app = App(name="audit", help="Who did what, and whether the record of it is whole.")

_DETAIL_CHARS = 60
_HASH_DIGITS = 64
_LINES = "/api/v1/audit/lines"


@app.command(name="list")
def list_records(
    *,
    since: str | None = None,
    until: str | None = None,
    subject: str | None = None,
    actor: str | None = None,
    what: str | None = None,
    before: int | None = None,
    limit: int = 50,
    common: Common | None = None,
) -> None:
    """Records, newest first.

    Args:
        since: From this instant on: 2026-11-21T00:00:00Z.
        until: Before this instant.
        subject: Only about this contact, source, node, recovery, ….
        actor: Only of this one, by the name of their token.
        what: Only of this kind: media_read, switchover_ordered, contact_deleted, ….
        before: Only records with a lower number: where the page before ended.
        limit: So many at most.
    """
    options = common or Common()
    view = (
        options.client()
        .primary_first()
        .get(
            "/api/v1/audit",
            since=since,
            until=until,
            subject=subject,
            actor=actor,
            what=what,
            before=before,
            limit=limit,
        )
    )
    if options.json:
        print_json(view)
        return
    rows = [
        [
            str(row["number"]),
            row["at"][:19].replace("T", " "),
            row["node"],
            row["actor"],
            row["what"],
            row["subject"],
            _short(row["detail"]),
        ]
        for row in view["records"]
    ]
    print_table(["Number", "At (UTC)", "Node", "Actor", "What", "Subject", "Detail"], rows)
    if view.get("before"):
        say(f"more: --before {view['before']}")


@app.command(name="verify")
def verify_trail(
    *,
    file: Path | None = None,
    anchor: list[str] | None = None,
    common: Common | None = None,
) -> int:
    """Whether every record is as it was written, in its place, and none is missing. Exit 1 when not.

    Every record is hashed here, not on a node. What the nodes remember of the trail on their own disks is
    asked of each that answers: without that nobody could tell that the newest records were cut off.

    Args:
        file: An export, instead of what the Data Center holds now; needs no node.
        anchor: NUMBER:HASH of a record as remembered elsewhere, in a certificate for one; may be repeated.
    """
    options = common or Common()
    anchors = [_anchor(text) for text in anchor or []]
    if file is not None:
        verdict = verify(_links_of(file), anchors=anchors)
    else:
        client = options.client()
        asked = [*anchors, *_remembered(client)]
        with client.stream(_LINES) as answer:
            verdict = verify(_links(_lines_of(answer)), after=AuditHead(), anchors=asked)
    _show(verdict, as_json=options.json, excerpt=file is not None)
    return Exit.DONE if verdict.broken is None else Exit.FAILED


@app.command
def export(
    *,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    end: Annotated[str | None, Parameter(name="--to")] = None,
    out: Path | None = None,
    common: Common | None = None,
) -> int:
    """Records as lines of JSON, as they are hashed, for `tandem audit verify --file`.

    Exit 1 when they are not whole. A period gives every record between the first and last made in it.

    Args:
        begin: From this instant on: 2026-11-21T00:00:00Z.
        end: Before this instant.
        out: File to write; stdout if absent.
    """
    options = common or Common()
    path = _LINES + _query(begin, end)
    with options.client().stream(path) as answer, _opened(out) as target:
        verdict = verify(_links(_copied(_lines_of(answer), target)))
    if verdict.broken is not None:
        say(f"tandem: {verdict.broken.kind}: {verdict.broken.what}")
        return Exit.FAILED
    if verdict.records:
        say(
            f"{verdict.records} records, {verdict.first} to {verdict.last.number}. To notice later that "
            f"the end was cut off: tandem audit verify --file FILE --anchor "
            f"{verdict.last.number}:{verdict.last.hash}"
        )
    else:
        say("no record was made in that time")
    return Exit.DONE


def _show(verdict: Verdict, *, as_json: bool, excerpt: bool) -> None:
    broken = verdict.broken
    if as_json:
        document: dict[str, Any] = {
            "whole": broken is None,
            "records": verdict.records,
            "first": verdict.first,
            "last": {"number": verdict.last.number, "hash": verdict.last.hash},
            "anchors": verdict.anchors,
        }
        if broken is not None:
            document["broken"] = {
                "number": broken.number,
                "kind": broken.kind.value,
                "what": broken.what,
            }
        print_json(document)
        return
    if broken is not None:
        print_line(f"broken at record {broken.number}: {broken.kind}: {broken.what}", "error")
        if verdict.last.number >= verdict.first > 0:
            print_line(f"  records {verdict.first} to {verdict.last.number} are whole")
        return
    if verdict.records == 0:
        print_line("whole: there is no record")
        return
    print_line(
        f"whole: {verdict.records} records, {verdict.first} to {verdict.last.number}, "
        f"the last with hash {verdict.last.hash}"
    )
    if verdict.anchors:
        print_line(f"  remembered elsewhere as it is here: {verdict.anchors} of them")
    elif excerpt:
        say("without --anchor nobody can tell whether records were cut off at the end")


def _remembered(client: NodeClient) -> Iterator[Anchor]:
    """What the disk of each node that answers remembers; one that is silent is named."""
    for url in _every_node(client):
        try:
            state = client.request(url, "GET", "/api/v1/audit/state", timeout_s=READ_TIMEOUT_S)
        except CliError as error:
            if error.code is not Exit.UNREACHABLE:
                raise
            say(f"tandem: {url} does not answer, so what it remembers has no part in this")
            continue
        anchor = state["anchor"]
        if anchor["number"] > 0:
            yield Anchor(anchor["number"], anchor["hash"], f"the disk of {state['node']}")


def _every_node(client: NodeClient) -> tuple[str, ...]:
    """Those named, or those of the pair as the one named knows it."""
    if len(client.urls) > 1:
        return client.urls
    view = client.get("/api/v1/cluster")
    peers = [row["url"] for row in view["nodes"] if row["node"] != view["seen_by"] and row["url"]]
    return tuple(dict.fromkeys([*client.urls, *peers]))


def _links_of(file: Path) -> Iterator[Link]:
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            yield from _links(line.removesuffix("\n") for line in lines)
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(
            f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'no text'}",
            Exit.USAGE,
            hint="Give a file that `tandem audit export` wrote.",
        ) from error


def _links(lines: Iterator[str]) -> Iterator[Link]:
    for number, line in enumerate(lines, start=1):
        try:
            yield from_line(line)
        except ValueError as error:
            yield Unreadable(number, str(error))


def _lines_of(answer: httpx.Response) -> Iterator[str]:
    """As they were sent: nothing but a line feed ends a line."""
    rest = b""
    for chunk in answer.iter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)
    if rest:
        yield rest.decode("utf-8", "replace")


def _copied(lines: Iterator[str], target: IO[str]) -> Iterator[str]:
    for line in lines:
        target.write(line + "\n")
        yield line


@contextmanager
def _opened(out: Path | None) -> Generator[IO[str]]:
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            yield file
    except OSError as error:
        raise CliError(
            f"{out}: {error.strerror or error}", Exit.FAILED, hint="Choose another --out."
        ) from error


def _query(begin: str | None, end: str | None) -> str:
    given = {name: one for name, one in (("since", begin), ("until", end)) if one is not None}
    return f"?{urlencode(given)}" if given else ""


def _anchor(text: str) -> Anchor:
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdigit()) or len(digest) != _HASH_DIGITS:
        raise CliError(
            f"--anchor {text}: is no NUMBER:HASH.",
            Exit.USAGE,
            hint="`tandem audit export` and certificates name one: 4711:9f86d081….",
        )
    return Anchor(int(number), digest, "the anchor given")


def _short(detail: dict[str, Any]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in detail.items())
    return text if len(text) <= _DETAIL_CHARS else text[: _DETAIL_CHARS - 1] + "…"
