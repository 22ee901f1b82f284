"""A bank of playable MP3 recordings with a sound like two people talking.

One conversation is synthesised and encoded once without a bit reservoir, so that every frame stands
alone; recordings are then cut from it as bytes. Frames are 36 ms (MPEG-2 layer III, 16 kHz mono).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sim.clockwork.chance import Stream, stream

RATE_HZ = 16_000
FRAME_SAMPLES = 576
FRAME_S = FRAME_SAMPLES / RATE_HZ
BIT_RATE = 64_000
BASE_S = 300.0
LENGTHS_S = (5, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 75, 90, 110, 140, 180, 240, 300)
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """An MP3 file: what it is called, how long it plays, and its bytes."""

    name: str
    seconds: float
    data: bytes = field(repr=False)


class AudioBank:
    """About 20 different recordings of 5 s to 5 min, made once and kept in `directory`."""

    def __init__(self, directory: str | Path = "var/audio") -> None:
        self._directory = Path(directory)

    def load(self) -> tuple[Recording, ...]:
        """Read the recordings, making them first where they are missing (some seconds)."""
        frames = self._base_frames()
        chance = stream(_VERSION, "audio", "cuts")
        bank: list[Recording] = []
        for number, wanted_s in enumerate(LENGTHS_S):
            count = min(round(wanted_s / FRAME_S), len(frames))
            first = chance.randrange(len(frames) - count + 1)
            data = b"".join(frames[first : first + count])
            bank.append(Recording(f"call-{number:02d}-{wanted_s}s.mp3", count * FRAME_S, data))
        return tuple(bank)

    def _base_frames(self) -> list[bytes]:
        codec = f"{_VERSION}-{RATE_HZ}-{BIT_RATE}-{BASE_S:.0f}-av{av.__version__}"
        base = self._directory / f"base-{codec}.mp3"
        index = base.with_suffix(".json")
        if not (base.exists() and index.exists()):
            frames = encode(speech(BASE_S, stream(_VERSION, "audio", "speech")))
            self._directory.mkdir(parents=True, exist_ok=True)
            _replace(base, b"".join(frames))
            _replace(index, json.dumps([len(frame) for frame in frames]).encode())
            return frames
        data, frames, at = base.read_bytes(), list[bytes](), 0
        for size in json.loads(index.read_bytes()):
            frames.append(data[at : at + size])
            at += size
        return frames


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def of_size(bank: tuple[Recording, ...], size_bytes: int) -> Recording:
    """A playable recording of about that size, cut from or joined of the longest of the bank."""
    longest = max(bank, key=lambda item: item.seconds)
    frame_bytes = 288
    wanted = size_bytes // frame_bytes * frame_bytes
    copies = -(-wanted // len(longest.data))
    data = (longest.data * copies)[:wanted]
    seconds = longest.seconds * wanted / len(longest.data)
    return Recording(f"{size_bytes}-bytes.mp3", seconds, data)


def speech(seconds: float, chance: Stream) -> NDArray[np.int16]:
    """Mono samples: two voices taking turns, in syllables with formants and pauses between."""
    noise = np.random.default_rng(chance.getrandbits(32))
    out = np.zeros(int(seconds * RATE_HZ), np.float32)
    at, voice = int(0.3 * RATE_HZ), 0
    while at < len(out):
        pitch_hz = (118.0, 196.0)[voice] * chance.uniform(0.92, 1.08)
        for _ in range(chance.randrange(6, 28)):
            sound = _syllable(pitch_hz * chance.uniform(0.9, 1.12), chance, noise)
            room = max(min(len(sound), len(out) - at), 0)
            out[at : at + room] += sound[:room]
            at += len(sound) + int(chance.uniform(0.01, 0.07) * RATE_HZ)
        at += int(chance.uniform(0.25, 1.3) * RATE_HZ)
        voice = 1 - voice
    out += 0.002 * noise.standard_normal(len(out), dtype=np.float32)
    return np.clip(out * 9_000, -32_000, 32_000).astype(np.int16)


def _syllable(pitch_hz: float, chance: Stream, noise: np.random.Generator) -> NDArray[np.float32]:
    length = int(chance.uniform(0.09, 0.26) * RATE_HZ)
    time_s = np.arange(length, dtype=np.float32) / RATE_HZ
    formants = (chance.uniform(280, 820), chance.uniform(900, 2300), chance.uniform(2400, 3100))
    sound = np.zeros(length, np.float32)
    glide = 1 + chance.uniform(-0.08, 0.08) * time_s * 4
    for harmonic in range(1, int(3800 / pitch_hz)):
        hz = harmonic * pitch_hz
        loud = sum(np.exp(-(((hz - f) / 160) ** 2)) for f in formants) + 0.03
        sound += np.float32(loud) * np.sin(2 * np.pi * hz * glide * time_s, dtype=np.float32)
    hiss = chance.uniform(0, 0.5) * np.exp(-time_s * 60)
    sound += noise.standard_normal(length, dtype=np.float32) * hiss
    return sound * np.hanning(length).astype(np.float32) * np.float32(0.5)


def encode(samples: NDArray[np.int16]) -> list[bytes]:
    """MP3 frames of constant bit rate without a bit reservoir: any run of them is a playable file."""
    container: Any = av.open(io.BytesIO(), "w", format="mp3")
    out = container.add_stream(
        "libmp3lame",
        rate=RATE_HZ,
        layout="mono",
        options={"reservoir": "0", "compression_level": "9"},
    )
    out.bit_rate = BIT_RATE
    frames: list[bytes] = []
    for number, block in enumerate(_blocks(samples)):
        frame = av.AudioFrame.from_ndarray(block, format="s16p", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, number * FRAME_SAMPLES
        frames += [bytes(packet) for packet in out.encode(frame)]
    return frames + [bytes(packet) for packet in out.encode(None)]


def _blocks(samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield samples[at : at + FRAME_SAMPLES].reshape(1, -1)
