"""The configuration of the two nodes of a world: real `Config` objects, without a file or a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from recorder.config import Config
from sim.world.incident import NODES, Incident
from sim.world.kinds import kind_of

CLUSTER = "world"
LINK_PORT = 7440

Layer: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Tables of a configuration, over what lies below."""

QUICK: Mapping[str, Mapping[str, Any]] = {
    "poll": {
        "interval_s": 5.0,
        "settle_s": 5.0,
        "overlap_s": 40.0,
        "tiers": [{"every_s": 60.0, "back_s": 300.0}],
        "retention_every_s": 900.0,
        "start_back_s": 600.0,
        "failing_s": 30.0,
        "canary_s": 60.0,
    },
    "retry": {"base_s": 1.0, "cap_s": 20.0, "parked_every_s": 60.0},
    "ingest": {"media_fetcher": "httpx", "downloads": 4, "queue": 8},
    "buffer": {"reserve_bytes": 1_000_000, "resume_bytes": 2_000_000},
}
"""Timings at which a run of five minutes shows what takes a day in an office."""


RECOVERY: Layer = {
    "recovery": {
        "look_s": 1.0,
        "check_s": 15.0,
        "start_s": 20.0,
        "calls_per_s": 5.0,
        "in_hand_max": 4,
        "give_up_s": 60.0,
    }
}
"""For worlds in which somebody asks for a recovery: the system then does so as well."""
RECONCILE: Layer = {
    "reconcile": {
        "at_hour_utc": 23.0,
        "retention_every_s": 1.0,
        "check_s": 10.0,
        "grace_s": 20.0,
        "calls_per_s": 1.0,
        "share": 0.1,
    }
}
"""For worlds in which something comes to differ: a comparison of everything follows the one before."""
SCREENS: Layer = {
    "screens": {
        "enabled": True,
        "frames_per_s": 2.0,
        "ringing_max_s": 30.0,
        "wrap_up_max_s": 30.0,
        "leg_max_s": 180.0,
        "events_kept_s": 300.0,
        "states_every_s": 5.0,
    }
}
"""For worlds with agents whose screens are recorded."""
REPLAY: Layer = {"replay": {"settle_s": 5.0}}
"""For worlds in which contacts are made replayable."""
NO_COMPARISON: Layer = {"reconcile": {"enabled": False}}
"""For worlds in which files with ids are taken and nothing else is looked for."""
DROPS_GONE_S: Final = 15.0
"""In a world what a node took and left behind is taken over after this,"""
DROPS_RESUME_S: Final = 20.0
"""and a recovery that the source's absence ended is tried again after this."""
RECOVERIES: Final = frozenset({"recovery", "id_file"})
"""Faults that are recoveries."""
DAMAGES: Final = frozenset({"object_damage", "object_stray", "rows_lost", "accept", "compare"})
"""Faults that are nothing where nobody compares."""


def reconciles(incident: Incident) -> bool:
    """Whether what is here is compared with what the sources have."""
    return "reconcile" in incident.settings or any(
        fault.kind in DAMAGES for fault in incident.faults
    )


def takes_id_files(incident: Incident) -> bool:
    """Whether somebody puts down a file with ids."""
    return any(fault.kind == "id_file" for fault in incident.faults)


class _WorldConfig(Config):
    """Never reads the environment of whoever runs the world."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, alone."""
        return (init_settings,)


def config_of(incident: Incident, node: str, more: Sequence[Layer] = ()) -> Config:
    """The configuration of `node`, with `more` on top.

    Raises pydantic's ValidationError for settings that are wrong.
    """
    tables: dict[str, dict[str, Any]] = {}
    usual = [QUICK]
    if reconciles(incident):
        usual += [RECOVERY, RECONCILE]
    elif any(fault.kind in RECOVERIES for fault in incident.faults):
        usual.append(RECOVERY)
        if takes_id_files(incident):
            usual.append(NO_COMPARISON)
    if incident.screens is not None:
        usual += [SCREENS, REPLAY] if incident.screens.replayed else [SCREENS]
    for layer in (*usual, incident.settings, incident.own_settings.get(node, {}), *more):
        for table, values in layer.items():
            tables.setdefault(table, {}).update(values)
    return _config(node, incident.sources, json.dumps(tables, sort_keys=True))


@cache
def _config(node: str, sources: tuple[str, ...], tables: str) -> Config:
    (peer,) = (name for name in NODES if name != node)
    given: dict[str, Any] = json.loads(tables)
    own: dict[str, dict[str, Any]] = given.pop("sources", {})
    tree: dict[str, Any] = {
        "node": {"id": node, "cluster": CLUSTER, "data": f"/{node}"},
        "peer": {
            "listen": f"{node}:{LINK_PORT}",
            "address": f"{peer}:{LINK_PORT}",
            "discovery": False,
        },
        "data_center": {"database": "sqlite:///world", "archive": "/world"},
        "sources": {
            source: {**kind_of(source).table(source, node), **own.get(source, {})}
            for source in sources
        },
        **given,
    }
    return _WorldConfig(**tree)
