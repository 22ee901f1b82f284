"""Contacts to stitch, with instants in seconds after `START`."""

import hashlib
from pathlib import Path

from recorder.model import Interaction, MediaKind, MediaRef, Party
from recorder.records.contacts import ContactDetail, ContactRow, MediaRow
from recorder.scn.model import Leg, Span, Verdict
from recorder.stitch.inputs import Inputs
from recorder.stitch.making import make
from recorder.stitch.plan import plan
from recorder.stitch.plan_model import Order
from recorder.stitch.timeline import Peaks, Timeline
from tests.recorder.stitch.media import written

US = 1_000_000
START = 1_700_000_000 * US
CALL = "call-1"


def at(seconds):
    return START + round(seconds * US)


def part(*, key="i-1", start_s=0.0, end_s=60.0, media=(), parties=None, channel="voice", **more):
    """One interaction."""
    parties = (
        (Party("ann", "agent", "Ann"), Party("cus", "customer", "Cem"))
        if parties is None
        else parties
    )
    return Interaction(
        key=key, session_key=CALL, channel=channel, direction="inbound", started_us=at(start_s), ended_us=at(end_s),
        parties=parties, media=tuple(media), **more,
    )  # fmt: skip


def ref(key, kind=MediaKind.AUDIO, *, start_s=0.0, seconds=None, name=""):
    """One file as the source tells it."""
    started_us = None if start_s is None else at(start_s)
    duration_ms = None if seconds is None else round(seconds * 1000)
    return MediaRef(key, kind, name or key, "", started_us=started_us, duration_ms=duration_ms)


def contact(*parts, bodies=None, revision=1):
    """A contact whose files have these bodies, by media key."""
    bodies = bodies or {}
    rows = [
        MediaRow(
            one.key, one.kind.value, one.file_name, "", len(bodies.get(one.key, b"")), _sha(bodies.get(one.key, b"")),
            f"calls/0/{one.key}", one.duration_ms, 0, "alpha", each.key,
        )
        for each in parts for one in each.media
    ]  # fmt: skip
    starts = [one.started_us for one in parts if one.started_us is not None]
    row = ContactRow(
        "c" * 32, "calls", CALL, min(starts, default=None), None, "inbound", "voice", "", (), len(parts), len(rows),
        0, 0, revision,
    )  # fmt: skip
    return ContactDetail(row, tuple(parts), tuple(rows))


def leg(start_s=0.0, end_s=60.0, *, agent="calls/ann", call=CALL, verdict=Verdict.KEPT, masks=()):
    spans = tuple(Span(at(begin), at(end)) for begin, end in masks)
    to_us = None if end_s is None else at(end_s)
    return Leg(
        agent, call, Span(at(start_s), to_us), verdict, "" if end_s is None else "available", spans
    )


def order_of(directory, detail, bodies, *, legs=(), screens=(), avoid=(), **more):
    """An order in `directory`, with every file there; `screens` are (bytes, row) pairs."""
    made = plan(Inputs(detail, (), tuple(legs), tuple(row for _, row in screens), **more))
    paths = {
        row.object_key: written(directory, row.media_key, bodies[row.media_key])
        for row in detail.media
        if row.media_key in bodies
    }
    paths |= {
        row.object_key: written(directory, f"{row.part_key}.scn", data) for data, row in screens
    }
    out = directory / "out"
    out.mkdir()
    prefix = f"renditions/cc/{detail.row.contact_id}/{made.digest[:16]}/"
    return Order(
        plan=made,
        paths=paths,
        avoid=tuple(avoid),
        directory=str(out),
        prefix=prefix,
        memory_bytes_max=2**31,
        parent_pid=0,
    )


def stitched(directory, detail, bodies, **more):
    """What came of it: the answer, the timeline and the peaks."""
    made = make(order_of(directory, detail, bodies, **more), lambda _: None)
    timeline = Timeline.model_validate_json(Path(made.timeline.path).read_text(encoding="utf-8"))
    return (
        made,
        timeline,
        Peaks.model_validate_json(Path(made.peaks.path).read_text(encoding="utf-8")),
    )


def _sha(data):
    return hashlib.sha256(data).hexdigest()
