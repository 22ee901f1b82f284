"""Webex Calling: recordings of an organisation, with call detail records. `PLUGIN` is the way in."""

from __future__ import annotations

from recorder.adapters.webex.plugin import PLUGIN

__all__ = ["PLUGIN"]
