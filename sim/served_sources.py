"""Fake services on real ports, each with what a pair needs to record from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sim.source_plan import NODES, SourcePlan, client_id, client_secret
from sim.truth import TruthItem
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.serving import Urls, serve_dynamics
from sim.ucaas.statistics import Poll

DYNAMICS = "dynamics"


@dataclass(frozen=True, slots=True)
class ServedSource:
    """A running fake, its admin API, and how the nodes reach it; `stop` ends it."""

    kind: str
    base: str
    """Its address; the admin API is below `base`/_sim/."""
    plan: SourcePlan
    admin: SimAdmin
    end: Callable[[], None]
    downloads: tuple[str, ...]
    """What this kind calls its requests for media, as faults name them."""
    demo_mix: Mapping[str, float | tuple[float, float]]
    """How the calls of a demo are drawn."""

    def stop(self) -> None:
        """Stop the server and give the connection back."""
        with ExitStack() as stack:
            stack.callback(self.end)
            stack.callback(self.admin.close)


def client_apps() -> tuple[ClientApp, ...]:
    """One Dynamics application per node, as an administrator would register them."""
    return tuple(ClientApp(client_id(DYNAMICS, n), client_secret(DYNAMICS, n)) for n in NODES)


def dynamics_plan(urls: Urls, **keys: Any) -> SourcePlan:
    """The Dynamics environment at these addresses; `keys` are more of its table."""
    return SourcePlan(
        kind=DYNAMICS,
        keys={
            "org_url": urls.org,
            "authority": urls.authority,
            "tenant": urls.tenant,
            "media_hosts": ["127.0.0.1"],
            "requests_per_5min": 6000,
            **keys,
        },
        of_node={node: {"client_id": client_id(DYNAMICS, node)} for node in NODES},
        secrets={node: {"client_secret": client_secret(DYNAMICS, node)} for node in NODES},
    )


def _dynamics(audio: Path, port: int) -> ServedSource:
    served = serve_dynamics(clients=client_apps(), audio=audio, port=port)
    return ServedSource(
        kind=DYNAMICS,
        base=served.urls.base,
        plan=dynamics_plan(served.urls),
        admin=SimAdmin(served.urls.base),
        end=served.stop,
        downloads=("blob", "value"),
        demo_mix={"longest_s": 300.0},
    )


_OPENERS: Mapping[str, Callable[[Path, int], ServedSource]] = {DYNAMICS: _dynamics}
KINDS = tuple(_OPENERS)
"""What can be served."""


class ServedSources:
    """Several fakes, each on a port of its own. Use it as a context: all end with it.

    `kinds` are of KINDS; `ports` where they are to be served, free ones by default.
    """

    def __init__(
        self, kinds: tuple[str, ...], audio: Path, ports: Mapping[str, int] | None = None
    ) -> None:
        with ExitStack() as stack:
            self._by_kind: dict[str, ServedSource] = {}
            for kind in kinds:
                one = _OPENERS[kind](audio, (ports or {}).get(kind, 0))
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
