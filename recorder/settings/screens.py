"""Settings of screen recording and replay; `config.py` puts them into the tree. Durations in seconds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

DAY_S = 86_400.0


class ScreenSettings(BaseModel):
    """Recording of agents' screens: the RIS and the screen recorder of this node."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = False
    """Whether desktops may register here; events of agents are heard in any case."""
    desktops_expected: bool = True
    """Whether an agent on a call without a desktop on either node is a finding, where screens are enabled."""
    frames_per_s: float = Field(5.0, ge=0.2, le=10)
    keep_alive_s: float = Field(1.0, gt=0, le=60)
    leg_max_s: float = Field(4 * 3600.0, gt=0, le=DAY_S)
    """A leg of which no end is heard ends after this."""
    ringing_max_s: float = Field(180.0, gt=0, le=DAY_S)
    """So long a call may ring; then its leg ends, undecided, until an event says more."""
    wrap_up_max_s: float = Field(900.0, gt=0, le=DAY_S)
    """After the end of a call recording goes on for so long, or until the agent is available."""
    mask_max_s: float = Field(3600.0, gt=0, le=DAY_S)
    """A mask of which no end is heard ends after this, or with its leg."""
    events_kept_s: float = Field(DAY_S, gt=0, le=30 * DAY_S)
    """So far back a node has events of agents at hand; older ones are in the Data Center."""
    states_every_s: float = Field(30.0, gt=0, le=DAY_S)
    """How often a platform that has them is asked for agents' states, beside its messages."""
    quiet_s: float = Field(1800.0, gt=0, le=DAY_S)
    """A source that tells nothing of agents for so long, while calls with agents go on, is a finding."""
    undecided_s: float = Field(3 * DAY_S, gt=0, le=366 * DAY_S)
    """What nobody decided and no contact needs is deleted after this, once its period was reconciled."""
    buffer_bytes_max: int | None = Field(None, gt=0)
    """Of SCN files in the call buffer; without it the reserve of `[buffer]` decides."""


class ReplaySettings(BaseModel):
    """How contacts are made replayable."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ahead: bool = True
    """Contacts with screens are made ready before somebody asks; others when somebody does."""
    settle_s: float = Field(60.0, ge=0, le=DAY_S)
    """A contact that changed is left alone for so long."""
    login_s: float = Field(8 * 3600.0, gt=0, le=7 * DAY_S)
    """A login to the pages lasts so long."""
