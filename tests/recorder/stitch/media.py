"""Small real media for tests of stitching: tones, and a screen that counts, in the codecs that come in."""

import hashlib
import io
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from recorder.scn.model import ClockOffset, ScreenPacket, ScreenPart, ScreenStream
from recorder.scn.part import ScnHead
from recorder.scn.webm import head_bytes, packet_bytes

RATE = 16_000
US = 1_000_000


def tone(seconds, *, left=440.0, right=880.0, level=8_000, rate=RATE):
    """Samples of shape (2, n); a frequency of 0 is silence."""
    at = np.arange(round(seconds * rate)) / rate
    return np.stack(
        [(level * np.sin(2 * np.pi * hz * at)).astype(np.int16) for hz in (left, right)]
    )


def encoded(samples, *, form="wav", codec="pcm_s16le", rate=RATE, **options):
    """A file of these samples: wav, mp3 (libmp3lame), mp4 (aac), …"""
    buffer = io.BytesIO()
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    with av.open(buffer, "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        for at in range(0, samples.shape[1], 1152):
            packed = np.ascontiguousarray(samples[:, at : at + 1152].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def movie(seconds):
    """An MP4 with H.264 and AAC, as meetings come."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=5)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = container.add_stream("aac", rate=16_000, layout="stereo")
        for number in range(seconds * 5):
            frame = av.VideoFrame.from_ndarray(
                np.full((180, 320, 3), number, np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = number, Fraction(1, 5)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        samples = tone(seconds)
        for begin in range(0, samples.shape[1], 1024):
            packed = np.ascontiguousarray(samples[:, begin : begin + 1024].T).reshape(1, -1)
            sound = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
            sound.sample_rate, sound.pts, sound.time_base = 16_000, begin, Fraction(1, 16_000)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return buffer.getvalue()


@cache
def screen_packets(frames, *, key_every=10, every_ms=200, width=320, height=180, seed=0):
    """A picture that changes with every frame, as the desktop encodes it."""
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(5)
    encoder.options = {
        "deadline": "realtime", "crf": "32", "b": "0", "cpu-used": "8", "lag-in-frames": "0",
    }  # fmt: skip
    found = []
    for number in range(frames):
        picture = np.full((height, width, 3), 30 + seed, np.uint8)
        picture[:, : (number * 7) % width] = 200
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number * every_ms, Fraction(1, 1000)
        frame.pict_type = 1 if number % key_every == 0 else 0
        found += [(p.pts, p.is_keyframe, bytes(p)) for p in encoder.encode(frame)]
    return tuple(ScreenPacket(seq, *one) for seq, one in enumerate(found))


def stream_of(
    t0_us, *, stream="stream-1", desktop="desk-1", agents=("calls/ann",), width=320, height=180
):
    return ScreenStream(stream, desktop, tuple(agents), "vp9", width, height, t0_us)


def scn(stream, packets, *, part_key="aa01", node="alpha", offset=None):
    """The bytes of an SCN file, and the row that goes with it."""
    offset = ClockOffset(0, 1_000) if offset is None else offset
    head = ScnHead(part_key, stream, node, (), packets[0].seq, offset)
    data = head_bytes(head) + b"".join(packet_bytes(one) for one in packets)
    base_us = stream.t0_us - offset.ahead_us
    row = ScreenPart(
        part_key=part_key,
        stream=stream,
        node=node,
        from_us=base_us + packets[0].pts_ms * 1000,
        to_us=base_us + packets[-1].pts_ms * 1000,
        seq_first=packets[0].seq,
        seq_last=packets[-1].seq,
        offset=offset,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        object_key=f"screens/{part_key[:2]}/{part_key}.scn",
        stored_us=0,
    )
    return data, row


def heard(path):
    """What a player hears: samples of shape (2, n) at 48 kHz, and the first one's time in seconds."""
    resampler = av.AudioResampler(format="s16p", layout="stereo", rate=48_000)
    blocks, begin_s = [], None
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            begin_s = frame.time if begin_s is None else begin_s
            blocks += [out.to_ndarray() for out in resampler.resample(frame)]
    blocks += [out.to_ndarray() for out in resampler.resample(None)]
    return np.concatenate(blocks, axis=1), begin_s


def seen(path):
    """Packets of the picture: (milliseconds, key frame, bytes)."""
    with av.open(str(path)) as container:
        return [
            (round(p.pts * p.time_base * 1000), p.is_keyframe, bytes(p))
            for p in container.demux(container.streams.video[0])
            if p.size
        ]


def written(directory, name, data):
    path = Path(directory) / name
    path.write_bytes(data)
    return str(path)
