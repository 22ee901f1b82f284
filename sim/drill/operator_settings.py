"""An operator's own timings, out of the configuration file of a node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from recorder.config import Config, load_config

TIMINGS: Final = ("pair", "poll", "retry", "ingest", "buffer", "archive")
"""Tables that a drill takes over. Addresses, secrets and sources are left out: a drill touches none."""


def settings_of(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """The timings in the file at `path`. Raises ConfigError with the exact path of what is wrong."""
    return timings(load_config(path))


def standard_settings() -> Mapping[str, Mapping[str, Any]]:
    """What a node has whose file names no timing."""
    return {
        name: Config.model_fields[name].get_default().model_dump(mode="json") | _only(name)
        for name in TIMINGS
    }


def timings(config: Config) -> Mapping[str, Mapping[str, Any]]:
    """The tables of `config` that decide how long things take; a source's own `poll` wins."""
    tables: dict[str, dict[str, Any]] = {
        name: getattr(config, name).model_dump(mode="json") | _only(name) for name in TIMINGS
    }
    own = [table.poll for table in config.sources.values() if table.poll is not None]
    if own:
        tables["poll"] = own[0].model_dump(mode="json")
    return tables


def _only(name: str) -> dict[str, Any]:
    """A drill has its own disk and its own way to fetch."""
    if name == "ingest":
        return {"media_fetcher": "httpx", "ca_file": None}
    return {"reserve_bytes": 0, "resume_bytes": 0, "bytes_max": None} if name == "buffer" else {}
