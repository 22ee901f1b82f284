"""The network between simulated hosts: latency, loss, cuts, dead and stopped hosts.

It behaves like TCP over a bad line: streams are never reordered or damaged, bytes sent into a cut
wait and arrive when it heals, a sender whose bytes stay unacknowledged for 8 s gives up alone, and a
host that knows nothing of a stream resets it. Faults are switched by methods, each direction alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Final

from cluster.ports import Address, Endpoint, TransportEvent
from sim.clockwork.kernel import Chance, Kernel

if TYPE_CHECKING:
    from sim.stand_ins.transport import SimConnection, SimTransport

NS: Final = 1_000_000_000
RETRANSMIT_NS: Final = 200_000_000
RETRANSMIT_NS_MAX: Final = 6_400_000_000


@dataclass(frozen=True, slots=True)
class Weather:
    """What a fault does to one direction. Several at once add up."""

    is_cut: bool = False
    delay_s: float = 0.0
    """Added to every segment."""
    jitter_s: float = 0.0
    """Added at random, up to so much."""
    loss: float = 0.0
    spikes: float = 0.0
    """Share of segments that take `spike_s` longer, and all behind them with them."""
    spike_s: float = 0.0
    doubled: float = 0.0
    """Share of pieces that arrive twice: no TCP does that, but a frame may be said twice."""
    overtaken: float = 0.0
    """Share of pieces that arrive up to `behind_s` late while those behind them do not."""
    behind_s: float = 0.0


@dataclass(slots=True)
class Path:
    """One direction between two hosts."""

    latency_s: tuple[float, float]
    loss: float = 0.0
    """Chance that a segment is lost and sent again, 0.2 s later (then 0.4 s, …)."""
    is_cut: bool = False
    weather: list[Weather] = field(default_factory=list[Weather])
    """What faults do to it at present."""
    sky: Weather | None = None
    """All of that together; None for none."""


@dataclass(slots=True)
class _Host:
    """What the network knows of one host."""

    listeners: dict[int, Address[TransportEvent]] = field(
        default_factory=dict[int, Address[TransportEvent]]
    )
    transports: list[SimTransport] = field(default_factory=list["SimTransport"])
    ends: list[SimConnection] = field(default_factory=list["SimConnection"])
    on_send: Callable[[], None] | None = None
    """Called after the process sent something: it may die there."""
    is_off: bool = False
    is_stalled: bool = False
    held: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    next_port: int = 40_000


def _together(weather: Sequence[Weather]) -> Weather | None:
    """Several faults as one: delays add up, chances combine."""
    if not weather:
        return None

    def either(shares: Iterable[float]) -> float:
        return 1.0 - prod(1.0 - share for share in shares)

    return Weather(
        is_cut=any(one.is_cut for one in weather),
        delay_s=sum(one.delay_s for one in weather),
        jitter_s=sum(one.jitter_s for one in weather),
        loss=min(0.95, either(one.loss for one in weather)),
        spikes=either(one.spikes for one in weather),
        spike_s=max(one.spike_s for one in weather),
        doubled=either(one.doubled for one in weather),
        overtaken=either(one.overtaken for one in weather),
        behind_s=max(one.behind_s for one in weather),
    )


class SimNetwork:
    """All hosts and the paths between them. Host names are what endpoints carry."""

    def __init__(self, *, kernel: Kernel, latency_s: tuple[float, float] = (0.0002, 0.002)) -> None:
        self.kernel = kernel
        self._latency_s = latency_s
        self._hosts: dict[str, _Host] = {}
        self._paths: dict[tuple[str, str], Path] = {}
        self._numbers = 0
        self.lost = 0
        """Segments lost so far, on all paths."""
        self.doubled = 0
        self.overtaken = 0

    # -- faults ----

    def shape(
        self, source: str, target: str, *, latency_s: tuple[float, float], loss: float = 0.0
    ) -> None:
        """Latency (uniform) and loss of what `source` sends to `target`, from now on."""
        path = self.path(source, target)
        path.latency_s = latency_s
        path.loss = loss

    def cut(self, source: str, target: str) -> None:
        """Nothing of `source` reaches `target` any more; the other direction stays."""
        self.path(source, target).is_cut = True

    def heal(self, source: str, target: str) -> None:
        """What waited at the cut arrives."""
        self.path(source, target).is_cut = False
        self._flow()

    def cut_both(self, one: str, other: str) -> None:
        """A partition between two hosts."""
        self.cut(one, other)
        self.cut(other, one)

    def heal_both(self, one: str, other: str) -> None:
        """End of the partition."""
        self.heal(one, other)
        self.heal(other, one)

    def begin(self, source: str, target: str, weather: Weather) -> None:
        """A fault lies on this direction from now on."""
        path = self.path(source, target)
        path.weather.append(weather)
        path.sky = _together(path.weather)

    def end(self, source: str, target: str, weather: Weather) -> None:
        """It is over; what waited at a cut arrives."""
        path = self.path(source, target)
        path.weather.remove(weather)
        path.sky = _together(path.weather)
        self._flow()

    def tear(self, source: str, target: str, share: float) -> None:
        """Every stream breaks in the middle of the next thing `source` sends to `target`."""
        for end in list(self.host(source).ends):
            if end.remote_host == target:
                end.tear_next(share)

    def orphan(self, source: str, target: str, *, hold_s: float, late_s: float) -> None:
        """Every stream breaks for `source` alone in `hold_s`; `target` hears the rest `late_s` later.

        So the frames of an old stream meet those of the new one.
        """
        for end in list(self.host(source).ends):
            if end.remote_host == target:
                end.orphan(round(hold_s * NS), round(late_s * NS))

    def reset(self, one: str, other: str) -> None:
        """Break every stream between two hosts, as a fire wall that forgets them does."""
        for end in list(self.host(one).ends):
            if end.remote_host == other:
                end.end("connection reset by peer")
                end.other.end("connection reset by peer")

    def crash(self, host: str) -> None:
        """The process dies, the host lives: streams are reset, dials are refused."""
        for end in self._forget(host):
            end.send_reset()

    def power_off(self, host: str) -> None:
        """The host is gone without a word: dials to it run into their time limit."""
        self._forget(host)
        self.host(host).is_off = True

    def power_on(self, host: str) -> None:
        """The host answers again; it remembers no stream."""
        self.host(host).is_off = False
        self._flow()

    def stall(self, host: str) -> None:
        """The process is stopped (SIGSTOP): its host takes bytes and connections, it sees nothing."""
        self.host(host).is_stalled = True

    def resume(self, host: str) -> None:
        """The process goes on and sees everything at once, in order."""
        known = self.host(host)
        known.is_stalled = False
        held, known.held = known.held, []
        for action in held:
            action()

    # -- for the transports ----

    def host(self, name: str) -> _Host:
        """The host called so; made when first named."""
        return self._hosts.setdefault(name, _Host())

    def path(self, source: str, target: str) -> Path:
        """The direction from `source` to `target`."""
        return self._paths.setdefault((source, target), Path(self._latency_s))

    def is_open(self, source: str, target: str) -> bool:
        """Whether anything gets through in this direction."""
        off = self.host(source).is_off or self.host(target).is_off
        path = self.path(source, target)
        return not (off or path.is_cut or (path.sky is not None and path.sky.is_cut))

    def delay_ns(self, source: str, target: str) -> int:
        """How long the next segment takes."""
        path = self.path(source, target)
        chance = self.kernel.streams.stream("net", source, target)
        delay_ns = round(chance.uniform(*path.latency_s) * NS) + self._lost_ns(chance, path.loss)
        sky = path.sky
        if sky is not None:
            # Chance of its own: a fault does not re-roll what happens without it.
            chance = self.weather_chance(source, target)
            spike_s = sky.spike_s if chance.random() < sky.spikes else 0.0
            more_s = sky.delay_s + sky.jitter_s * chance.random() + spike_s
            delay_ns += round(more_s * NS) + self._lost_ns(chance, sky.loss)
        return delay_ns

    def weather_chance(self, source: str, target: str) -> Chance:
        """Where faults on this direction draw from."""
        return self.kernel.streams.stream("weather", source, target)

    def _lost_ns(self, chance: Chance, loss: float) -> int:
        """How much later a segment comes that is sent again until it is not lost."""
        delay_ns, again_ns = 0, RETRANSMIT_NS
        while loss and chance.random() < loss:
            self.lost += 1
            delay_ns += again_ns
            again_ns = min(2 * again_ns, RETRANSMIT_NS_MAX)
        return delay_ns

    def later(self, delay_ns: int, source: str, target: str, action: Callable[[], None]) -> None:
        """Run `action` when what `source` sends now has reached `target`."""
        self.kernel.schedule(delay_ns, action, label=f"net {source} > {target}")

    def tell(self, host: str, address: Address[Any], event: TransportEvent) -> None:
        """Report to the process on `host`, when it runs."""
        known = self.host(host)
        if known.is_stalled:
            known.held.append(lambda: address.tell(event))
        else:
            address.tell(event)

    def listener(self, endpoint: Endpoint) -> Address[TransportEvent] | None:
        """Who listens there."""
        return self.host(endpoint.host).listeners.get(endpoint.port)

    def next_number(self) -> int:
        """A number for a connection."""
        self._numbers += 1
        return self._numbers

    def _forget(self, host: str) -> list[SimConnection]:
        known = self.host(host)
        known.listeners.clear()
        known.held.clear()
        known.is_stalled = False
        for transport in known.transports:
            transport.is_dead = True
        known.transports.clear()
        ends, known.ends = known.ends, []
        for end in ends:
            end.is_dead = True
        return ends

    def _flow(self) -> None:
        for known in list(self._hosts.values()):
            for end in list(known.ends):
                end.flow()
                end.other.flow()
