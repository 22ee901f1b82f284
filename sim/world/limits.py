"""What the numbers of an incident may be. The limits are generous: they keep out what means nothing or never ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Final, TypeAlias

from recorder.errors import ConfigError
from sim.world.incident import Incident, Screens, Workload

LONGEST_S: Final = 1e9
"""Longer than anybody waits for anything: thirty years."""
MINUTES_MAX: Final = 10_000
_RATE_MAX: Final = 10_000

Range: TypeAlias = tuple[float, float]
_SHARE: Final[Range] = (0, 1)
_SECONDS: Final[Range] = (0, LONGEST_S)
_NO_SHARES: Final[Mapping[str, Range]] = {
    "calls_per_minute": (0, _RATE_MAX),
    "agents": (1, 1000),
    "late_s": _SECONDS,
    "mask_late_s": _SECONDS,
}


def check_numbers(incident: Incident) -> None:
    """Raise ConfigError naming the first number that makes no sense, and what would."""
    if not 0 < incident.minutes <= MINUTES_MAX:
        raise ConfigError(
            f"minutes must be above 0 and at most {MINUTES_MAX}, not {incident.minutes:g}"
        )
    _within("patience_s", incident.patience_s, _SECONDS)
    _check_all("workload", incident.workload)
    for source, workload in incident.workloads.items():
        _check_all(f"workloads.{source}", workload)
    if incident.screens is not None:
        _check_all("screens", incident.screens)


def _check_all(where: str, given: Workload | Screens) -> None:
    for field in fields(given):
        value: object = getattr(given, field.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            _within(f"{where}.{field.name}", value, _NO_SHARES.get(field.name, _SHARE))


def _within(where: str, value: float, limits: Range) -> None:
    low, high = limits
    if not low <= value <= high:  # so is nan, which is nowhere
        raise ConfigError(f"{where} must be between {low:g} and {high:g}, not {value:g}")
