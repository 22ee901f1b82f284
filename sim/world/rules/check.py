"""Whether an incident makes sense: told before anything runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from recorder.errors import ConfigError
from sim.world.incident import NODES, Fault, Incident
from sim.world.kinds import KINDS, is_source
from sim.world.limits import LONGEST_S, check_numbers
from sim.world.points import parted
from sim.world.rules import RULES
from sim.world.rules.rule import Rule
from sim.world.rules.versions import tables
from sim.world.settings import config_of

_SETTINGS: Final = "settings"


def check_incident(incident: Incident) -> None:
    """Raise ConfigError naming the fault that is wrong, and what would be right."""
    _check_sources(incident)
    check_numbers(incident)
    for node in incident.own_settings:
        if node not in NODES:
            raise ConfigError(
                f"own_settings: there is no node {node!r}", hint=f"Known: {', '.join(NODES)}."
            )
    for node in NODES:
        _config(incident, node, None)
    for number, fault in enumerate(incident.faults, 1):
        try:
            _check(incident, fault)
        except ValueError as error:
            raise ConfigError(f"fault {number} ({fault.kind}): {error}") from error
        except ConfigError as error:
            raise ConfigError(f"fault {number} ({fault.kind}): {error}", hint=error.hint) from error


def _check_sources(incident: Incident) -> None:
    known = ", ".join(KINDS)
    for source in (*incident.sources, *incident.workloads):
        if not is_source(source):
            raise ConfigError(
                f"there is no source {source!r}",
                hint=f"Known kinds: {known}; a second one of a kind has a number, as dynamics2.",
            )
    if not incident.sources or len(set(incident.sources)) < len(incident.sources):
        raise ConfigError(
            f"sources must be different, and at least one: {', '.join(incident.sources) or 'none'}",
            hint=f"Known kinds: {known}; a second one of a kind has a number, as dynamics2.",
        )


def _check(incident: Incident, fault: Fault) -> None:
    rule = RULES.get(fault.kind)
    if rule is None:
        raise ConfigError("there is no such kind of fault", hint=f"Known: {', '.join(RULES)}.")
    if fault.target not in rule.targets:
        known = ", ".join(repr(target) for target in rule.targets)
        raise ConfigError(f"it has no target {fault.target!r}", hint=f"Known: {known}.")
    for name, seconds in (("at_s", fault.at_s), ("for_s", fault.for_s)):
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"{name} must not be negative: {seconds!r}")
        if seconds > LONGEST_S:
            raise ValueError(f"{name} must be at most {LONGEST_S:g}: {seconds!r}")
    if fault.for_s and not rule.durations_s:
        raise ValueError(f"for_s must be 0: it is over at once, not after {fault.for_s:g} s")
    if fault.at_next:
        parted(fault.at_next)
    if fault.kind == _SETTINGS:
        _check_settings(incident, fault)
    else:
        _check_options(rule, fault, incident.sources)


def _check_options(rule: Rule, fault: Fault, sources: Sequence[str]) -> None:
    for name, value in fault.options.items():
        option = rule.options.get(name)
        if option is None:
            known = ", ".join(rule.options) or "none"
            raise ConfigError(f"it has no option {name!r}", hint=f"Known: {known}.")
        try:
            option.check(value)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from error
    rule.check(fault, sources)


def _check_settings(incident: Incident, fault: Fault) -> None:
    for name in fault.options:
        table, dot, key = name.partition(".")
        if not (table and dot and key):
            raise ConfigError(
                f"{name!r} is no setting", hint="Write table.key, as poll.interval_s."
            )
    for node in NODES:
        _config(incident, node, fault)


def _config(incident: Incident, node: str, fault: Fault | None) -> None:
    try:
        config_of(incident, node, () if fault is None else (tables(fault),))
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"the settings of {node} are wrong: {where}: {first['msg']}") from error
