"""How long things may take in a world, by the settings of its nodes."""

from __future__ import annotations

from typing import Final

from recorder.config import Config
from recorder.settings.stages import PollSettings
from sim.checkers.healing import Patience

_INGEST_S: Final = 15.0
"""With `_DOWNLOADS` at a time or more; with fewer what comes in a burst waits in line."""
_DOWNLOADS: Final = 4
_GRANTED_S: Final = 60.0


def poll_of(config: Config, source: str) -> PollSettings:
    """When a source is asked."""
    return config.sources[source].poll or config.poll


def usual_patience(config: Config, source: str) -> Patience:
    """What an item of `source` may take while all is well and somebody polls."""
    poll = poll_of(config, source)
    return Patience(
        roles_s=0.0,
        poll_s=poll.interval_s + poll.settle_s,
        ingest_s=_INGEST_S * max(1.0, _DOWNLOADS / config.ingest.downloads),
        retry_s=config.retry.cap_s + config.retry.parked_every_s,
        look_back_s=_look_back_s(poll),
    )


def settling_s(config: Config) -> float:
    """What everything still offered may take once all is well: see promise L2."""
    polls = [poll_of(config, source) for source in config.sources]
    poll_s = max(one.settle_s + 3 * one.interval_s + _look_back_s(one) for one in polls)
    return _GRANTED_S + poll_s + config.retry.cap_s + config.retry.parked_every_s


def _look_back_s(poll: PollSettings) -> float:
    return max((tier.every_s for tier in poll.tiers), default=0.0)
