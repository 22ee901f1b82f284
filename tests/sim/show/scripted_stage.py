"""A stage whose nodes are no processes: the plays of `demo` and `up` without minutes of waiting."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from sim.served.source_plan import client_id
from sim.show.display import Picture, SourcePicture
from sim.ucaas.statistics import Poll

WHOLE = ({"node": "alpha", "role": "primary"}, {"node": "beta", "role": "secondary"})


@dataclass
class ScriptedNode:
    name: str
    running: bool = True
    exit_status: int | None = None
    pid: int = 4711
    url: str = "http://127.0.0.1:1"
    log: Path = Path("alpha.log")
    done: list[object] = field(default_factory=list)

    def signal(self, number):
        self.done.append(number)

    def wait(self):
        self.done.append("wait")

    def start(self):
        self.done.append("start")
        self.running = True


def picture(nodes=WHOLE, offered=0, archived=0, sources=()):
    """Of the source `dynamics`, or of several: (name, offered, archived)."""
    rows = sources or (("dynamics", offered, archived),)
    return Picture(
        nodes=nodes,
        offered=sum(row[1] for row in rows),
        archived=sum(row[2] for row in rows),
        failed=0,
        at_s=0.0,
        sources=tuple(SourcePicture(row[0], "alpha", row[1], row[2], 0) for row in rows),
    )


@dataclass
class ScriptedSource:
    kind: str
    base: str
    fed: list[float] = field(default_factory=list)

    @property
    def admin(self):
        return SimpleNamespace(feed=self.fed.append)


class ScriptedStage:
    """Shows the pictures it is given, one for each look; the last one again and again."""

    def __init__(self, *pictures, directory=Path(), polls=(), kinds=("dynamics",)):
        self.directory = directory
        self.events = []
        self.pictures = list(pictures)
        self.looks = 0
        nodes = {name: ScriptedNode(name) for name in ("alpha", "beta")}
        self.pair = SimpleNamespace(
            nodes=nodes,
            urls="http://127.0.0.1:1,http://127.0.0.1:2",
            token_file=directory / "token",
            other=lambda name: nodes["beta" if name == "alpha" else "alpha"],
        )
        self.served = SimpleNamespace(
            kinds=kinds,
            all=tuple(
                ScriptedSource(kind, f"http://127.0.0.1:{n}") for n, kind in enumerate(kinds, 3)
            ),
            polls=lambda: tuple(polls),
        )

    def event(self, text):
        self.events.append(text)

    def watch(self, _seconds):
        self.looks += 1
        return self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]


def poll_of(node, at_ns, number=1, kind="dynamics"):
    return Poll(number, client_id(kind, node), at_ns, 0, first_page=True, status=200)
