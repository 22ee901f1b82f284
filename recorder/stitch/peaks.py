"""The waveform of a mix while it is made: the highest amplitude of each stretch, for each channel. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recorder.stitch.timeline import Peaks

FINE_PER_S: Final = 50
COARSE_PER_S: Final = 20
FINE_S_MAX: Final = 1800
_COMMON: Final = 100
"""Both are counted from hundredths of a second: which of them is wanted shows only at the end."""


class PeakMeter:
    """Takes the mix in order; every block but the last is a whole number of hundredths of a second."""

    def __init__(self, rate_hz: int) -> None:
        assert rate_hz % _COMMON == 0, "a hundredth is a whole number of samples"
        self._bin = rate_hz // _COMMON
        self._rate_hz = rate_hz
        self._bins: list[NDArray[np.uint16]] = []
        self._samples = 0

    def add(self, block: NDArray[np.int16]) -> None:
        """The next samples, of shape (2, n)."""
        count = block.shape[1]
        self._samples += count
        rest = -count % self._bin
        if rest:
            block = np.pad(block, ((0, 0), (0, rest)))
        amplitudes = np.abs(block.astype(np.int32)).reshape(2, -1, self._bin).max(axis=2)
        self._bins.append(amplitudes.astype(np.uint16))

    def result(self) -> Peaks:
        """50 values a second, or 20 above half an hour; 0 to 127."""
        seconds = self._samples / self._rate_hz
        per_s = FINE_PER_S if seconds <= FINE_S_MAX else COARSE_PER_S
        joined = np.concatenate(self._bins, axis=1) if self._bins else np.zeros((2, 0), np.uint16)
        group = _COMMON // per_s
        padded = np.pad(joined, ((0, 0), (0, -joined.shape[1] % group)))
        highest = padded.reshape(2, -1, group).max(axis=2) if padded.size else padded
        scaled = np.minimum((highest.astype(np.int32) * 127 + 16383) // 32767, 127)
        return Peaks(
            per_s=per_s,
            duration_ms=round(seconds * 1000),
            data=(tuple(scaled[0].tolist()), tuple(scaled[1].tolist())),
        )
