"""What is in the files: media made unique at their end, and small plausible texts."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field

from sim.clockwork.chance import stream
from sim.ucaas.http import Content
from sim.ucaas.zoom.people import email
from sim.ucaas.zoom.scripts import FileScript

_EXTENSIONS = {"CHAT": "TXT", "CC": "VTT", "M4A": "M4A", "MP4": "MP4"}
_MEDIA_TYPES = {
    "M4A": "audio/mp4",
    "MP4": "video/mp4",
    "TXT": "text/plain;charset=UTF-8",
    "VTT": "text/vtt;charset=UTF-8",
    "JSON": "application/json;charset=UTF-8",
}
_LINES = (
    "Good morning, can everybody hear me?",
    "The settlement date is the fourteenth.",
    "I will send the confirmation after this call.",
    "Schöne Grüße aus München.",
    "よろしくお願いします。",
    "Please repeat the amount.",
)


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes with their type, their hash and, for chats, how many messages they hold."""

    content: Content = field(repr=False)
    media_type: str
    sha256: str
    messages: int | None = None


def extension(file_type: str) -> str:
    """As the service names it: texts of newer types are JSON."""
    return _EXTENSIONS.get(file_type, "JSON")


def body_of(script: FileScript, key: str, uuid: str, seconds: float) -> Body:
    """The bytes of one file. `key` and `uuid` make them unlike those of any other."""
    media_type = _MEDIA_TYPES[extension(script.file_type)]
    if script.body is not None:
        return _body((script.body,), media_type)
    if script.file_type in {"M4A", "MP4"}:
        assert script.media is not None, "an M4A or MP4 needs media or a body"
        return _body((*(script.media.data,) * script.repeat, _free_box(key)), media_type)
    lines = _spoken(key, seconds)
    match script.file_type:
        case "CHAT":
            text = "".join(f"{_clock(at_s)}\t{who}:\t{said}\n" for at_s, who, said in lines)
        case "CC":
            text = "WEBVTT\n\nNOTE " + key + "\n\n" + "\n".join(_cue(*line) for line in lines)
        case "CHAT_MESSAGE":
            text = json.dumps({"uuid": uuid, "messages": [_message(*line) for line in lines]})
        case "TRANSCRIPT":
            text = json.dumps({"uuid": uuid, "id": key, "timeline": [_timed(*x) for x in lines]})
        case _:
            text = json.dumps({"uuid": uuid, "id": key, "members": [who for _, who, _ in lines]})
    counted = len(lines) if script.file_type in {"CHAT", "CHAT_MESSAGE"} else None
    return _body((text.encode(),), media_type, counted)


def attachment(data: bytes) -> Body:
    """A file that was sent in the chat."""
    return _body((data,), "application/octet-stream")


def _body(parts: tuple[bytes, ...], media_type: str, messages: int | None = None) -> Body:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return Body(Content(parts), media_type, digest.hexdigest(), messages)


def _free_box(key: str) -> bytes:
    """An empty box at the end of an MP4 or M4A: players skip it."""
    return (8 + len(key)).to_bytes(4, "big") + b"free" + key.encode()


def _spoken(key: str, seconds: float) -> list[tuple[float, str, str]]:
    chance = stream(0, "spoken", key)
    at_s = sorted(chance.uniform(0, max(seconds, 1.0)) for _ in range(chance.randrange(3, 9)))
    return [(one, email(chance.randrange(20)), chance.choice(_LINES)) for one in at_s]


def _clock(at_s: float) -> str:
    whole = int(at_s)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _cue(at_s: float, who: str, said: str) -> str:
    return f"{_clock(at_s)}.000 --> {_clock(at_s + 3)}.000\n{who}: {said}\n"


def _message(at_s: float, who: str, said: str) -> dict[str, object]:
    encoded = base64.b64encode(said.encode()).decode()
    return {"msg_type": 1, "e_time": _clock(at_s), "s_id": who, "content": encoded}


def _timed(at_s: float, who: str, said: str) -> dict[str, object]:
    return {"ts": f"{_clock(at_s)}.000", "users": [{"username": who}], "text": said}
