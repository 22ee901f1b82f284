"""Serves the pages: files of this package, read once, from a fixed list; nothing of them is secret."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from recorder.desk.control import NodeControl
from recorder.web.page_headers import page_policy
from recorder.web.refusals import refuse

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOLDERS: Final = ("", "vendor/")
_PAGES: Final = {
    "": ("search", "Contacts"),
    "contact": ("contact", "Contact"),
    "pair": ("pair", "Pair"),
}
"""By address: the name of script and style, and the title until the script knows a better one."""
_READ: Final = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is served."""

    media_type: str
    body: bytes
    tag: str


def page_files(folder: Traversable | None = None) -> dict[str, PageFile]:
    """Every file of the pages by its name below /app/static/; those of `vendor/` when set-up fetched them."""
    root = folder or resources.files("recorder.web") / "pages"
    found: dict[str, PageFile] = {}
    for prefix in _FOLDERS:
        place = root / prefix if prefix else root
        if not place.is_dir():
            continue
        for one in sorted(place.iterdir(), key=lambda file: file.name):
            media_type = _TYPES.get(one.name.rpartition(".")[2])
            if media_type is not None and one.is_file():
                body = one.read_bytes()
                tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                found[f"{prefix}{one.name}"] = PageFile(media_type, body, tag)
    return found


def page_router(control: NodeControl) -> APIRouter:
    """Pages for people, at /app/ and /login."""
    router = APIRouter(include_in_schema=False)
    files = page_files()

    def page(file: str, **words: str) -> Response:
        nonce = control.randomness.token()
        body = files[file].body
        for name, word in {**words, "nonce": nonce}.items():
            body = body.replace(b"{%s}" % name.encode(), word.encode())
        headers = {"Content-Security-Policy": page_policy(nonce)}
        return Response(body, media_type=_TYPES["html"], headers=headers)

    @router.api_route("/", methods=_READ)
    @router.api_route("/app", methods=_READ)
    def front() -> Response:
        return RedirectResponse("/app/", 303)

    @router.api_route("/login", methods=_READ)
    def login() -> Response:
        return page("login.html")

    @router.api_route("/favicon.ico", methods=_READ)
    def icon() -> Response:
        return _served(files["icon.svg"], "")

    @router.api_route("/app/static/{name:path}", methods=_READ)
    def static(name: str, request: Request) -> Response:
        file = files.get(name)
        if file is None or name.endswith(".html"):
            refuse(404, "There is no such file of the pages.", "See docs/replay.md.")
        return _served(file, request.headers.get("if-none-match", ""))

    @router.api_route("/app/{name}", methods=_READ)
    @router.api_route("/app/", methods=_READ)
    def app_page(name: str = "") -> Response:
        if name not in _PAGES:
            refuse(404, "There is no such page.", "The pages are /app/, /app/contact, /app/pair.")
        script, title = _PAGES[name]
        return page("shell.html", page=script, title=title)

    return router


def _served(file: PageFile, known: str) -> Response:
    headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
    if file.tag in known:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
