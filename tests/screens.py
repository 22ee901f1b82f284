"""Agents' screens for tests: streams, packets and heads of parts."""

from dataclasses import replace

from recorder.scn.model import (
    ClockOffset,
    Leg,
    ScreenPacket,
    ScreenPart,
    ScreenStream,
    Span,
    Verdict,
)
from recorder.scn.part import ScnHead

T0_US = 1_700_000_000_000_000
KEY = "ab" * 16


def a_stream(name="s-1", *, agents=("dyn/ag-1",), desktop="d-1", t0_us=T0_US, codec="vp9"):
    return ScreenStream(name, desktop, tuple(agents), codec, 320, 192, t0_us)


def a_head(part_key=KEY, *, stream=None, seq_first=0, calls=("call-1",), offset=None):
    return ScnHead(
        part_key,
        stream or a_stream(),
        "alpha",
        tuple(calls),
        seq_first,
        offset or ClockOffset(0, 500),
    )


def packets(count, *, first=0, keys=(0,), step_ms=200, size=40):
    """`count` packets from `seq` first on; those in `keys` are key frames."""
    return tuple(
        ScreenPacket(seq, seq * step_ms, seq in keys, bytes([seq % 251]) * size)
        for seq in range(first, first + count)
    )


def a_leg(
    from_s=0.0, to_s=None, verdict=Verdict.KEPT, *, agent="dyn/ag-1", call="call-1", masks=()
):
    """Seconds after T0_US."""
    return Leg(
        agent,
        call,
        _span(from_s, to_s),
        verdict,
        "" if to_s is None else "available",
        tuple(_span(*mask) for mask in masks),
    )


def _span(from_s, to_s):
    end = None if to_s is None else T0_US + round(to_s * 1e6)
    return Span(T0_US + round(from_s * 1e6), end)


def a_part(part_key=KEY, *, stream=None, from_s=0.0, to_s=10.0, stored_us=T0_US, **facts):
    part = ScreenPart(
        part_key=part_key,
        stream=stream or a_stream(),
        node="alpha",
        from_us=T0_US + round(from_s * 1e6),
        to_us=T0_US + round(to_s * 1e6),
        seq_first=0,
        seq_last=49,
        offset=ClockOffset(0, 500),
        size_bytes=1000,
        sha256="cd" * 32,
        object_key=f"screens/{part_key[:2]}/{part_key}.scn",
        stored_us=stored_us,
    )
    return replace(part, **facts)
