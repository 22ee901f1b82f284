"""How items travel: as the body of a job between nodes, and as records of the journal.

msgpack outside, validated by pydantic on the way in, every number and text within `bounds.py`. Unknown fields are ignored, so that a newer
peer or an older journal can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from cluster.packing import pack, unpack
from recorder.errors import RecorderError
from recorder.model import BufferedItem, ItemEvent, ItemRef, ItemState
from recorder.settings.bounds import Bounds, check

T = TypeVar("T")

FAIL_STATES = (ItemState.FAILED, ItemState.GONE, ItemState.NOT_RECORDABLE)
OWN_DISK = Bounds(text_chars_max=16 * 1024 * 1024, entries_max=1_000_000)
"""What this node wrote itself is not thrown away for its length."""


@dataclass(frozen=True, slots=True)
class JobBody:
    """What the poller sends along with a job."""

    ref: ItemRef
    found_us: int
    events: tuple[ItemEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class DoneBody:
    """What the node that archived an item reports."""

    ref: ItemRef
    size_bytes: int
    media: int
    attempts: int


@dataclass(frozen=True, slots=True)
class FailBody:
    """What the node that could not fetch an item reports."""

    ref: ItemRef
    state: ItemState
    """FAILED, GONE or NOT_RECORDABLE."""
    code: str
    message: str
    attempts: int
    retry_after_s: float | None = None
    events: tuple[ItemEvent, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for another state."""
        if self.state not in FAIL_STATES:
            raise ValueError(f"no item fails by being {self.state}")


class Codec(Generic[T]):
    """Bytes for one dataclass and back."""

    def __init__(self, kind: type[T], bounds: Bounds = Bounds()) -> None:  # noqa: B008 - frozen
        self._kind = kind
        self._bounds = bounds
        self._adapter = TypeAdapter(kind)

    def encode(self, value: T) -> bytes:
        """Bytes that `decode` turns into an equal value."""
        return pack(self._adapter.dump_python(value, mode="json"))

    def decode(self, data: bytes) -> T:
        """Raises RecorderError when the bytes are no such value, or one out of bounds."""
        try:
            value = self._adapter.validate_python(unpack(data))
            check(value, self._bounds)
        except (ValueError, ValidationError, OverflowError) as error:
            raise RecorderError(f"these bytes are no {self._kind.__name__}") from error
        return value


def job_key(ref: ItemRef) -> str:
    """The key of the job for this item: the same on both nodes, another one for a new version."""
    return f"{ref.source}/{ref.key}@{ref.version}"


def source_of(key: str) -> str:
    """The source that a job key begins with."""
    return key.partition("/")[0]


JOB = Codec(JobBody)
DONE = Codec(DoneBody)
FAIL = Codec(FailBody)
BUFFERED = Codec(BufferedItem, OWN_DISK)
