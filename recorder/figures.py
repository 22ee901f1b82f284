"""The small numbers a node shows of itself and tells its peer, from snapshots alone. Pure."""

from __future__ import annotations

from cluster.board import Board
from cluster.status import PairStatus
from recorder.status import ArchiveStatus, IngestStatus, SourceStatus


def sources(board: Board) -> tuple[SourceStatus, ...]:
    """Every source that has a poller, by name."""
    found = (board.read(p, SourceStatus) for p in board.parts() if p.startswith("source:"))
    return tuple(status for status in found if status is not None)


def source_lag_s(source: SourceStatus, now_us: int) -> float | None:
    """How far behind a source is, in seconds, on its own clock; None before there is a watermark.

    A standby has not asked the source for the time yet: until then this node's calendar must do.
    """
    if source.lag_s is not None or source.watermark_us is None:
        return source.lag_s
    return max(0.0, (now_us - source.watermark_us) / 1e6)


def lag_s(board: Board, now_us: int) -> float | None:
    """The worst lag of any source in seconds; None when none is known."""
    lags = [source_lag_s(source, now_us) for source in sources(board)]
    return max((lag for lag in lags if lag is not None), default=None)


def figures(board: Board, now_us: int) -> dict[str, float]:
    """What every heartbeat carries to the peer's surfaces; what is unknown is absent.

    `queue_depth` and `queue_depth_max` (items in hand, and how many would be), `archived` and `found`
    (items since this node started), `since_us` (when it took its role), `lag_s`.
    """
    ingest = board.read("ingest", IngestStatus)
    archive = board.read("archive", ArchiveStatus)
    pair = board.read("pair", PairStatus)
    every = sources(board)
    lag = lag_s(board, now_us)
    told: dict[str, float] = {}
    if ingest is not None:
        told["queue_depth"] = ingest.queued + ingest.downloading
        told["queue_depth_max"] = told["queue_depth"] + ingest.free_capacity
    if archive is not None:
        told["archived"] = archive.archived
    if every:
        told["found"] = sum(source.found for source in every)
    if pair is not None:
        told["since_us"] = pair.since_us
    if lag is not None:
        told["lag_s"] = round(lag, 3)
    return told
