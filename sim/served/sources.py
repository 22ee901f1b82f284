"""Fake services on real ports, all that one pair is to record from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from recorder.webhooks import ADAPTERS
from sim.served.kinds import DYNAMICS, OPENERS, client_apps, dynamics_plan
from sim.served.source import ServedSource, ToServe
from sim.served.source_plan import SourcePlan
from sim.truth import TruthItem
from sim.ucaas.statistics import Poll

__all__ = ["DYNAMICS", "KINDS", "ServedSources", "client_apps", "dynamics_plan"]

KINDS = tuple(OPENERS)
"""What can be served."""
HEARS_AT = "/api/recording/cti/v1"
"""Where a node takes the messages of services."""


class ServedSources:
    """Several fakes, each on a port of its own. Use it as a context: all end with it.

    `kinds` are of KINDS; `ports` where they are to be served, free ones by default. `hear` gives the
    address of each node's web server: services that have webhooks send them there.
    """

    def __init__(
        self,
        kinds: tuple[str, ...],
        audio: Path,
        *,
        ports: Mapping[str, int] | None = None,
        hear: Mapping[str, str] | None = None,
    ) -> None:
        with ExitStack() as stack:
            self._by_kind: dict[str, ServedSource] = {}
            for kind in kinds:
                adapter = next((name for name, its in ADAPTERS.items() if its == kind), kind)
                hooks = {node: f"{url}{HEARS_AT}/{adapter}" for node, url in (hear or {}).items()}
                one = OPENERS[kind](ToServe(audio, (ports or {}).get(kind, 0), hooks))
                stack.callback(one.stop)
                self._by_kind[kind] = one
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.stop()

    def __getitem__(self, kind: str) -> ServedSource:
        return self._by_kind[kind]

    @property
    def kinds(self) -> tuple[str, ...]:
        """In the order asked for."""
        return tuple(self._by_kind)

    @property
    def all(self) -> tuple[ServedSource, ...]:
        """In the order asked for."""
        return tuple(self._by_kind.values())

    @property
    def plans(self) -> tuple[SourcePlan, ...]:
        """For the configuration of a pair."""
        return tuple(one.plan for one in self.all)

    def truth(self) -> tuple[TruthItem, ...]:
        """Everything offered so far, source by source."""
        return tuple(item for one in self.all for item in one.admin.truth())

    def polls(self) -> tuple[Poll, ...]:
        """Every listing, of all sources, in order of time."""
        found = [poll for one in self.all for poll in one.admin.polls()]
        return tuple(sorted(found, key=lambda poll: poll.monotonic_ns))

    def stop(self) -> None:
        """Stop all; a second time changes nothing."""
        self._stack.close()
