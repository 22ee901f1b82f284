"""Settings of the stages; `config.py` puts them into one tree. Durations in seconds, sizes in bytes."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAY_S = 86_400.0
LOOK_BACK_S_MAX = 3660 * DAY_S
"""Ten years: no service keeps more, and no instant of the calendar is left by it."""
BYTES_MAX = 2**60


class Tier(BaseModel):
    """A look-back: every `every_s`, list again from `back_s` before the watermark."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    every_s: float = Field(gt=0, le=LOOK_BACK_S_MAX)
    back_s: float = Field(gt=0, le=LOOK_BACK_S_MAX)


class PollSettings(BaseModel):
    """When a source is asked, and for which period."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    interval_s: float = Field(60.0, gt=0, le=DAY_S)
    settle_s: float = Field(90.0, ge=0, le=LOOK_BACK_S_MAX)
    """Nothing younger is asked for: hides commit-order races at the source."""
    overlap_s: float = Field(120.0, ge=0, le=LOOK_BACK_S_MAX)
    """At every poll."""
    tiers: tuple[Tier, ...] = (
        Tier(every_s=900, back_s=1800),
        Tier(every_s=86_400, back_s=72 * 3600),
    )
    """Beside the overlap; the source's whole retention is looked at every `retention_every_s`."""
    retention_every_s: float = Field(7 * 86_400.0, gt=0, le=LOOK_BACK_S_MAX)
    start_back_s: float = Field(86_400.0, ge=0, le=LOOK_BACK_S_MAX)
    """A source never seen before is archived from this long ago."""
    failing_s: float = Field(60.0, gt=0, le=DAY_S)
    """Polls that fail so long open a finding."""
    stall_factor: float = Field(3.0, gt=1, le=1000)
    """Finding when the watermark lags more than this many intervals plus settle."""
    canary_s: float = Field(900.0, gt=0, le=DAY_S)
    """A standby proves its own credentials this often."""


class RetrySettings(BaseModel):
    """Full-jitter back-off, and when an item stops holding the watermark."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    base_s: float = Field(2.0, gt=0, le=DAY_S)
    cap_s: float = Field(900.0, gt=0, le=DAY_S)
    park_after_tries: int = Field(10, ge=1, le=1000)
    park_after_s: float = Field(86_400.0, gt=0, le=LOOK_BACK_S_MAX)
    parked_every_s: float = Field(3600.0, gt=0, le=LOOK_BACK_S_MAX)
    """Parked items are tried again this often until the source's retention ends."""


class IngestSettings(BaseModel):
    """Downloads of one node."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    downloads: int = Field(8, ge=1, le=256)
    """Items of one source fetched at the same time; every source has as many of its own."""
    queue: int = Field(16, ge=0, le=100_000)
    """Items of one source taken on top, waiting for a free download."""
    backlog_max: int = Field(10_000, ge=1, le=10_000_000)
    """Items in the buffer that are not yet committed; above this, no new ones are taken."""
    stall_s: float = Field(30.0, gt=0, le=DAY_S)
    file_bytes_max: int = Field(2 * 1024**3, gt=0, le=BYTES_MAX)
    media_fetcher: str = Field("auto", pattern="^(auto|httpx|fast)$")
    """auto: the fast client where it is installed."""
    ca_file: Path | None = None
    """A private authority (PEM) that download hosts may use, beside the system's."""


class BufferSettings(BaseModel):
    """The call buffer on this node's disk."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    reserve_bytes: int = Field(512 * 1024**2, ge=0, le=BYTES_MAX)
    """Free space below which no download starts."""
    resume_bytes: int = Field(768 * 1024**2, ge=0, le=BYTES_MAX)
    """Free space at which intake resumes."""
    bytes_max: int | None = Field(None, gt=0, le=BYTES_MAX)
    """Cap on the buffer itself, beside the disk's free space."""
    look_every_s: float = Field(2.0, gt=0, le=DAY_S)

    @model_validator(mode="after")
    def _hysteresis(self) -> BufferSettings:
        if self.resume_bytes < self.reserve_bytes:
            raise ValueError("resume_bytes must be at least reserve_bytes")
        return self


class ArchiveSettings(BaseModel):
    """Group commit and what to do while the Data Center is away."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    batch_max: int = Field(64, ge=1, le=10_000)
    retry_s: float = Field(2.0, gt=0, le=DAY_S)


class RecoverySettings(BaseModel):
    """Recoveries: what of the source's budget they may use, and when the system asks for one itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    automatic: bool = True
    """Whether the system asks for recoveries by itself."""
    share: float = Field(0.25, gt=0, le=0.9)
    """Of each source's request budget, for listing."""
    calls_per_s: float = Field(2.0, gt=0, le=100_000)
    """For sources that tell of no budget."""
    in_hand_max: int = Field(20, ge=1, le=1000)
    """Items of one source on the normal road at the same time."""
    look_s: float = Field(2.0, gt=0, le=DAY_S)
    """How often items in hand are looked after."""
    check_s: float = Field(300.0, gt=0, le=DAY_S)
    """How often the coverage of sources is looked at for gaps."""
    start_s: float = Field(300.0, gt=0, le=LOOK_BACK_S_MAX)
    """A start after a longer stop is followed by a recovery of the time around it."""
    long_stop_s: float = Field(21_600.0, gt=0, le=LOOK_BACK_S_MAX)
    """From here on a stop is called long."""
    every_s: float | None = Field(None, gt=0, le=LOOK_BACK_S_MAX)
    """A recovery of the last `back_s` this often, beside the look-backs of polls; None for never."""
    back_s: float = Field(259_200.0, gt=0, le=LOOK_BACK_S_MAX)
    give_up_s: float = Field(3600.0, gt=0, le=LOOK_BACK_S_MAX)
    """A recovery whose source does not answer for so long is stopped."""
    drop_folder: Path | None = None
    """Where files with ids are put down, by kind of source; TextCapture under node.data without it."""


class ScrubSettings(BaseModel):
    """How the archive is read again in the background, by the primary."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = True
    bytes_per_day: int = Field(100 * 10**9, gt=0, le=BYTES_MAX)
    """Never more is read than this rate allows: 100 GB a day is 1.2 MB a second."""
    pass_every_s: float = Field(7 * DAY_S, gt=0, le=LOOK_BACK_S_MAX)
    """No object is read again within it, unless it was found bad."""
    recheck_s: float = Field(3600.0, gt=0, le=LOOK_BACK_S_MAX)
    """What is bad is read again this often, until it is well."""
    census_every_s: float = Field(DAY_S, gt=0, le=LOOK_BACK_S_MAX)
    """Keys of the archive and of the contact database are compared this often."""
    stray_after_s: float = Field(DAY_S, ge=0, le=LOOK_BACK_S_MAX)
    """An object without a row may be on its way for so long."""


class ReconcileSettings(BaseModel):
    """How often source, contact database and archive are compared, both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = True
    at_hour_utc: float = Field(2.0, ge=0, lt=24)
    """Runs begin at the first look after this hour of the night."""
    recent_back_s: float = Field(259_200.0, gt=0, le=LOOK_BACK_S_MAX)
    """What a nightly run compares."""
    retention_every_s: float = Field(7 * DAY_S, gt=0, le=LOOK_BACK_S_MAX)
    """A run over all that the source keeps, and every object of the archive, this often."""
    retention_max_s: float = Field(366 * DAY_S, gt=0, le=LOOK_BACK_S_MAX)
    """So far back at a source that keeps for longer, or for ever."""
    grace_s: float = Field(3600.0, ge=0, le=LOOK_BACK_S_MAX)
    """What is younger is on its way, and not compared."""
    share: float = Field(0.1, gt=0, le=0.9)
    """Of each source's request budget."""
    calls_per_s: float = Field(1.0, gt=0, le=100_000)
    """For sources that tell of no budget."""
    asked_max: int = Field(100, ge=0, le=10_000)
    """Items that are here and were not listed, which the source is asked for, in each section."""
    described_max: int = Field(5, ge=0, le=10_000)
    """Archived items of each section whose size and hash are compared, each night others."""
    findings_max: int = Field(10_000, ge=1, le=1_000_000)
    """Of one run; what is more is counted, and found by the next."""
    recover: bool = True
    """Whether what is missing and still offered is fetched."""
    check_s: float = Field(300.0, gt=0, le=DAY_S)
    """How often it is looked whether a run is due, and which findings are over."""
