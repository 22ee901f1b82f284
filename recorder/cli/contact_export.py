"""Writes the originals of a contact into a folder, each compared with its recorded hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from recorder.cli.client import NodeClient
from recorder.cli.errors import CliError, Exit

_CHUNK_BYTES = 256 * 1024
MANIFEST = "contact.json"


def export_contact(client: NodeClient, contact: str, to: Path) -> tuple[dict[str, Any], list[str]]:
    """The contact as the API tells it, and the names of the files written. Raises CliError.

    The manifest is written last: a folder without one is not complete.
    """
    view = client.get(contact_path(contact))
    try:
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise CliError(f"{to} is not an empty folder.", Exit.USAGE, hint="Choose another --to.")
        to.mkdir(parents=True, exist_ok=True)
        names = [_export_media(client, view, number, to) for number in range(len(view["media"]))]
        (to / MANIFEST).write_text(json.dumps(view, indent=2, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise CliError(
            f"{error.filename or to}: {error.strerror or error}",
            Exit.FAILED,
            hint="Make room or choose another --to, then export again.",
        ) from error
    return view, [*names, MANIFEST]


def contact_path(contact: str, below: str = "") -> str:
    """The path of the API for a contact; whatever was typed stays one piece of it."""
    # Two dots alone would lead to another path.
    name = quote(contact, safe="", errors="replace").replace(".", "%2E")
    return f"/api/v1/contacts/{name}{below}"


def _export_media(client: NodeClient, view: dict[str, Any], number: int, to: Path) -> str:
    contact, media = view["contact"], view["media"][number]
    # The name is ours: what the source called the file never becomes a path.
    suffix = Path(media["object"]).suffix
    name = f"{number:03d}-{media['sha256'][:12]}{suffix}"
    digest = hashlib.sha256()
    part = to / f"{name}.part"
    # Numbers are those of a revision: what arrives meanwhile makes another one.
    path = contact_path(contact, f"/media/{number}?revision={view.get('revision', 1)}")
    try:
        with (
            client.stream(path) as answer,
            part.open("wb") as file,
        ):
            for chunk in answer.iter_bytes(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() == media["sha256"]:
            part.rename(to / name)
            return name
    finally:
        part.unlink(missing_ok=True)
    raise CliError(
        f"Media {number} of {contact} differs from its recorded hash.",
        Exit.FAILED,
        hint=f"The object {media['object']} in the archive is damaged: restore it.",
    )
