"""Incident files as named stories: each is a run that broke a promise once and must never again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from recorder.errors import ConfigError
from sim.world.incident import Incident, read_incident


def read_stories(directory: Path) -> Mapping[str, Incident]:
    """Every incident file of a directory by its name, in order. Raises ConfigError for one without a story."""
    stories: dict[str, Incident] = {}
    for path in sorted(directory.glob("*.json")):
        incident = read_incident(path)
        if not incident.story:
            raise ConfigError(f"{path}: says nothing", hint="Give it a `story`, one sentence.")
        stories[path.stem] = incident
    return stories


def save_incident(path: Path, incident: Incident, story: str = "") -> None:
    """Write an incident file, with its story in words."""
    save_text(path, (replace(incident, story=story) if story else incident).as_text())


def save_text(path: Path, text: str) -> None:
    """Write a file, and the folder it is in. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
