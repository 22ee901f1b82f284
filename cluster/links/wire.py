"""Frames to bytes and back, without any I/O.

On the wire a frame is a 4-byte big-endian length and a msgpack map `{"t": <name>, ...fields}`. What
arrives is validated field by field: exact types, finite numbers, bounded lengths. Unknown fields are
ignored, so that a newer peer is understood; an unknown name is not. Both directions use the same
checks: what `encode` accepts, the other side's decoder accepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
)

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError

from cluster.errors import WireError
from cluster.frames import Frame, Mark, Role
from cluster.packing import pack, unpack
from cluster.roles.terms import TERM_MAX

FRAME_BYTES_MAX: Final = 1024 * 1024
TEXT_CHARS_MAX: Final = 4096
ENTRIES_MAX: Final = 1024
BODY_BYTES_MAX: Final = 512 * 1024

_LENGTH_BYTES: Final = 4
_COUNT_MAX: Final = 2**53
"""Beyond this nothing is counted; all sums with it stay within 64 bits."""
INSTANT_US_MAX: Final = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""
EPOCH_MAX: Final = 2**31

T = TypeVar("T")


class _Shape(Generic[T]):
    """How one dataclass looks on the wire."""

    def __init__(self, kind: type[T], checks: Mapping[object, Any]) -> None:
        hints = get_type_hints(kind)
        self.kind = kind
        self._fields: dict[str, tuple[TypeAdapter[Any], bool]] = {}
        for one in fields(cast("Any", kind)):
            check = checks.get(one.name, checks.get(hints[one.name]))
            assert check is not None, f"no check for {kind.__name__}.{one.name}"
            required = one.default is MISSING and one.default_factory is MISSING
            self._fields[one.name] = (TypeAdapter(check), required)

    def build(self, raw: object) -> T:
        """The value behind a map of fields. Raises ValueError naming the field at fault."""
        if not isinstance(raw, dict):
            raise ValueError(f"{self.kind.__name__} is no map")  # noqa: TRY004 - one kind of error for pydantic
        known = cast("dict[object, object]", raw)
        values: dict[str, Any] = {}
        for name, (adapter, required) in self._fields.items():
            if name in known:
                values[name] = self._field(name, adapter, known[name])
            elif required:
                raise ValueError(f"{self.kind.__name__} lacks {name}")
        return self.kind(**values)

    def _field(self, name: str, adapter: TypeAdapter[Any], value: object) -> object:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            # The input itself stays out of the text: it may be large, and it is the peer's.
            cause = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise ValueError(f"{self.kind.__name__}.{name}: {cause['msg']}") from None

    def spread(self, value: T) -> dict[str, object]:
        """The map of fields that `build` turns back into an equal value."""
        return {name: _plain(getattr(value, name)) for name in self._fields}


def _plain(value: object) -> object:
    match value:
        case Role():
            return value.value
        case Mark():
            return _MARK.spread(value)
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {key: _plain(one) for key, one in items}
        case tuple():
            return list(cast("tuple[object, ...]", value))
        case _:
            return value


_WHOLE: Any = Annotated[int, Field(strict=True, ge=0, le=_COUNT_MAX)]
_TERM: Any = Annotated[int, Field(strict=True, ge=0, le=TERM_MAX)]
_INSTANT: Any = Annotated[int, Field(strict=True, ge=0, le=INSTANT_US_MAX)]
_EPOCH: Any = Annotated[int, Field(strict=True, ge=0, le=EPOCH_MAX)]
_TEXT: Any = Annotated[str, Field(strict=True, max_length=TEXT_CHARS_MAX)]
_CAPACITY: Any = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
_NUMBER: Any = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_MARK = _Shape(Mark, {"epoch": _EPOCH, "at_us": _INSTANT})


def _role(raw: object) -> Role:
    if not isinstance(raw, str):
        raise ValueError("a role is a text")  # noqa: TRY004 - pydantic turns ValueError into its own
    return Role(raw)


def _mapping(entry: Any) -> Any:
    return Annotated[dict[_TEXT, entry], Field(strict=True, max_length=ENTRIES_MAX)]


_CHECKS: Final[Mapping[object, Any]] = MappingProxyType(
    {
        int: _WHOLE,
        bool: Annotated[bool, Field(strict=True)],
        str: _TEXT,
        bytes: Annotated[bytes, Field(strict=True, max_length=BODY_BYTES_MAX)],
        Role: Annotated[Role, PlainValidator(_role)],
        tuple[str, ...]: Annotated[tuple[_TEXT, ...], Field(max_length=ENTRIES_MAX)],
        Mapping[str, float]: _mapping(_NUMBER),
        Mapping[str, int]: _mapping(_CAPACITY),
        Mapping[str, Mark]: _mapping(Annotated[Mark, PlainValidator(_MARK.build)]),
        # Narrower than their type:
        "term": _TERM,
        "paused_revision": _TERM,
        "completed_at_us": _INSTANT,
        "hints": _mapping(_WHOLE),
        "listen_port": Annotated[int, Field(strict=True, ge=0, le=65535)],
        "free_capacity": _CAPACITY,
        "cluster": Annotated[str, Field(strict=True, min_length=1, max_length=200)],
        "node": Annotated[str, Field(strict=True, min_length=1, max_length=200)],
        "instance": Annotated[str, Field(strict=True, min_length=1, max_length=200)],
        "boot": Annotated[str, Field(strict=True, min_length=1, max_length=200)],
    }
)


def is_mark(mark: Mark) -> bool:
    """Whether a mark is within the bounds of the wire; a frame with another one cannot be sent."""
    return 0 <= mark.epoch <= EPOCH_MAX and 0 <= mark.at_us <= INSTANT_US_MAX


def _frame_name(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


_SHAPES: Final[Mapping[str, _Shape[Any]]] = MappingProxyType(
    {_frame_name(kind): _Shape[Any](kind, _CHECKS) for kind in get_args(Frame)}
)


def frame_names() -> tuple[str, ...]:
    """The name of every frame, as it stands in `t`."""
    return tuple(_SHAPES)


def encode(frame: Frame) -> bytes:
    """The bytes of one frame.

    Raises WireError when the peer would not accept it: too long, or a value out of bounds.
    """
    name = _frame_name(type(frame))
    shape = _SHAPES[name]
    plain = shape.spread(frame)
    try:
        shape.build(plain)
        payload = pack({"t": name, **plain})
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"cannot send this frame: {error}") from error
    if len(payload) > FRAME_BYTES_MAX:
        raise WireError(f"cannot send {name}: {len(payload)} bytes, allowed are {FRAME_BYTES_MAX}")
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


def _decode(payload: bytes) -> Frame:
    raw = unpack(payload)
    if not isinstance(raw, dict):
        raise ValueError("no map")  # noqa: TRY004 - one kind of error for the caller
    known = cast("dict[object, object]", raw)
    name = known.get("t")
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise ValueError(f"unknown frame {str(name)[:40]!r}")
    build = cast("Callable[[object], Frame]", shape.build)
    return build(known)


class FrameDecoder:
    """Cuts a byte stream into frames. One per connection; after an error it takes nothing more."""

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._frame_bytes_max = frame_bytes_max
        self._waiting = bytearray()
        self._broken: str | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by `data`, in order.

        Raises WireError when the stream is not ours; frames before the fault in the same `data` are
        lost with it, and every later call raises again.
        """
        if self._broken is not None:
            raise WireError(f"already refused: {self._broken}")
        self._waiting += data
        frames: list[Frame] = []
        start = 0
        while len(self._waiting) - start >= _LENGTH_BYTES:
            begin = start + _LENGTH_BYTES
            size = int.from_bytes(self._waiting[start:begin], "big")
            if not 0 < size <= self._frame_bytes_max:
                raise self._refuse(f"a frame of {size} bytes, allowed are {self._frame_bytes_max}")
            if len(self._waiting) - begin < size:
                break
            start = begin + size
            try:
                frames.append(_decode(bytes(self._waiting[begin:start])))
            except (ValueError, OverflowError) as error:
                raise self._refuse(str(error)) from error
        del self._waiting[:start]
        return frames

    def _refuse(self, what: str) -> WireError:
        self._broken = what
        self._waiting.clear()
        return WireError(f"not a valid frame: {what}")
