"""`tandem contact`: find, look at and take out what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from recorder.cli.common import Common
from recorder.cli.contact_export import contact_path, export_contact
from recorder.cli.contact_replay import judge, replay_of, show_replay
from recorder.cli.output import print_json, print_line, print_table, say, short_instant
from recorder.cli.watch import Watch, watched
from recorder.instants import bytes_text, offset_text

_SHA256_CHARS = 64

app = App(name="contact", help="Find, look at and take out what was recorded.")


@app.command(name="list")
def list_contacts(
    *,
    source: str | None = None,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    text: str | None = None,
    agent: str | None = None,
    number: str | None = None,
    limit: int = 50,
    after: str | None = None,
    watch: Watch = None,
    common: Common | None = None,
) -> None:
    """Contacts, newest first.

    Args:
        source: Only of this source.
        begin: Only from this instant on (2026-11-21T00:00:00Z).
        to: Only before this instant.
        text: Name, number, session or media id, or the start of one.
        agent: How the name of somebody begins who took part and is no customer.
        number: How the number of somebody who took part begins.
        limit: So many at most.
        after: Cursor that the page before ended with.
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client()
    params = {
        "source": source,
        "from": begin,
        "to": to,
        "text": text,
        "agent": agent,
        "number": number,
        "limit": limit,
        "after": after,
    }

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        view = client.get("/api/v1/contacts", **params)
        if options.json:
            print_json(view, one_line=again)
        else:
            _show_list(view)

    watched(watch, look)


def _show_list(view: dict[str, Any]) -> None:
    rows = [
        [
            row["contact"],
            row["source"],
            short_instant(row.get("started")),
            row["direction"],
            str(row.get("revision", 1)),
            str(row["media_files"]),
            bytes_text(row["size_bytes"]),
            ", ".join(row["parties"]),
        ]
        for row in view["contacts"]
    ]
    columns = ["Contact", "Source", "Started (UTC)", "Direction", "Rev", "Files", "Size", "Parties"]
    print_table(columns, rows)
    if view.get("next"):
        say(f"more: --after {view['next']}")


@app.command
def show(contact: str, *, revision: int | None = None, common: Common | None = None) -> None:
    """One contact: parties, segments, media with their hashes; as it is, or as it was.

    Args:
        contact: Its id, the id of its session, or the start of one.
        revision: As it was in this revision.
    """
    options = common or Common()
    view = options.client().get(contact_path(contact), revision=revision)
    if options.json:
        print_json(view)
        return
    print_line(f"Contact {view['contact']} ({view['source']}, session {view['session']})")
    print_line(f"  {_revision(view)}")
    print_line(f"  {_period(view)}, {view['direction']}, {view['channel']}")
    for hold in view.get("holds", []):
        print_line(f"  held by {hold}")
    for part in view["all_interactions"]:
        print_line(f"  Interaction {part['interaction']} {part.get('subject', '')}".rstrip())
        for party in part["parties"]:
            known = " ".join(filter(None, [party.get("name"), party.get("number")]))
            print_line(f"    {party['role']}: {known or '?'}{_stay(party)}")
        for segment in part["segments"]:
            print_line(f"    segment {_period(segment)} {segment.get('reason', '')}".rstrip())
    if len(view["all_interactions"]) > 1:
        _show_timeline(view.get("timeline", []))
    rows = [
        [
            str(number),
            media["file_name"],
            media["media_type"],
            bytes_text(media["size_bytes"]),
            media["sha256"],
        ]
        for number, media in enumerate(view["media"])
    ]
    print_table(["#", "File", "Type", "Size", "SHA-256"], rows)


def _revision(view: dict[str, Any]) -> str:
    newest = view.get("newest_revision", 1)  # the other node may run an older build
    of = f" of {newest}" if newest > 1 else ""
    by = f" by {view['updated_by']}" if "updated_by" in view else ""
    return f"revision {view.get('revision', 1)}{of}, made {view['updated']}{by}"


def _show_timeline(spans: list[dict[str, Any]]) -> None:
    rows = [
        [
            offset_text(span.get("offset_ms")),
            offset_text(span.get("end_offset_ms")),
            span["kind"],
            span["interaction"],
            span.get("text", ""),
        ]
        for span in spans
    ]
    print_table(["From", "To", "What", "Interaction", ""], rows)


def _period(part: dict[str, Any]) -> str:
    return f"{part.get('started', '?')} to {part.get('ended', '?')}"


def _stay(party: dict[str, Any]) -> str:
    if "joined" not in party and "left" not in party:
        return ""
    return f", {party.get('joined', '?')} to {party.get('left', '?')}"


@app.command
def revisions(contact: str, *, common: Common | None = None) -> None:
    """Every revision of a contact: when, by which node, and what it brought.

    Args:
        contact: Its id, the id of its session, or the start of one.
    """
    options = common or Common()
    view = options.client().get(contact_path(contact, "/revisions"))
    if options.json:
        print_json(view)
        return
    print_line(f"Contact {view['contact']} ({view['source']}, session {view['session']})")
    rows = [
        [
            str(one["revision"]),
            one["updated"],
            one.get("updated_by", "?"),
            str(one["media_files"]),
            bytes_text(one["size_bytes"]),
            _brought(one),
        ]
        for one in view["revisions"]
    ]
    print_table(["Rev", "Made (UTC)", "By", "Files", "Size", "Brought"], rows)


def _brought(one: dict[str, Any]) -> str:
    told = [f"interaction {key}" for key in one["added_interactions"]]
    told += [f"more of interaction {key}" for key in one["changed_interactions"]]
    told += [f"file {_shortened(key)}" for key in one["added_media"]]
    return ", ".join(told)


def _shortened(key: str) -> str:
    """Without the hash that some sources end a file's key with: nobody reads it, and --json has it."""
    start, slash, end = key.rpartition("/")
    return f"{start}/{end[:8]}…" if slash and len(end) == _SHA256_CHARS else key


@app.command
def replay(
    contact: str, *, wait: bool = False, wait_s: float = 600.0, common: Common | None = None
) -> None:
    """Have a contact made ready for replay, and say where its newest rendition is.

    Args:
        contact: Its id, the id of its session, or the start of one.
        wait: Until it is ready or has failed.
        wait_s: So long at most.
    """
    options = common or Common()
    view = replay_of(options.client(), contact, wait_s if wait else None)
    if options.json:
        print_json(view)
    else:
        show_replay(view)
    judge(view)


@app.command
def export(contact: str, *, to: Path, common: Common | None = None) -> None:
    """Write the originals of a contact, verified, and a manifest into a folder.

    Args:
        contact: Its id, the id of its session, or the start of one.
        to: A folder that does not exist yet or is empty.
    """
    options = common or Common()
    view, files = export_contact(options.client(), contact, to)
    if options.json:
        print_json({"contact": view["contact"], "folder": str(to), "files": files})
    else:
        print_line(f"{len(files)} files are in {to}, media verified by their hashes")
