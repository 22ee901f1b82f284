"""What the parts of the fake share: tables and files beside what every fake has."""

from __future__ import annotations

from dataclasses import dataclass

from sim.ucaas.dynamics.files import FileStore
from sim.ucaas.dynamics.tables import Store
from sim.ucaas.surroundings import Surroundings


@dataclass(slots=True, kw_only=True)
class Environment(Surroundings):
    """One Dynamics environment. Not thread-safe: the service locks."""

    store: Store
    files: FileStore
