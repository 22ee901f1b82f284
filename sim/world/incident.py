"""A run of the world as data: seed, workload, settings and faults. Small enough to mail.

An incident file and the commit replay to the byte. Instants count from the start of the world.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from recorder.errors import ConfigError

FORMAT = 1
NODES = ("alpha", "beta")
FIRST_SOURCE = "dynamics"
"""What an incident has that names no source."""

Value: TypeAlias = str | float | bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, as data. A momentary one has no duration."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: str
    """The name of a rule: see sim.world.rules."""
    target: str = ""
    """A node; for the link a direction `alpha>beta` or both, ``; for a service a node or any, ``.

    Which service is an option, `source`; all of them without one.
    """
    at_s: float = 0.0
    at_next: str = ""
    """Strikes when the target next reaches this point, at `at_s` or later: see sim.world.points."""
    for_s: float = 0.0
    options: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Parameters of the rule."""

    def number(self, name: str, default: float) -> float:
        """A parameter as a number."""
        return float(self.options.get(name, default))

    def text(self, name: str, default: str) -> str:
        """A parameter as text."""
        return str(self.options.get(name, default))

    def __str__(self) -> str:
        where = f" {self.target}" if self.target else ""
        when = f"at {self.at_s:g} s"
        if self.at_next:
            when = f"at its next {self.at_next} after {self.at_s:g} s"
        long = f" for {self.for_s:g} s" if self.for_s else ""
        extra = "".join(f", {name} {_text(value)}" for name, value in sorted(self.options.items()))
        return f"{self.kind}{where} {when}{long}{extra}"


def _text(value: Value) -> str:
    """The same for a number with and without a fraction of nothing: a file may not tell them apart."""
    return str(value) if isinstance(value, str | bool) else f"{value:.15g}"


@dataclass(frozen=True, slots=True)
class Workload:
    """Calls, or meetings, and what is odd about them. Each source makes of it what it can."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    calls_per_minute: float = 3.0
    late: float = 0.05
    """Share of recordings that appear with stamps from the past."""
    late_s: float = 30.0
    deleted: float = 0.0
    replaced: float = 0.02
    unrecorded: float = 0.0
    bump: float = 0.15
    second_recording: float = 0.1
    equal_stamps: float = 0.1
    """Share of calls whose recording carries the stamp of the one before."""
    rooms: float = 0.1
    """Share of meetings with breakout rooms, where a source has such."""
    processing: float = 0.15
    """Share of files that the source is still making when it lists them."""
    late_files: float = 0.3
    """Share of transcripts that are listed only after all else of their meeting."""
    hints: float = 0.0
    """Share of webhooks that come to a node, where a source sends such; the others are lost."""


@dataclass(frozen=True, slots=True)
class Screens:
    """Agents with their desktops, and a platform that tells of them. Shares are of what may be so."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    agents: int = 3
    calls_per_minute: float = 1.5
    """Of each agent."""
    not_responding: float = 0.25
    """Share of calls that the agent does not answer."""
    abandoned: float = 0.1
    """Share of calls whose caller gives up: nobody says what became of them."""
    masks: float = 0.25
    together: float = 0.3
    """Share of what happens during a call: something is not to be recorded, another call comes in."""
    missed_end: float = 0.15
    """Share of ends that are not told."""
    two_urls: bool = False
    """Every message goes to both nodes; else to one, whichever answers."""
    late: float = 0.15
    """Share of messages that are late,"""
    late_s: float = 15.0
    """by so much at most."""
    mask_late_s: float = 0.0
    """Masks, and their ends, are told by so much later at most than they would be; who asks does not hear of them before."""
    doubled: float = 0.15
    unheard: float = 0.05
    """Share of messages that never come: the platform must be asked."""
    asked: bool = True
    """Whether it answers when it is asked."""
    bodies: bool = False
    """It tells by messages as the real service writes them, through the adapter, where the source is one that does."""
    replayed: float = 0.0
    """Share of answered calls that the source recorded. With any, contacts are made replayable, and opened."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Everything a run is made of."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    seed: int = 0
    minutes: float = 5.0
    """Faults and calls last so long; then the world heals, settles and is judged."""
    faults: tuple[Fault, ...] = ()
    sources: tuple[str, ...] = (FIRST_SOURCE,)
    """What both nodes record: kinds of sources, a second one of a kind with a number, `dynamics2`."""
    workload: Workload = Workload()
    """Of each source."""
    workloads: Mapping[str, Workload] = field(default_factory=dict[str, Workload])
    """Of single sources instead, by name."""
    screens: Screens | None = None
    """Agents whose screens are recorded, if any."""
    patience_s: float = 0.0
    """Granted on top of what healing may take: for outages that leave a long backlog."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Tables of the configuration of both nodes (`pair`, `poll`, …), over the world's own."""
    own_settings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, Any]]]
    )
    """The same for one node alone."""
    format: int = FORMAT
    story: str = ""
    """For people: what this is about."""

    def workload_of(self, source: str) -> Workload:
        """What ends at this source."""
        return self.workloads.get(source, self.workload)

    def with_faults(self, *faults: Fault) -> Incident:
        """The same run with other faults."""
        return replace(self, faults=faults)

    def as_text(self) -> str:
        """A file's content."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, default=dict) + "\n"


_INCIDENT = TypeAdapter(Incident)
_WORDS = {"unexpected_keyword_argument": "unknown key"}
"""What is said in other words than those of who found it."""


def read_incident(path: Path) -> Incident:
    """Read an incident file. Raises ConfigError naming the path and what is wrong in it."""
    hint = "`tandem sim run --save FILE` writes such a file."
    try:
        content = path.read_bytes()
        _check_format(path, content)
        return _INCIDENT.validate_json(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint=hint) from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'file'}: {_WORDS.get(one['type'], one['msg'])}"
            for one in error.errors()
        )
        raise ConfigError(f"{path}: no incident: {wrong}", hint=hint) from error


def _check_format(path: Path, content: bytes) -> None:
    """Before all else: what a newer program wrote may have keys that this one does not know."""
    try:
        tree = from_json(content)
    except ValueError:
        return  # told with its place when all of it is read
    known = cast("dict[str, object]", tree) if isinstance(tree, dict) else {}
    found = known.get("format", FORMAT)
    if isinstance(found, int) and found != FORMAT:
        raise ConfigError(
            f"{path}: format {found}, this program reads {FORMAT}",
            hint="Replay it with the commit that wrote it.",
        )
