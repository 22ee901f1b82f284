"""An operator's own timings, out of the configuration file of a node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from recorder.config import Config, SourceTable, load_config
from sim.world.incident import FIRST_SOURCE
from sim.world.kinds import KINDS

TIMINGS: Final = ("pair", "poll", "retry", "ingest", "buffer", "archive")
"""Tables that a drill takes over. Addresses and secrets are left out: a drill touches none."""


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
    """The tables of `config` that decide how long things take; a source's own `poll` wins.

    Of several sources each keeps its own, under the name that it has in a world.
    """
    tables: dict[str, dict[str, Any]] = {
        name: getattr(config, name).model_dump(mode="json") | _only(name) for name in TIMINGS
    }
    own = {
        name: table.poll.model_dump(mode="json")
        for name, table in _named(config).items()
        if table.poll is not None
    }
    if len(_named(config)) > 1:
        tables["sources"] = {name: {"poll": poll} for name, poll in own.items()}
    elif own:
        (tables["poll"],) = own.values()
    return tables


def sources_of(path: Path) -> tuple[str, ...]:
    """What the node records, by the names that sources have in a world. Raises ConfigError."""
    return tuple(_named(load_config(path))) or (FIRST_SOURCE,)


def not_simulated(path: Path) -> tuple[str, ...]:
    """Enabled sources of kinds that the simulator cannot be, as `name (kind)`. Raises ConfigError."""
    return tuple(
        f"{name} ({table.kind})"
        for name, table in load_config(path).sources.items()
        if table.enabled and table.kind not in KINDS
    )


def _named(config: Config) -> dict[str, SourceTable]:
    """Enabled sources of a kind that the simulator can be; a second one of a kind has a number."""
    found: dict[str, SourceTable] = {}
    for table in config.sources.values():
        if table.enabled and table.kind in KINDS:
            same = sum(other.kind == table.kind for other in found.values())
            found[table.kind + (str(same + 1) if same else "")] = table
    return found


def _only(name: str) -> dict[str, Any]:
    """A drill has its own disk and its own way to fetch."""
    if name == "ingest":
        return {"media_fetcher": "httpx", "ca_file": None}
    return {"reserve_bytes": 0, "resume_bytes": 0, "bytes_max": None} if name == "buffer" else {}
