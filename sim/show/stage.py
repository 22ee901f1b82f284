"""Fake services and a pair on this computer, looked at from outside while it runs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.contact_db.screens import SqlScreenDb
from recorder.adapters.folder_archive import FolderArchive
from recorder.cli.errors import CliError, Exit
from recorder.errors import DataCenterError
from sim.checkers.contents import Contents, read_contents
from sim.served.local_pair import CLUSTER, NODES, LocalPair, PairPlan, free_ports
from sim.served.sources import DYNAMICS, ServedSources
from sim.show.display import Display, Picture, SourcePicture
from sim.truth import TruthItem

_LOOK_EVERY_S = 0.25


class Stage:
    """Fakes, pair and display of one show. Use it as a context: everything ends with it.

    `directory` is emptied first. Raises CliError when something else than a show was in it.
    """

    def __init__(
        self,
        directory: Path,
        audio: Path,
        display: Display,
        *,
        kinds: tuple[str, ...] = (DYNAMICS,),
        tables: Mapping[str, Mapping[str, Any]] | None = None,
        web_ports: Mapping[str, int] | None = None,
        fake_ports: Mapping[str, int] | None = None,
        webhooks: bool = False,
    ) -> None:
        """`webhooks`: services that have them send them to both nodes."""
        _empty(directory)
        self.directory = directory
        self.display = display
        self._started = time.monotonic()  # noqa: TID251 - a show runs in real time
        self.event("making or loading the audio of the calls")
        ports = {**dict(zip(NODES, free_ports(len(NODES)), strict=True)), **(web_ports or {})}
        hear = {node: f"http://127.0.0.1:{port}" for node, port in ports.items()}
        self.served = ServedSources(kinds, audio, ports=fake_ports, hear=hear if webhooks else None)
        self.pair = LocalPair(
            PairPlan(directory, self.served.plans, tables=tables or {}, web_ports=ports)
        )
        engine = open_engine(f"sqlite:///{directory}/center/contacts.db")
        self._clock = RealClock()
        self._db = SqlContactDb(engine, cluster=CLUSTER, node="observer", clock=self._clock)
        self._screens = SqlScreenDb(engine)
        self._archive = FolderArchive(directory / "center/archive")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        with ExitStack() as stack:  # each of them, whatever happens to the others; from the last on
            stack.callback(self.display.close)
            stack.callback(self._clock.stop)
            stack.callback(self._db.close)
            stack.callback(self.served.stop)
            stack.enter_context(self.pair)

    def event(self, text: str) -> None:
        """Tell that something happened."""
        self.display.event(self._now_s(), text)

    def _now_s(self) -> float:
        return time.monotonic() - self._started  # noqa: TID251

    def look(self) -> Picture:
        """Look at both nodes and the Data Center, and show it."""
        rows: list[dict[str, Any]] = []
        for name, node in self.pair.nodes.items():
            view = node.view() if node.running else None
            own = next((n for n in view["nodes"] if n["node"] == name), None) if view else None
            rows.append(own or {"node": name, "role": "starting" if node.running else "down"})
        states = self._states()
        sources = self._sources(rows, self.served.truth(), states)
        picture = Picture(
            nodes=tuple(rows),
            offered=sum(source.offered for source in sources),
            archived=sum(source.archived for source in sources),
            failed=sum(source.failed for source in sources),
            at_s=self._now_s(),
            sources=sources,
        )
        self.display.show(picture)
        return picture

    def watch(self, seconds: float) -> Picture:
        """Show for so long."""
        end = time.monotonic() + seconds  # noqa: TID251
        picture = self.look()
        while time.monotonic() < end:  # noqa: TID251
            time.sleep(_LOOK_EVERY_S)  # noqa: TID251 - the show goes on at a human pace
            picture = self.look()
        return picture

    def replayed(self, call: str) -> str | None:
        """The contact of a call, once it can be replayed with screen and sound."""
        try:
            contact = self._db.contact(call)
            made = () if contact is None else self._screens.renditions(contact.row.contact_id)
        except DataCenterError:
            return None
        whole = any(one.has_screen and one.has_audio for one in made)
        return contact.row.contact_id if contact is not None and whole else None

    def read(self) -> Contents:
        """All the Data Center holds, every object hashed."""
        return read_contents(self._db, self._archive)

    def _sources(
        self,
        rows: Sequence[Mapping[str, Any]],
        truth: Sequence[TruthItem],
        states: Mapping[tuple[str, str], int],
    ) -> tuple[SourcePicture, ...]:
        """Each source by the word of the node that polls it."""
        primary = next((str(row["node"]) for row in rows if row.get("role") == "primary"), "")
        told = self.pair.nodes[primary].sources() if primary else []
        views = {str(view["source"]): view for view in told}
        return tuple(
            SourcePicture(
                name=kind,
                polled_by=primary,
                offered=sum(item.must_be_archived for item in truth if item.source == kind),
                archived=states.get((kind, "archived"), 0),
                failed=states.get((kind, "failed"), 0) + states.get((kind, "parked"), 0),
                state=str(views.get(kind, {}).get("state", "")),
                lag_s=views.get(kind, {}).get("lag_seconds"),
                pending=views.get(kind, {}).get("pending"),
                last_error=str(views.get(kind, {}).get("last_error") or ""),
            )
            for kind in self.served.kinds
        )

    def _states(self) -> Mapping[tuple[str, str], int]:
        try:
            return self._db.item_counts()
        except DataCenterError:
            return {}


def _empty(directory: Path) -> None:
    """Make room, but only where nothing is, or where a show was before."""
    if not directory.exists():
        return
    of_a_show = (directory / f"{NODES[0]}.toml").is_file()
    if not of_a_show and (not directory.is_dir() or any(directory.iterdir())):
        raise CliError(
            f"{directory} holds something else: it would be emptied.",
            Exit.USAGE,
            hint="Choose an empty or new folder: --directory FOLDER.",
        )
    shutil.rmtree(directory)
