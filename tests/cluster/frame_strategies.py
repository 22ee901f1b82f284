"""Hypothesis strategies for every frame, within the bounds of the wire."""

from collections.abc import Mapping
from dataclasses import fields
from typing import get_args, get_type_hints

from hypothesis import strategies as st

from cluster.frames import Frame, Mark, Role

WHOLE = st.integers(0, 2**53)
INSTANT = st.integers(0, 253_402_300_799_999_999)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MARK = st.builds(Mark, epoch=st.integers(0, 2**31), at_us=INSTANT)

BY_TYPE = {
    int: WHOLE,
    bool: st.booleans(),
    str: TEXT,
    bytes: st.binary(max_size=200),
    Role: st.sampled_from(Role),
    tuple[str, ...]: st.lists(TEXT, max_size=4).map(tuple),
    Mapping[str, Mark]: st.dictionaries(TEXT, MARK, max_size=4),
    Mapping[str, int]: st.dictionaries(TEXT, st.integers(0, 1_000_000), max_size=4),
    Mapping[str, float]: st.dictionaries(
        TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=4
    ),
}
NAME = st.text("abcdefghij-0123456789", min_size=1, max_size=20)
BY_NAME = {
    "completed_at_us": INSTANT,
    "listen_port": st.integers(0, 65535),
    "free_capacity": st.integers(0, 1_000_000),
    **dict.fromkeys(("cluster", "node", "instance", "boot"), NAME),
}


def frames_of(kind):
    hints = get_type_hints(kind)
    return st.builds(
        kind,
        **{f.name: BY_NAME.get(f.name, BY_TYPE[hints[f.name]]) for f in fields(kind)},
    )


FRAMES = st.one_of([frames_of(kind) for kind in get_args(Frame)])
