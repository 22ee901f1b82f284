"""The ports of a node with rows for what goes through them: frames, calls to the Data Center, requests, saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeAlias

from cluster.frames import Mark
from cluster.ports import LeaseView, NodeState
from recorder.assembly.actors import NodePorts
from recorder.model import BufferedItem, ItemOutcome, ItemRef, SourceProgress, Window
from recorder.tracing.facts import item_data, marks_data
from recorder.tracing.frames import FrameBook, TracedTransport
from recorder.tracing.rows import TraceKind
from recorder.tracing.screens import traced_screens
from recorder.tracing.tracer import TracedRuntime, TracedWorkers, Tracer

OutcomeOf: TypeAlias = Callable[[Exception], str]
Detail: TypeAlias = Callable[..., Mapping[str, Any]]
"""Takes the arguments of a call; for the row of it."""
After: TypeAlias = Callable[..., None]
"""Takes the arguments of a call that did not fail; writes rows that follow from it."""

SILENT: Final = frozenset(
    {
        "items", "item", "story", "item_counts", "contacts", "contact", "role_history", "open", "keys",
        "content", "path", "names", "old_names", "free_bytes", "open_part", "load", "close", "info",
        "check",
    }
)  # fmt: skip
"""What only looks: no rows."""


class TracedCalls:
    """A port whose calls become rows when they are over: those in `names`, or all that do something."""

    def __init__(
        self,
        port: Any,
        *,
        on_end: Callable[[str, int, str, tuple[Any, ...], Any], None],
        now_ns: Callable[[], int],
        outcome_of: OutcomeOf,
        names: tuple[str, ...],
    ) -> None:
        self._port = port
        self._on_end = on_end
        self._now_ns = now_ns
        self._outcome_of = outcome_of
        self._names = names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        told = name in self._names if self._names else name not in SILENT
        return partial(self._call, found, name) if told else found

    def _call(self, call: Callable[..., Any], name: str, *args: Any, **options: Any) -> Any:
        began_ns = self._now_ns()
        try:
            answer = call(*args, **options)
        except Exception as error:
            self._on_end(name, began_ns, self._outcome_of(error), args, None)
            raise
        self._on_end(name, began_ns, "ok", args, answer)
        return answer


def failed(error: Exception) -> str:
    """The outcome of a call that raised: what it raised, never its text."""
    return f"failed: {type(error).__name__}"


def traced_ports(
    ports: NodePorts,
    tracer: Tracer,
    frames: FrameBook,
    *,
    outcome_of: OutcomeOf = failed,
    requests: bool = True,
) -> NodePorts:
    """`ports` with rows. Without `requests` those to services are left to someone who sees more of them."""
    rows = _Rows(tracer)

    def calls(port: Any, end: Callable[..., None], *names: str) -> Any:
        return TracedCalls(
            port, on_end=end, now_ns=tracer.now_ns, outcome_of=outcome_of, names=names
        )

    return replace(
        ports,
        runtime=TracedRuntime(ports.runtime, tracer),
        workers={name: TracedWorkers(lane, tracer) for name, lane in ports.workers.items()},
        transport=TracedTransport(ports.transport, frames),
        lease=calls(ports.lease, rows.lease),
        state=calls(ports.state, rows.disk, "save"),
        progress=calls(ports.progress, rows.disk, "save"),
        files=calls(ports.files, rows.disk, "discard"),
        contact_db=calls(ports.contact_db, rows.data_center),
        archive=calls(ports.archive, rows.data_center),
        screens=traced_screens(ports.screens, tracer),
        sources={
            name: calls(source, rows.request, *_REQUESTS) if requests else source
            for name, source in ports.sources.items()
        },
        fetcher=calls(ports.fetcher, rows.request, "fetch") if requests else ports.fetcher,
    )


_REQUESTS: Final = ("server_time", "list_items", "describe", "check")


class _Rows:
    """What a call becomes."""

    def __init__(self, tracer: Tracer) -> None:
        self._row = tracer.row

    def lease(
        self, name: str, began_ns: int, outcome: str, args: tuple[Any, ...], view: LeaseView | None
    ) -> None:
        del args
        said = (
            {}
            if view is None
            else {"term": view.term, "holder": view.holder, "granted": view.granted}
        )
        self._call(name, began_ns, outcome, "data_center", said)

    def data_center(
        self, name: str, began_ns: int, outcome: str, args: tuple[Any, ...], answer: Any
    ) -> None:
        del answer
        match (name, *args):
            case ("commit", items, *_):
                self._commit(items, began_ns, outcome)
            case ("save_progress", SourceProgress() as progress, term):
                self._call(name, began_ns, outcome, "data_center", {"term": term})
                self._progress("saved", progress, outcome, {"term": term})
            case ("record_outcome", ItemOutcome() as end, term):
                self._call(name, began_ns, outcome, "data_center", {"term": term})
                self._outcome(end, outcome)
            case ("put", key, *_):
                self._call(name, began_ns, outcome, "data_center", {"object": key})
            case ("unfinished" | "record_found", refs, *_):
                self._call(name, began_ns, outcome, "data_center", {"items": _keys(refs)})
            case _:
                self._call(name, began_ns, outcome, "data_center", {})

    def disk(
        self, name: str, began_ns: int, outcome: str, args: tuple[Any, ...], answer: Any
    ) -> None:
        del answer
        match (name, *args):
            case ("save", NodeState() as state):
                self._call("keep_state", began_ns, outcome, "disk", {"term": state.term})
            case ("save", SourceProgress() as progress):
                self._progress("kept", progress, outcome, {})
            case ("discard", str() as file):
                if outcome == "ok":
                    self._row(TraceKind.ITEM, "discarded", to="disk", file=file)
            case _:
                self._call(name, began_ns, outcome, "disk", {})

    def request(
        self, name: str, began_ns: int, outcome: str, args: tuple[Any, ...], answer: Any
    ) -> None:
        del answer
        data: dict[str, Any] = {"began_ns": began_ns, "outcome": outcome}
        match args:
            case (ItemRef() as ref, *_):
                data["item"] = ref.key
            case (Window() as window, *_):
                data |= {"from_us": window.from_us, "to_us": window.to_us}
            case _:
                pass
        what = {"list_items": "list", "fetch": "media", "server_time": "time"}.get(name, name)
        self._row(TraceKind.REQUEST, what, to="service", **data)

    # -- rows ----

    def _call(
        self, what: str, began_ns: int, outcome: str, to: str, data: Mapping[str, Any]
    ) -> None:
        self._row(TraceKind.CALL, what, to=to, began_ns=began_ns, outcome=outcome, **data)

    def _commit(self, items: Sequence[BufferedItem], began_ns: int, outcome: str) -> None:
        refs = [item.ref for item in items]
        self._call("commit", began_ns, outcome, "data_center", {"items": _keys(refs)})
        if outcome == "ok":
            for ref in refs:
                self._row(TraceKind.ITEM, "archived", to="data_center", **item_data(ref))

    def _progress(
        self, what: str, progress: SourceProgress, outcome: str, data: Mapping[str, Any]
    ) -> None:
        if outcome == "ok":
            mark = Mark(progress.epoch, progress.watermark_us)
            self._row(TraceKind.WATERMARK, what, **marks_data(progress.source, mark), **data)

    def _outcome(self, end: ItemOutcome, outcome: str) -> None:
        if outcome == "ok":
            what = "parked" if end.parked else end.state.value
            reason = end.reason.partition(":")[0]
            self._row(TraceKind.ITEM, what, to="data_center", **item_data(end.ref), reason=reason)


def _keys(refs: Sequence[ItemRef]) -> list[str]:
    return [ref.key for ref in refs]
