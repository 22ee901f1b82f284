"""Timings of the pair, and the check that they do not contradict each other.

Defaults are the design's; every duration is in seconds.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cluster.frames import PRIORITY_USUAL

DAY_S = 86_400.0
_UNNOTICED = (
    "dead_s must be above heartbeat_s + pause_guard_s + tick_s: after a stop so short that it goes "
    "unnoticed, a node would judge a living peer dead"
)


class PairSettings(BaseModel):
    """How the pair detects, decides and shares. Both nodes should use the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    heartbeat_s: float = Field(1.0, gt=0, le=DAY_S)
    suspect_s: float = Field(2.0, gt=0, le=DAY_S)
    dead_s: float = Field(5.0, gt=0, le=DAY_S)
    dead_skew_s: float = Field(0.5, ge=0, le=DAY_S)
    """The preferred node judges at dead_s, the other this much later."""
    priority: int = Field(PRIORITY_USUAL, ge=0, le=255)
    """The node with the higher one is preferred, then the one with the lower id."""
    pause_guard_s: float = Field(2.0, gt=0, le=DAY_S)
    """A loop that wakes this much too late re-arms once and distrusts its own lease."""
    tick_s: float = Field(0.2, gt=0, le=DAY_S)
    start_grace_s: float = Field(3.0, gt=0, le=DAY_S)
    """How long a starting node listens before it decides alone."""
    lease_s: float = Field(6.0, gt=0, le=DAY_S)
    lease_renew_s: float = Field(1.5, gt=0, le=DAY_S)
    lease_believed_s: float = Field(4.5, gt=0, le=DAY_S)
    """Counted from the moment the request was sent."""
    lease_call_timeout_s: float = Field(1.0, gt=0, le=DAY_S)
    when_alone: Literal["record", "stop"] = "record"
    """Neither peer nor Data Center in sight: poll on into the buffer, or stop listing."""
    hand_over_timeout_s: float = Field(5.0, gt=0, le=DAY_S)
    return_to_primary: Literal["off", "when_equal"] = "off"
    return_after_s: float = Field(300.0, gt=0, le=DAY_S)
    role_changes_per_hour_max: int = Field(3, ge=1, le=1000)
    """From this on preferences are ignored and needs wait for minutes; a dead peer is always replaced."""
    duty_failing_s: float = Field(60.0, gt=0, le=DAY_S)
    """Polling failed so long for this node's own credentials: hand over if the peer's work."""
    claim_s: float = Field(120.0, gt=0, le=DAY_S)
    other_half_after_s: float = Field(90.0, ge=0, le=DAY_S)
    actor_deadline_s: float = Field(5.0, gt=0, le=DAY_S)
    """An actor that does not answer the supervisor for so long silences the heartbeat."""

    @model_validator(mode="after")
    def _no_contradiction(self) -> PairSettings:
        rules = (
            (self.heartbeat_s < self.suspect_s, "heartbeat_s must be below suspect_s"),
            (self.suspect_s < self.dead_s, "suspect_s must be below dead_s"),
            (self.tick_s < self.pause_guard_s, "tick_s must be below pause_guard_s"),
            (
                self.heartbeat_s + self.pause_guard_s + self.tick_s < self.dead_s,
                _UNNOTICED,
            ),
            (
                self.lease_believed_s < self.lease_s,
                "lease_believed_s must be below lease_s: the holder must stop before the other starts",
            ),
            (
                self.lease_call_timeout_s + self.lease_renew_s < self.lease_believed_s,
                "lease_renew_s + lease_call_timeout_s must be below lease_believed_s",
            ),
            (
                self.lease_renew_s <= self.lease_s / 3,
                "lease_renew_s must be at most a third of lease_s",
            ),
            (self.heartbeat_s < self.start_grace_s, "start_grace_s must be above heartbeat_s"),
        )
        wrong = [text for holds, text in rules if not holds]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self
