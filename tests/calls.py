"""Calls for tests: items as a source would list, describe and deliver them."""

from __future__ import annotations

from recorder.model import (
    BufferedItem,
    Interaction,
    ItemEvent,
    ItemOutcome,
    ItemRef,
    ItemState,
    MediaKind,
    MediaRef,
    Party,
    Segment,
    StoredMedia,
)

START_US = 1_700_000_000_000_000


def a_ref(key="rec-1", *, source="dyn", version="v1", session="ses-1", changed_us=START_US):
    return ItemRef(source, key, version, changed_us, session, {"row": key})


def an_event(key="rec-1", number=1, *, source="dyn", node="alpha", what="found", at_us=START_US):
    return ItemEvent(source, key, node, "boot.poller", number, at_us, what, 3, "a detail")


def a_party(number=1, *, role="agent", name="", phone=""):
    return Party(f"p{number}", role, name or f"Party {number}", phone, START_US + number, None)


def an_interaction(key="int-1", *, session="ses-1", started_us=START_US, parties=(), subject=""):
    members = parties or (
        a_party(1, name="Ada Agent"),
        a_party(2, role="customer", name="Carl Customer", phone="+4930111"),
    )
    return Interaction(
        key=key,
        session_key=session,
        channel="voice",
        direction="inbound",
        started_us=started_us,
        ended_us=started_us + 60_000_000,
        subject=subject,
        parties=tuple(members),
        segments=(
            Segment(f"{key}-s1", started_us, started_us + 30_000_000, "agent_transferred", ("p1",)),
        ),
        attributes={"queue": "sales"},
    )


def a_file(key="med-1", *, size_bytes=1000, started_us=START_US):
    ref = MediaRef(key, MediaKind.AUDIO, f"{key}.mp3", "audio/mpeg", None, None, started_us, 60_000)
    return StoredMedia(ref, size_bytes, "ab" * 32, "audio/mpeg", "0f" * 16)


def an_item(
    key="rec-1",
    *,
    source="dyn",
    version="v1",
    session="ses-1",
    changed_us=START_US,
    interaction=None,
    files=None,
    events=(),
    found_us=START_US + 5_000_000,
):
    return BufferedItem(
        ref=a_ref(key, source=source, version=version, session=session, changed_us=changed_us),
        interaction=interaction or an_interaction(f"int-{key}", session=session),
        media=tuple(files) if files is not None else (a_file(f"med-{key}"),),
        found_us=found_us,
        buffered_us=START_US + 9_000_000,
        attempts=1,
        events=tuple(events),
    )


def names_of(*items):
    """An object key for each file of each item."""
    return [[f"{item.ref.source}/{file.ref.key}" for file in item.media] for item in items]


def an_outcome(
    key="rec-1", state=ItemState.FAILED, *, parked=False, retry_at_us=None, version="v1", **more
):
    return ItemOutcome(
        ref=a_ref(key, version=version, **more),
        state=state,
        reason="unreachable: no answer",
        attempts=3,
        found_us=START_US + 5_000_000,
        retry_at_us=retry_at_us,
        parked=parked,
    )
