"""Settings of retention: `[retention]` and `[[retention.policies]]`. Without a policy nothing is ever deleted."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recorder.records.retention import DAY_US, Match, Policy, Rules
from recorder.settings.stages import DAY_S

DAYS_MAX = 36_525.0


class RetentionPolicy(BaseModel):
    """How long what matches is kept. Conditions that are left out are no conditions."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    keep_days: float = Field(gt=0, le=DAYS_MAX)
    """From the end of the contact."""
    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    attributes: dict[str, str] = Field(default_factory=dict)
    """Of the interaction, as the source tells them: all must be equal."""


class RetentionSettings(BaseModel):
    """What is deleted when, and how carefully."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    legal_minimum_days: float = Field(0.0, ge=0, le=DAYS_MAX)
    """No policy may keep anything shorter."""
    recycle_days: float = Field(30.0, gt=0, le=DAYS_MAX)
    """Between the decision and the deletion; until then `tandem retention undelete` takes it back."""
    every_s: float = Field(DAY_S, gt=0, le=30 * DAY_S)
    """How often the primary looks for what is due."""
    first_s: float = Field(300.0, ge=0, le=DAY_S)
    """A node that became primary waits so long first."""
    pause_s: float = Field(1.0, gt=0, le=3600)
    """Between two steps that delete."""
    page: int = Field(1_000, ge=1, le=5_000)
    """Contacts looked at in one step."""
    share: float = Field(0.2, gt=0, le=1)
    """Of the time, spent looking at contacts; the rest is for everybody else."""
    deletions_at_once: int = Field(10, ge=1, le=1000)
    """Contacts deleted in one step."""
    per_run_max: int = Field(10_000, ge=1, le=100_000)
    """Contacts decided upon, and deleted, in one run; the next run goes on. Their names are kept in memory."""
    interlock_factor: float = Field(3.0, ge=1, le=1000)
    """A run that finds more than so many times what recent runs found stops, and asks."""
    interlock_floor: int = Field(1_000, ge=0, le=10_000_000)
    """So many contacts in a run are never far more."""
    policies: tuple[RetentionPolicy, ...] = ()

    @model_validator(mode="after")
    def _lawful(self) -> RetentionSettings:
        twice = [
            name for name, count in Counter(one.name for one in self.policies).items() if count > 1
        ]
        if twice:
            raise ValueError(f"two policies are called {twice[0]}")
        for one in self.policies:
            if one.keep_days < self.legal_minimum_days:
                raise ValueError(
                    f"policy {one.name} keeps {one.keep_days:g} days, less than "
                    f"legal_minimum_days = {self.legal_minimum_days:g}"
                )
        return self

    def rules(self) -> Rules:
        """As the parts that decide want them."""
        return Rules(
            policies=tuple(
                Policy(
                    one.name,
                    Match(one.sources, one.channels, one.directions, one.attributes),
                    round(one.keep_days * DAY_US),
                )
                for one in self.policies
            ),
            legal_minimum_us=round(self.legal_minimum_days * DAY_US),
            recycle_us=round(self.recycle_days * DAY_US),
        )
