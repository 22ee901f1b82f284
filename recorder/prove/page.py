"""A certificate as a page for people: one HTML file that asks nobody for anything. Pure.

It shows what the statement says; only verifying the JSON proves it, and the page says so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from recorder.instants import bytes_text, to_text
from recorder.prove.document import Certificate
from recorder.records.certificates import Leaf, LeafState, Verdict

ROWS_MAX: Final = 1_000
"""Of each table; the others are in the JSON."""
_BANNERS: Final = {
    Verdict.COMPLETE: ("COMPLETE", "Every item of the day has its place or its reason."),
    Verdict.LOSSES: (
        "COMPLETE BUT FOR LOSSES",
        "Every item of the day has an end, and some were lost at the source before they could be fetched.",
    ),
    Verdict.INCOMPLETE: (
        "INCOMPLETE",
        "This day is not proven: what is missing is listed below with its causes.",
    ),
}
_FIGURES: Final = (
    ("source_total", "Listed by the source"),
    ("archived", "Archived"),
    ("not_recordable", "Intentionally not recorded"),
    ("missing", "Missing"),
    ("failed", "Failed"),
    ("gone", "Gone at the source"),
    ("deleted", "Deleted by policy"),
    ("recovered_late", "Brought by a recovery"),
    ("archived_late", "Archived after a day or more"),
    ("not_listed_any_more", "Not listed any more"),
)
_ALARMING: Final = ("missing", "failed", "gone")
_SECTIONS: Final = (
    (LeafState.MISSING, "Missing"),
    (LeafState.FAILED, "Failed"),
    (LeafState.GONE, "Gone at the source"),
    (LeafState.NOT_RECORDABLE, "Intentionally not recorded"),
    (LeafState.DELETED, "Deleted by policy"),
)


def page_text(certificate: Certificate) -> str:
    """The page."""
    said = certificate.statement
    style = (files("recorder.prove") / "page.css").read_text(encoding="utf-8")
    title = f"Certificate of completeness: {said['source']}, {said['day']}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n"
    )
    parts = (
        _headline(said),
        _figures(said),
        *(_section(certificate, state, name) for state, name in _SECTIONS),
        _recovered(certificate.leaves),
        _signed(certificate),
        _how(said),
    )
    return f"{head}<body>\n<main>\n{''.join(parts)}</main>\n</body>\n</html>\n"


def _headline(said: Mapping[str, Any]) -> str:
    verdict = Verdict(said["verdict"])
    words, meaning = _BANNERS[verdict]
    early = ""
    if not said["day_is_over"]:
        early = (
            "<p>The day was not over when this was made "
            f"(the source's clock: {to_text(said['source_clock_us'])}).</p>"
        )
    return (
        f"<h1>Certificate of completeness</h1>\n<p>{_e(said['source'])} ({_e(said['kind'])}), "
        f"<strong>{_e(said['day'])}</strong> UTC, cluster {_e(said['cluster'])}, "
        f"number {said['number']} of this day</p>\n"
        f'<section class="verdict {verdict}" id="verdict"><strong>{words}</strong>'
        f"<p>{meaning}</p>{early}</section>\n"
    )


def _figures(said: Mapping[str, Any]) -> str:
    counts = said["counts"]
    shown = [
        f"<div{_alarm(name, counts)}><dt>{words}</dt><dd>{counts[name]:,}</dd></div>"
        for name, words in _FIGURES
    ]
    files_ = f"<div><dt>Media files</dt><dd>{said['files']:,}</dd></div>"
    size = f"<div><dt>Size</dt><dd>{bytes_text(said['size_bytes'])}</dd></div>"
    return f'<dl class="figures">{"".join(shown)}{files_}{size}</dl>\n{_causes(said)}'


def _alarm(name: str, counts: Mapping[str, int]) -> str:
    return ' class="alarm"' if name in _ALARMING and counts[name] else ""


def _causes(said: Mapping[str, Any]) -> str:
    if not said["causes"]:
        return ""
    rows = (
        (_e(one["state"]), f"<code>{_e(one['cause'])}</code>", _number(one["items"]))
        for one in said["causes"]
    )
    return "<h2>Causes</h2>\n" + _table(("What", "Cause", "Items"), rows)


def _section(certificate: Certificate, state: LeafState, name: str) -> str:
    leaves = [leaf for leaf in certificate.leaves if leaf.state is state]
    if not leaves:
        return ""
    rows = (
        (
            f"<code>{_e(leaf.item)}</code>",
            to_text(leaf.changed_us),
            f"<code>{_e(leaf.cause)}</code>",
            _e(leaf.reason),
            "yes" if leaf.listed else "no",
        )
        for leaf in leaves[:ROWS_MAX]
    )
    columns = ("Item", "At the source (UTC)", "Cause", "What happened", "Still listed")
    return f"<h2>{name}: {len(leaves):,}</h2>\n{_table(columns, rows)}{_more(len(leaves))}"


def _recovered(leaves: Sequence[Leaf]) -> str:
    brought = [leaf for leaf in leaves if leaf.recovery and leaf.state is LeafState.ARCHIVED]
    if not brought:
        return ""
    rows = (
        (
            f"<code>{_e(leaf.item)}</code>",
            to_text(leaf.changed_us),
            "" if leaf.committed_us is None else to_text(leaf.committed_us),
            f"<code>{_e(leaf.recovery)}</code>",
        )
        for leaf in brought[:ROWS_MAX]
    )
    columns = ("Item", "At the source (UTC)", "Archived (UTC)", "Recovery")
    title = f"<h2>Brought by a recovery: {len(brought):,}</h2>\n"
    return f"{title}{_table(columns, rows)}{_more(len(brought))}"


def _signed(certificate: Certificate) -> str:
    said, signature = certificate.statement, certificate.signature
    audit, previous, watermark = said["audit"], said["previous"], said["watermark_us"]
    facts = (
        ("Made", f"{to_text(said['made_us'])} by {_e(said['made_by'])}, build {_e(said['build'])}"),
        ("The source's clock", to_text(said["source_clock_us"])),
        (
            "Archived without a gap until",
            "unknown yet" if watermark is None else to_text(watermark),
        ),
        ("Leaves", f"{said['leaves']:,}"),
        ("Merkle root", f"<code>{_e(said['root'])}</code>"),
        ("Signed with", f"<code>{_e(signature['key_id'])}</code>"),
        ("Signature", f"<code>{_e(signature['value'])}</code>"),
        (
            "Audit trail",
            "not anchored"
            if audit is None
            else f"record {audit['number']}, <code>{_e(audit['hash'])}</code>",
        ),
        (
            "Certificate before",
            "none of this day"
            if previous is None
            else f"number {previous['number']}, <code>{_e(previous['root'])}</code>",
        ),
    )
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts)
    return (
        "<h2>What it was made from, and who signed it</h2>\n"
        f'<div class="scroll"><table class="facts"><tbody>{rows}</tbody></table></div>\n'
    )


def _how(said: Mapping[str, Any]) -> str:
    name = f"{said['source']}-{said['day']}-{said['number']}.json"
    return (
        "<h2>How to verify it</h2>\n"
        "<p>This page is for reading. The proof is the JSON beside it; compare the key with what the nodes "
        "publish (<code>tandem prove --keys</code>).</p>\n"
        f"<pre><code>tandem prove --verify {_e(name)} --key KEY_ID\n"
        f"tandem prove --verify {_e(name)} --config node.toml</code></pre>\n"
        '<p class="soft">The first needs nothing but the file. The second also reads every object of the archive and '
        "every row of the contact database.</p>\n"
    )


def _table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_rows(rows))}</tbody></table></div>\n"
    )


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        cells = (cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row)
        yield f"<tr>{''.join(cells)}</tr>"


def _number(value: int) -> str:
    return f'<td class="number">{value:,}</td>'


def _more(count: int) -> str:
    if count <= ROWS_MAX:
        return ""
    return f'<p class="soft">and {count - ROWS_MAX:,} more, in the JSON</p>\n'


def _e(value: object) -> str:
    """A foreign text inside the page."""
    return escape(str(value))
