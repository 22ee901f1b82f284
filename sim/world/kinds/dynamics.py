"""Dynamics 365 in a world: an environment for each source, and one authority for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from recorder.adapters.dynamics.plugin import PLUGIN
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.mix import CallMix, MixOptions
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import DYNAMICS
from sim.world.incident import Workload
from sim.world.kinds.kind import Birth, Kind, Talk, client_id, client_secret, hook_secret
from sim.world.kinds.sounds import sounds

NAME: Final = "dynamics"
AUTHORITY: Final = "login.microsoftonline.com"


def company(source: str) -> str:
    """Whose environment it is: a part of its host names."""
    return "contoso" + source.removeprefix(NAME)


def table(source: str, node: str) -> Mapping[str, Any]:
    """See Kind."""
    return {
        "kind": NAME,
        "org_url": f"https://{company(source)}.crm.dynamics.com",
        "tenant": f"{company(source)}.example",
        "client_id": client_id(node),
        "client_secret": f"value:{client_secret(node)}",
        "webhook_secret": f"value:{hook_secret(source)}",
    }


def serves(source: str, url: httpx.URL) -> bool:
    """See Kind. The authority tells environments apart by their tenant."""
    if url.host == AUTHORITY:
        return url.path.startswith(f"/{company(source)}.example/")
    return url.host in _hosts(source)


def _hosts(source: str) -> tuple[str, ...]:
    name = company(source)
    return (
        f"{name}.crm.dynamics.com",
        f"{name}files.blob.core.windows.net",
        _elsewhere(source),
    )


def _elsewhere(source: str) -> str:
    return "elsewhere" + source.removeprefix(NAME) + ".invalid"


class DynamicsCalls:
    """An environment and the calls that end there."""

    posting = None

    def __init__(self, birth: Birth) -> None:
        name = company(birth.source)
        self.fake = FakeDynamics(
            now_us=birth.now_us,
            monotonic_ns=birth.monotonic_ns,
            clients=[ClientApp(client_id(node), client_secret(node)) for node in birth.nodes],
            seed=birth.seed,
            source=birth.source,
            tenant=f"{name}.example",
            org_url=f"https://{name}.crm.dynamics.com",
            blob_url=f"https://{name}files.blob.core.windows.net",
            elsewhere_url=f"https://{_elsewhere(birth.source)}",
            on_arrival=birth.on_arrival,
        )
        self._mix = CallMix(bank=sounds(), seed=birth.seed, options=_options(birth.workload))
        self._rate = birth.workload.calls_per_minute

    def begin(self) -> None:
        """See Born."""
        self.fake.feed(self._mix, self._rate)

    def end(self) -> None:
        """See Born."""
        self.fake.feed(None, 0.0)

    def record(self, talk: Talk) -> bool:
        """See Born."""
        bank, last = sounds(), len(talk.sounds) - 1
        recordings = tuple(
            RecordingScript(audio=bank[number], row_delay_s=talk.late_s if place == last else 1.0)
            for place, number in enumerate(talk.sounds)
        )
        legs = (Leg(agent=0, seconds=talk.seconds),)
        self.fake.place([CallScript(talk.end_us, legs, recordings, key=talk.key)])
        return True


def _options(workload: Workload) -> MixOptions:
    return MixOptions(
        late=workload.late,
        late_s=workload.late_s,
        deleted=workload.deleted,
        replaced=workload.replaced,
        unrecorded=workload.unrecorded,
        bump=workload.bump,
        second_recording=workload.second_recording,
        equal_stamps=workload.equal_stamps,
    )


KIND: Final = Kind(
    name=NAME,
    plugin=PLUGIN,
    table=table,
    born=DynamicsCalls,
    serves=serves,
    manners=DYNAMICS,
)
