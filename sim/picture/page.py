"""Puts a trace, its verdict and the page's own script and style into one HTML file.

The page asks nobody for anything: its policy forbids every connection, and admits the script and
the style in it by their hashes alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final

from recorder.errors import ConfigError
from recorder.tracing.rows import TraceHeader, TraceRow
from sim.picture.heat import HeatMap
from sim.picture.payload import payload, payload_text
from sim.world.report import Report

SCRIPTS: Final = (
    *("model.js", "words.js", "time.js", "layout.js", "lanes.js", "flights.js", "threads.js"),
    *("picture.js", "panel.js", "main.js"),
)
STYLES: Final = ("page.css", "picture.css")
"""In the order in which they are put together."""


def write_picture(
    header: TraceHeader,
    rows: Iterable[TraceRow],
    report: Report | None,
    path: Path,
    heat: HeatMap | None = None,
) -> None:
    """Write the page. `report` is None for the trace of a real node.

    Raises ConfigError when the file cannot be written.
    """
    text = picture_text(header, rows, report, heat)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}",
            hint="Name a file in a folder that exists and may be written to.",
        ) from error


def picture_text(
    header: TraceHeader,
    rows: Iterable[TraceRow],
    report: Report | None,
    heat: HeatMap | None = None,
) -> str:
    """The page as text."""
    shown = payload(header, rows, report, heat)
    script = '"use strict";\n(() => {\n' + "\n".join(map(_part, SCRIPTS)) + "})();\n"
    style = "".join(map(_part, STYLES))
    slots = {
        "{{POLICY}}": _policy(script, style),
        "{{TITLE}}": escape(shown["title"]),
        "{{STYLE}}": style,
        "{{DATA}}": payload_text(shown),
        "{{SCRIPT}}": script,
    }
    page = _part("page.html")
    pieces: list[str] = []
    for slot, value in slots.items():
        before, found, page = page.partition(slot)
        assert found, f"page.html has no {slot}, or not in this order"
        pieces += [before, value]
    return "".join([*pieces, page])


def _part(name: str) -> str:
    return (files("sim.picture") / "page" / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
