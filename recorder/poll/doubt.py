"""Which marks of others are believed: a mark never goes back, so an absurd one would stop a source. Pure."""

from __future__ import annotations

from cluster.frames import Mark

AHEAD_US = 86_400_000_000
"""A watermark is behind the source's clock; this far ahead even two wrong clocks do not bring it."""
EPOCHS_AHEAD = 1000
"""Every rewind is one epoch: nobody rewinds so often unheard."""


def is_absurd(mark: Mark, *, own: Mark | None, now_us: int) -> bool:
    """Whether a node that knows `own`, at `now_us` by the best clock it has, must not learn `mark`."""
    epoch = 0 if own is None else own.epoch
    return mark.at_us > now_us + AHEAD_US or mark.epoch > epoch + EPOCHS_AHEAD or mark.at_us < 0
