"""Zoom Meetings: archived meetings of one account. `PLUGIN` is the way in."""

from __future__ import annotations

from recorder.adapters.zoom.plugin import PLUGIN

__all__ = ["PLUGIN"]
