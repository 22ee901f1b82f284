"""A Data Center after a perfect run, to plant violations in."""

import hashlib
import io
from dataclasses import replace

from recorder.model import (
    Interaction,
    ItemRef,
    ItemState,
    MediaKind,
    SourceProgress,
)
from recorder.records.contacts import (
    ContactDetail,
    ContactList,
    ContactRow,
    HistoryRow,
    ItemList,
    ItemRow,
    MediaRow,
)
from sim.checkers.contents import read_contents
from sim.truth import TruthItem
from sim.ucaas.statistics import Poll

T0_US = 1_767_225_600_000_000
SECOND = 1_000_000
NODES = {"client-a": "a", "client-b": "b"}


def body(number):
    return f"audio {number} ".encode() * 100


def offered(number, **changes):
    data = body(number)
    at_us = T0_US + number * SECOND
    item = TruthItem(
        "dynamics", f"r{number}", f"f{number}", f"c{number // 2}", at_us, at_us,
        size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), first_listed_us=at_us,
    )  # fmt: skip
    return replace(item, **changes)


def item_row(item, state=ItemState.ARCHIVED, reason="", **changes):
    ref = ItemRef(item.source, item.key, item.version, item.changed_us, item.session_key)
    row = ItemRow(
        ref,
        state,
        reason,
        1,
        T0_US,
        "a",
        T0_US,
        T0_US,
        "a",
        None,
        False,
        None,
        item.size_bytes,
        0.0,
    )
    return replace(row, **changes)


def media_row(item, **changes):
    row = MediaRow(
        item.version, MediaKind.AUDIO, "callRecording.mp3", "audio/mpeg", item.size_bytes,
        item.sha256, f"dynamics/{item.version}", None, T0_US, "a", item.key,
    )  # fmt: skip
    return replace(row, **changes)


class DataCenter:
    """Contact database and archive in dictionaries, with the questions checkers ask."""

    def __init__(self, truth):
        self.item_rows = [item_row(item) for item in truth]
        self.details = {}
        self.objects = {}
        self.progress = [SourceProgress("dynamics", 0, T0_US + 3600 * SECOND, T0_US)]
        self.history = [reign("a", 1)]
        for item in truth:
            self.add_media(item.session_key, media_row(item), body(int(item.key[1:])))

    def add_media(self, session_key, row, data):
        old = self.details.get(session_key)
        media = (*(old.media if old else ()), row)
        keys = dict.fromkeys(row.interaction_key for row in media)
        self.details[session_key] = contact(session_key, session_key, tuple(keys), media)
        self.objects[row.object_key] = data

    # -- the questions; pages of two, to see that every page is read ----

    def items(self, query):
        start = int(query.after or 0)
        more = str(start + 2) if start + 2 < len(self.item_rows) else None
        return ItemList(tuple(self.item_rows[start : start + 2]), more)

    def contacts(self, query):
        rows = [detail.row for detail in self.details.values()]
        start = int(query.after or 0)
        more = str(start + 2) if start + 2 < len(rows) else None
        return ContactList(tuple(rows[start : start + 2]), more)

    def contact(self, contact_id):
        return next((d for d in self.details.values() if d.row.contact_id == contact_id), None)

    def load_progress(self):
        return tuple(self.progress)

    def role_history(self, limit):
        return tuple(reversed(self.history))[:limit]

    def keys(self):
        return iter(sorted(self.objects))

    def open(self, key):
        return io.BytesIO(self.objects[key])

    def read(self):
        return read_contents(self, self)


def contact(contact_id, session_key, interaction_keys, media=()):
    row = ContactRow(
        contact_id,
        "dynamics",
        session_key,
        None,
        None,
        "inbound",
        "voice",
        "",
        (),
        1,
        len(media),
        0,
        0,
    )
    interactions = tuple(
        Interaction(key, session_key, "voice", "inbound", None, None) for key in interaction_keys
    )
    return ContactDetail(row, interactions, tuple(media))


def reign(node, term, at_s=0.0, new="primary"):
    return HistoryRow(T0_US + int(at_s * SECOND), node, "candidate", new, term, "")


def polls(*seen):
    """`(client, seconds)` pairs as polls."""
    return tuple(
        Poll(number, client, int(at_s * 1e9), T0_US, first_page=True, status=200)
        for number, (client, at_s) in enumerate(seen, 1)
    )
