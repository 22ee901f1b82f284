"""What can go wrong, one rule for each kind of fault; see docs/world.md for the whole list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.world.rules import (
    clocks,
    damage,
    data_center,
    desktops,
    disks,
    holds,
    id_files,
    network,
    orders,
    processes,
    recovery,
    service,
    stitching,
    versions,
)
from sim.world.rules.rule import End, Hits, Option, Rule

__all__ = ["RULES", "End", "Hits", "Option", "Rule"]

RULES: Final[Mapping[str, Rule]] = {
    **processes.RULES,
    **clocks.RULES,
    **network.RULES,
    **disks.RULES,
    **data_center.RULES,
    **service.RULES,
    **versions.RULES,
    **orders.RULES,
    **holds.RULES,
    **recovery.RULES,
    **id_files.RULES,
    **damage.RULES,
    **desktops.RULES,
    **stitching.RULES,
}
"""Kinds of faults by name."""
