"""Interactions of all kinds, of one session."""

from hypothesis import strategies as st

from recorder.model import Interaction, MediaKind, MediaRef, Party, Segment

INSTANTS = st.none() | st.integers(0, 5)
TEXTS = st.sampled_from(["", "unknown", "a", "b"])
KEYS = st.sampled_from(["k1", "k2", "session"])


def unique(things):
    return tuple({thing.key: thing for thing in things}.values())


PARTIES = st.builds(
    Party,
    key=KEYS,
    role=st.sampled_from(["customer", "agent", "bot", "stranger"]),
    name=TEXTS,
    number=TEXTS,
    joined_us=INSTANTS,
    left_us=INSTANTS,
)
SEGMENTS = st.builds(
    Segment,
    key=KEYS,
    started_us=INSTANTS,
    ended_us=INSTANTS,
    reason=TEXTS,
    party_keys=st.lists(KEYS, max_size=3).map(tuple),
)
MEDIA = st.builds(
    MediaRef,
    key=KEYS,
    kind=st.sampled_from(MediaKind),
    file_name=TEXTS,
    media_type=TEXTS,
    size_bytes=INSTANTS,
    sha256=st.none() | st.just("00" * 32),
    started_us=INSTANTS,
    duration_ms=INSTANTS,
)
INTERACTIONS = st.builds(
    Interaction,
    key=KEYS,
    session_key=st.just("session"),
    channel=TEXTS,
    direction=st.sampled_from(["unknown", "inbound", "outbound"]),
    started_us=INSTANTS,
    ended_us=INSTANTS,
    subject=TEXTS,
    parties=st.lists(PARTIES, max_size=3).map(unique),
    segments=st.lists(SEGMENTS, max_size=3).map(unique),
    media=st.lists(MEDIA, max_size=3).map(unique),
    attributes=st.dictionaries(KEYS, TEXTS, max_size=2),
    not_recordable=TEXTS,
)
