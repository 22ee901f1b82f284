"""Dynamics 365 Omnichannel: recordings from a Dataverse environment. `PLUGIN` is the way in."""

from __future__ import annotations

from recorder.adapters.dynamics.plugin import PLUGIN

__all__ = ["PLUGIN"]
