"""Chats, captions and transcripts as lines with a time and a name. Pure, and forgiving: files come from many builds.

Times are milliseconds from the begin of the file's recording, as the formats count them, but for chats that
somebody saved from the meeting's window: those show the clock on the wall.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast

Kind = Literal["chat", "caption"]

LINES_MAX: Final = 200_000
TURN_GAP_MS: Final = 2_000
"""Captions of one speaker with less between them are one turn of speech."""
TURN_CHARS: Final = 600
_DAY_MS: Final = 86_400_000
_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_CUE = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}")
_VOICE = re.compile(r"^<v(?:\.[^ >]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^>]{0,80}>|<\d[\d:.]*>")
_BRACKETED = re.compile(r"^\(([^()]{1,80})\)$")
_NAMED = re.compile(r"^([^:\n]{1,80}):\s+(.*)$", re.DOTALL)
_CLOUD_CHAT = re.compile(r"^(\d{1,3}):(\d{2}):(\d{2})\t\s*(.*?)\s*:\t(.*)$")
_SAVED_CHAT = re.compile(
    r"^(\d{1,2}):(\d{2}):(\d{2})\s+From\s+(.*?)(?:\s+[Tt]o\s+(.*?))?\s*:(?:\s(.*))?$"
)
_CONTENT: Final = ("content", "text", "message", "msg")


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a text file."""

    t_ms: int
    end_ms: int
    who: str
    to: str
    text: str
    kind: Kind


def parse(
    data: bytes, *, names: Iterable[str] = (), wall_ms: int | None = None
) -> tuple[Said, ...]:
    """What a text file says, in order of time; empty when it holds nothing that this can read.

    `names` are those of the participants: when they are known, `Name: text` counts as a name only for
    one of them. `wall_ms` is the time of day when the recording began, in its own time zone, for
    chats that show the clock on the wall; without it they begin with their first line.
    """
    text = _decoded(data)
    known = frozenset(one.strip().casefold() for one in names if one.strip())
    if text.lstrip().startswith("WEBVTT") or _CUE.search(text[:2_000].replace("\r", "\n")):
        found = _turns(_cues(text.splitlines(), known))
    elif text.lstrip()[:1] in {"{", "["}:
        found = _of_json(text)
    else:
        found = _chat(text.splitlines(), wall_ms)
    return tuple(sorted(found[:LINES_MAX], key=lambda line: (line.t_ms, line.end_ms)))


def _decoded(data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8", errors="replace")
    return text.lstrip("\ufeff")


def _ms(hours: str | None, minutes: str, seconds: str, fraction: str | None = None) -> int:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


# -- captions ----


def _cues(lines: Sequence[str], known: frozenset[str]) -> Iterator[Said]:
    """Blocks after a line of times; what stands before the first, notes and numbers are passed over."""
    at = 0
    while at < len(lines):
        times = _CUE.match(lines[at])
        at += 1
        if times is None:
            continue
        begin_ms, end_ms = _ms(*times.groups()[:4]), _ms(*times.groups()[4:])
        body: list[str] = []
        while at < len(lines) and lines[at].strip() and not _CUE.match(lines[at]):
            body.append(lines[at].strip())
            at += 1
        who, text = _spoken(body, known)
        if text:
            yield Said(begin_ms, max(begin_ms, end_ms), who, "", text, "caption")


def _spoken(body: Sequence[str], known: frozenset[str]) -> tuple[str, str]:
    who, rest = "", list(body)
    bracketed = _BRACKETED.match(rest[0]) if len(rest) > 1 else None
    if bracketed and _is_name(bracketed[1], known):
        who, rest = bracketed[1].strip(), rest[1:]
    text = "\n".join(rest)
    voice = _VOICE.match(text)
    if voice:
        who = voice[1].strip()
    text = _TAG.sub("", text).strip()
    named = None if who else _NAMED.match(text)
    if named and _is_name(named[1], known):
        who, text = named[1].strip(), named[2].strip()
    return who, _unescaped(text)


def _is_name(text: str, known: frozenset[str]) -> bool:
    """Where nobody is known by name, any few words; `Note: …` is then taken for a name, for want of better."""
    return text.strip().casefold() in known if known else len(text.split()) <= 5  # noqa: PLR2004 - words of a name


def _unescaped(text: str) -> str:
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")):
        text = text.replace(code, sign)
    return text


def _turns(cues: Iterable[Said]) -> list[Said]:
    """Cues of one speaker right after each other, joined."""
    turns: list[Said] = []
    for cue in cues:
        last = turns[-1] if turns else None
        if (
            last is not None
            and cue.who
            and last.who == cue.who
            and 0 <= cue.t_ms - last.end_ms <= TURN_GAP_MS
            and len(last.text) + len(cue.text) < TURN_CHARS
        ):
            turns[-1] = replace(last, end_ms=cue.end_ms, text=f"{last.text} {cue.text}")
        else:
            turns.append(cue)
        if len(turns) >= LINES_MAX:
            break
    return turns


# -- chats ----


def _chat(lines: Sequence[str], wall_ms: int | None) -> list[Said]:
    found: list[Said] = []
    began_ms = wall_ms
    for line in lines:
        cloud, saved = _CLOUD_CHAT.match(line), _SAVED_CHAT.match(line)
        if cloud:
            at_ms = _ms(*cloud.groups()[:3])
            who, to = _sender(cloud[4])
            found.append(Said(at_ms, at_ms, who, to, cloud[5].strip(), "chat"))
        elif saved:
            clock_ms = _ms(*saved.groups()[:3])
            began_ms = clock_ms if began_ms is None else began_ms
            at_ms = _since(clock_ms, began_ms)
            to = (saved[5] or "").strip()
            said = (saved[6] or "").strip()
            found.append(Said(at_ms, at_ms, saved[4].strip(), to, said, "chat"))
        elif found and line.strip():
            last = found[-1]
            found[-1] = replace(last, text=f"{last.text}\n{line.strip()}".strip())
        if len(found) >= LINES_MAX:
            break
    return [line for line in found if line.text]


def _since(clock_ms: int, began_ms: int) -> int:
    """From the begin to a time of day: over midnight too, and for what was said a little before."""
    since_ms = (clock_ms - began_ms) % _DAY_MS
    return 0 if since_ms > _DAY_MS * 3 // 4 else since_ms


def _sender(text: str) -> tuple[str, str]:
    """`A` or `A to B`, as builds differ."""
    words = text.removeprefix("From ").strip()
    who, _, to = words.partition(" to ")
    return (who.strip(), to.strip()) if to and words != text.strip() else (text.strip(), "")


# -- JSON: chats and transcripts ----


def _of_json(text: str) -> list[Said]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(body, dict):
        return []
    fields = cast("dict[str, Any]", body)
    chat = [line for one in _rows(fields, "messages") for line in _message(one)]
    spoken = [line for one in _rows(fields, "timeline") for line in _timed(one)]
    spoken.sort(key=lambda line: line.t_ms)
    return chat or _turns(_until_next(spoken))


def _rows(fields: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    listed = fields.get(name)
    if isinstance(listed, list):
        rows = cast("list[object]", listed)
        yield from (
            cast("dict[str, Any]", one) for one in rows[:LINES_MAX] if isinstance(one, dict)
        )


def _message(row: Mapping[str, Any]) -> Iterator[Said]:
    at_ms = _clock_of(row.get("e_time"))
    text = next((_plain(str(row[name])) for name in _CONTENT if row.get(name)), "")
    if at_ms is not None and text:
        who = str(row.get("s_name") or row.get("s_id") or "")
        to = str(row.get("r_name") or row.get("r_id") or "")
        yield Said(at_ms, at_ms, who, to, text, "chat")


def _timed(row: Mapping[str, Any]) -> Iterator[Said]:
    at_ms, text = _clock_of(row.get("ts")), str(row.get("text") or "").strip()
    if at_ms is not None and text:
        who = next((str(one.get("username") or "") for one in _rows(row, "users")), "")
        yield Said(at_ms, _clock_of(row.get("end_ts")) or at_ms, who, "", text, "caption")


def _until_next(lines: Sequence[Said]) -> Iterator[Said]:
    """Where a format tells no end, a line lasts until the next, and not for ever."""
    after = [*lines[1:], None]
    for line, following in zip(lines, after[: len(lines)], strict=True):
        until_ms = line.t_ms + TURN_GAP_MS if following is None else following.t_ms
        yield replace(line, end_ms=max(line.end_ms, min(until_ms, line.t_ms + 2 * TURN_GAP_MS)))


def _clock_of(value: object) -> int | None:
    found = re.fullmatch(rf"\s*{_CLOCK}\s*", value) if isinstance(value, str) else None
    return None if found is None else _ms(*found.groups())


def _plain(text: str) -> str:
    """Messages may come in base64; what does not decode to text is what it looks like."""
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text.strip()
    return decoded.strip() if decoded.isprintable() or "\n" in decoded else text.strip()
