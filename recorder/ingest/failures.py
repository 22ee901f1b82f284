"""What the failure of a fetch means for its item. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.errors import CallBufferError, ItemGone, RecorderError, SourceError
from recorder.model import ItemState


@dataclass(frozen=True, slots=True)
class Failure:
    """How an item failed; the text holds no secret."""

    state: ItemState
    """FAILED, GONE or NOT_RECORDABLE."""
    code: str
    message: str
    retry_after_s: float | None = None
    is_bug: bool = False
    """Not foreseen by the adapter: its maker should hear of it."""


def failure_of(error: Exception, source: str) -> Failure:
    """The failure behind `error`, whatever it is: one broken adapter never stops a node."""
    match error:
        case ItemGone():
            return Failure(ItemState.GONE, error.code, str(error))
        case SourceError():
            return Failure(ItemState.FAILED, error.code, str(error), error.retry_after_s)
        case CallBufferError():
            return Failure(ItemState.FAILED, "call_buffer", str(error))
        case RecorderError():
            return Failure(ItemState.FAILED, "node_error", str(error))
        case _:
            # The text of a foreign exception may quote an address or a token: its name must do.
            what = f"{type(error).__name__} while fetching from {source}"
            return Failure(ItemState.FAILED, "adapter_error", what, is_bug=True)


def not_recordable(reason: str) -> Failure:
    """The source has nothing to keep for this item."""
    return Failure(ItemState.NOT_RECORDABLE, "not_recordable", reason)


def turned_away(reason: str) -> Failure:
    """This node has no room; the other may have."""
    return Failure(ItemState.FAILED, "call_buffer", f"this node takes nothing: {reason}")


def unknown_source(source: str) -> Failure:
    """The other node knows a source that this one does not."""
    return Failure(
        ItemState.FAILED,
        "unknown_source",
        f"this node has no source {source!r}; both nodes need the same sources",
    )
