"""`tandem contact`: find, look at and take out what was recorded."""

from __future__ import annotations

import hashlib
import json as json_module
from pathlib import Path
from typing import Any

from cyclopts import App

from recorder.cli.client import NodeClient
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table
from recorder.instants import bytes_text

app = App(name="contact", help="Find, look at and take out what was recorded.")

_CHUNK_BYTES = 256 * 1024


@app.command(name="list")
def list_contacts(
    *,
    source: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    text: str | None = None,
    limit: int = 50,
    after: str | None = None,
    common: Common | None = None,
) -> None:
    """Contacts, newest first.

    Args:
        source: Only of this source.
        from_: Only from this instant on (2026-11-21T00:00:00Z).
        to: Only before this instant.
        text: Name, number, session or media id, or the start of one.
        limit: So many at most.
        after: Cursor that the page before ended with.
    """
    options = common or Common()
    params = {
        "source": source,
        "from": from_,
        "to": to,
        "text": text,
        "limit": limit,
        "after": after,
    }
    view = options.client().get("/api/v1/contacts", **params)
    if options.json:
        print_json(view)
        return
    rows = [
        [
            row["contact"],
            row.get("started", "?")[:19].replace("T", " "),
            row["direction"],
            ", ".join(row["parties"]),
            str(row["media_files"]),
            bytes_text(row["size_bytes"]),
        ]
        for row in view["contacts"]
    ]
    print_table(["Contact", "Started (UTC)", "Direction", "Parties", "Files", "Size"], rows)
    if view.get("next"):
        print_line(f"more: --after {view['next']}")


@app.command
def show(contact: str, *, common: Common | None = None) -> None:
    """One contact: parties, segments, media with their hashes.

    Args:
        contact: Its id, or the id of its session.
    """
    options = common or Common()
    view = options.client().get(f"/api/v1/contacts/{contact}")
    if options.json:
        print_json(view)
        return
    print_line(f"Contact {view['contact']} ({view['source']}, session {view['session']})")
    print_line(
        f"  {view.get('started', '?')} to {view.get('ended', '?')}, {view['direction']}, {view['channel']}"
    )
    for part in view["all_interactions"]:
        print_line(f"  Interaction {part['interaction']}: {part.get('subject', '')}")
        for party in part["parties"]:
            known = " ".join(filter(None, [party.get("name"), party.get("number")]))
            print_line(
                f"    {party['role']}: {known} {party.get('joined', '')} to {party.get('left', '')}"
            )
        for segment in part["segments"]:
            print_line(
                f"    segment {segment.get('started', '?')} to {segment.get('ended', '?')} {segment.get('reason', '')}"
            )
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


@app.command
def export(contact: str, *, to: Path, common: Common | None = None) -> None:
    """Write the originals of a contact, verified, and a manifest into a folder.

    Args:
        contact: Its id, or the id of its session.
        to: A folder that does not exist yet or is empty.
    """
    options = common or Common()
    client = options.client()
    view = client.get(f"/api/v1/contacts/{contact}")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise CliError(f"{to} is not an empty folder.", Exit.USAGE, hint="Choose another --to.")
    to.mkdir(parents=True, exist_ok=True)
    written = [
        _export_media(client, contact, number, media, to)
        for number, media in enumerate(view["media"])
    ]
    (to / "contact.json").write_text(json_module.dumps(view, indent=2), encoding="utf-8")
    if options.json:
        print_json({"contact": view["contact"], "files": [*written, "contact.json"]})
    else:
        print_line(f"{len(written)} files and contact.json are in {to}, hashes verified")


def _export_media(
    client: NodeClient, contact: str, number: int, media: dict[str, Any], to: Path
) -> str:
    # The name is ours: what the source called the file never becomes a path.
    suffix = Path(media["object"]).suffix
    name = f"{number:03d}-{media['sha256'][:12]}{suffix}"
    digest = hashlib.sha256()
    part = to / f"{name}.part"
    with (
        client.stream(f"/api/v1/contacts/{contact}/media/{number}") as answer,
        part.open("wb") as file,
    ):
        for chunk in answer.iter_bytes(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != media["sha256"]:
        part.unlink()
        raise CliError(
            f"Media {number} of {contact} differs from its recorded hash.",
            Exit.FAILED,
            hint="Compare the object in the archive; it may be damaged.",
        )
    part.rename(to / name)
    return name
