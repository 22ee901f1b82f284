"""How a desktop and a node talk over a WebSocket: JSON texts for words, binary frames for packets.

A text frame is one object: its field `say` names the message, the others are the message's own. Fields nobody
knows are ignored, so that desktops and nodes may be of different ages. A binary frame is one packet:

    flags      1 byte   bit 0: key frame; the others are 0
    seq        4 bytes  unsigned, big-endian
    pts_ms     4 bytes  unsigned, big-endian
    length     1 byte   of the name of the stream
    stream     that many bytes, ASCII
    packet     the rest, at least one byte

Nothing that comes in is trusted: sizes, numbers, names and types are checked, and a frame that breaks a rule
is a `BadDesktopFrame` that says which. Pure.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

from recorder.errors import BadDesktopFrame
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopCommand,
    DesktopHello,
    DesktopSaying,
    MaskScreen,
    NeedKeyFrame,
    PacketsCame,
    PacketsKept,
    Refused,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
    Welcome,
)
from recorder.scn.model import ScreenPacket, ScreenStream
from recorder.settings.bounds import Bounds, check

Frame: TypeAlias = str | bytes

TEXT_CHARS_MAX: Final = 16 * 1024
PACKET_BYTES_MAX: Final = 8 * 1024 * 1024
"""A key frame of three monitors has some 2 MB."""
FRAME_BYTES_MAX: Final = PACKET_BYTES_MAX + 128
"""What a WebSocket should be told to refuse above."""
AGENTS_MAX: Final = 16
SIDE_MAX: Final = 16_384
U32_MAX: Final = 2**32 - 1

_HEAD: Final = struct.Struct(">BIIB")
_KEY: Final = 1
_BOUNDS: Final = Bounds(text_chars_max=500, entries_max=AGENTS_MAX)
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_SAYINGS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "hello": TypeAdapter(DesktopHello),
    "stream_began": TypeAdapter(StreamBegan),
    "stream_ended": TypeAdapter(StreamEnded),
    "clock_told": TypeAdapter(ClockTold),
}
_COMMANDS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "welcome": TypeAdapter(Welcome),
    "refused": TypeAdapter(Refused),
    "start_screen": TypeAdapter(StartScreen),
    "stop_screen": TypeAdapter(StopScreen),
    "mask_screen": TypeAdapter(MaskScreen),
    "need_key_frame": TypeAdapter(NeedKeyFrame),
    "packets_kept": TypeAdapter(PacketsKept),
    "ask_clock": TypeAdapter(AskClock),
}
_NAMES: Final[Mapping[type, str]] = {
    DesktopHello: "hello",
    StreamBegan: "stream_began",
    StreamEnded: "stream_ended",
    ClockTold: "clock_told",
    Welcome: "welcome",
    Refused: "refused",
    StartScreen: "start_screen",
    StopScreen: "stop_screen",
    MaskScreen: "mask_screen",
    NeedKeyFrame: "need_key_frame",
    PacketsKept: "packets_kept",
    AskClock: "ask_clock",
}


def saying_frames(saying: DesktopSaying) -> tuple[Frame, ...]:
    """What a desktop sends: one frame, but for packets, which have one each. Raises BadDesktopFrame for what no node takes."""
    if isinstance(saying, PacketsCame):
        return tuple(packet_frame(saying.stream, packet) for packet in saying.packets)
    return (_text(saying, _SAYINGS),)


def packet_frame(stream: str, packet: ScreenPacket) -> bytes:
    """The binary frame of one packet. Raises BadDesktopFrame."""
    _check_packet(stream, packet)
    name = stream.encode("ascii")
    flags = _KEY if packet.is_key else 0
    return _HEAD.pack(flags, packet.seq, packet.pts_ms, len(name)) + name + packet.data


def command_frame(command: DesktopCommand) -> str:
    """What a node sends."""
    return _text(command, _COMMANDS)


def read_saying(frame: Frame) -> DesktopSaying:
    """What a desktop said. Raises BadDesktopFrame."""
    if isinstance(frame, bytes):
        return _read_packet(frame)
    saying: DesktopSaying = _read_text(frame, _SAYINGS)
    return saying


def read_command(frame: Frame) -> DesktopCommand:
    """What a node said. Raises BadDesktopFrame."""
    if isinstance(frame, bytes):
        raise BadDesktopFrame("a node sends no binary frames")
    command: DesktopCommand = _read_text(frame, _COMMANDS)
    return command


def _text(message: object, kinds: Mapping[str, TypeAdapter[Any]]) -> str:
    name = _NAMES[type(message)]
    fields: dict[str, object] = kinds[name].dump_python(message, mode="json")
    return json.dumps({"say": name, **fields}, separators=(",", ":"))


def _read_text(frame: str, kinds: Mapping[str, TypeAdapter[Any]]) -> Any:
    if len(frame) > TEXT_CHARS_MAX:
        raise BadDesktopFrame(f"a text frame of {len(frame)} characters, at most {TEXT_CHARS_MAX}")
    try:
        value: object = json.loads(frame)
    except (ValueError, RecursionError):
        raise BadDesktopFrame("a text frame that is no JSON") from None
    if not isinstance(value, dict) or not isinstance(name := value.get("say"), str):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        raise BadDesktopFrame("a text frame without the field say")
    if name not in kinds:
        raise BadDesktopFrame(f"a text frame that says {name[:40]!r}")
    try:
        message = kinds[name].validate_json(frame, strict=True)
        check(message, _BOUNDS)
        _check_words(message)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadDesktopFrame(f"{name}: {where}: {first['msg']}") from None
    except (ValueError, OverflowError) as error:
        raise BadDesktopFrame(f"{name}: {error}") from None
    return message


def _read_packet(frame: bytes) -> PacketsCame:
    if len(frame) < _HEAD.size:
        raise BadDesktopFrame(f"a binary frame of {len(frame)} bytes")
    flags, seq, pts_ms, length = _HEAD.unpack_from(frame)
    if flags & ~_KEY:
        raise BadDesktopFrame(f"a packet with flags {flags:#x}")
    begin = _HEAD.size + length
    try:
        stream = frame[_HEAD.size : begin].decode("ascii")
    except UnicodeDecodeError:
        raise BadDesktopFrame("a packet whose stream has no name") from None
    packet = ScreenPacket(seq, pts_ms, bool(flags & _KEY), frame[begin:])
    _check_packet(stream, packet)
    return PacketsCame(stream, (packet,))


def _check_packet(stream: str, packet: ScreenPacket) -> None:
    _must(_ID.fullmatch(stream) is not None, "a packet whose stream has no name")
    _must(0 <= packet.seq <= U32_MAX, f"a packet with seq {packet.seq}")
    _must(0 <= packet.pts_ms <= U32_MAX, f"a packet with pts_ms {packet.pts_ms}")
    size = len(packet.data)
    _must(0 < size <= PACKET_BYTES_MAX, f"a packet of {size} bytes, at most {PACKET_BYTES_MAX}")


def _check_words(message: object) -> None:
    """What the types do not say. Raises BadDesktopFrame."""
    match message:
        case DesktopHello(desktop, agents, host, build, streaming, life):
            _must(_ID.fullmatch(desktop) is not None, "hello: desktop is no id")
            _must(not life or _ID.fullmatch(life) is not None, "hello: life is no id")
            _must(f"{host}{build}".isprintable(), "hello: host and build are for people to read")
            _check_agents(agents)
            if streaming is not None:
                _check_stream(streaming)
        case StreamBegan(stream):
            _check_stream(stream)
        case StreamEnded(stream, seq_last, _):
            _must(_ID.fullmatch(stream) is not None, "stream_ended: stream is no id")
            _must(seq_last <= U32_MAX, "stream_ended: seq_last is too high")
        case _:
            pass


def _check_stream(stream: ScreenStream) -> None:
    _must(_ID.fullmatch(stream.stream) is not None, "stream is no id")
    _must(_ID.fullmatch(stream.desktop) is not None, "desktop is no id")
    _check_agents(stream.agents)
    for side in (stream.width, stream.height):
        _must(0 < side <= SIDE_MAX, f"a screen with a side of {side}")


def _check_agents(agents: tuple[str, ...]) -> None:
    _must(len(agents) > 0, "a desktop of no agent")
    for agent in agents:
        source, slash, key = agent.partition("/")
        fine = bool(source and slash and key) and agent.isprintable()
        _must(fine, "an agent is named SOURCE/KEY")


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise BadDesktopFrame(what)
