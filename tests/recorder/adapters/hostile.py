"""A service that answers with what no service should, over the fake of every registered adapter."""

import gzip
import json
import zlib
from collections.abc import Callable

import httpx

from recorder.errors import SourceError
from recorder.model import Window
from tests.contract.worlds.registry import worlds

WORLDS = {name: make for name, make in worlds().items() if name == make().kind}
"""One for each kind of adapter: its faithful fake."""
ROWS = {"dynamics": "value", "webex": "items", "zoom": "meetings"}
LISTS = {
    "dynamics": "/msdyn_ocrecordings",
    "webex": "/convergedRecordings",
    "zoom": "/v2/archive_files",
}
"""How the address of a listing ends."""
VALUES = {
    "null": "null",
    "true": "true",
    "negative": "-1",
    "half": "0.5",
    "1e400": "1e400",
    "10**400": "1" + "0" * 400,
    "a number of 100,000 digits": "9" * 100_000,
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "empty": '""',
    "300 kB": '"' + "x" * 300_000 + '"',
    "path": '"../../../../etc/passwd"',
    "backslashes": r'"..\\..\\boot.ini"',
    "dots": '".."',
    "NUL": r'"a\u0000b"',
    "escape": r'"\u001b[2J\r\nSet-Cookie: a=b"',
    "half a character": r'"call \ud83d"',
    "right to left": r'"\u202efdp.exe\u2066"',
    "other scripts": '"مكالمة 通話 🎧 ǅ"',
    "list": "[]",
    "object": "{}",
    "deep list": "[" * 500 + "]" * 500,
    "deep object": '{"a":' * 500 + "1" + "}" * 500,
    "before all time": '"0001-01-01T00:00:00+23:59"',
    "after all time": '"9999-12-31T23:59:59-23:59"',
    "metadata service": '"http://169.254.169.254/latest/meta-data"',
    "no address": '"https://[::1"',
    "half a host": r'"https://a\ud83d.example/"',
    "template": '"{{7*7}}${jndi:ldap://x}%s%n"',
}
"""Raw JSON for any place."""
BOMB_BYTES = 64 * 1024**2
_MARK = "the place of a hostile value"


def packed(encoding: str) -> bytes:
    """Zeros, a thousand times smaller than what they become."""
    if encoding == "gzip":
        return gzip.compress(bytes(BOMB_BYTES))
    return zlib.compress(bytes(BOMB_BYTES))


class Spoiler(httpx.BaseTransport):
    """Passes everything on to the fake; `change` may put another answer in the place of its own."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.seen: list[tuple[httpx.Request, httpx.Response]] = []
        self.change: Callable[[httpx.Request, httpx.Response], httpx.Response | None] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        answer.read()
        self.seen.append((request, answer))
        other = None if self.change is None else self.change(request, answer)
        return answer if other is None else other


def spoiled(kind: str):
    """A world of this kind with a spoiler in the way."""
    world = WORLDS[kind]()
    spoiler = Spoiler(world.transport._inner)
    world.transport._inner = spoiler
    return world, spoiler


def with_body(answer: httpx.Response, body: bytes) -> httpx.Response:
    """The same answer with another body."""
    dropped = {"content-length", "content-encoding", "transfer-encoding"}
    headers = [(name, value) for name, value in answer.headers.items() if name not in dropped]
    return httpx.Response(answer.status_code, headers=headers, content=body)


def places(value, above=()):
    """Every place in a JSON value, but the whole."""
    if above:
        yield above
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*above, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*above, number))


def put(value, place, raw: str) -> bytes:
    """JSON text of `value` with the raw text at a place."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = _MARK
    return json.dumps(copy).replace(f'"{_MARK}"', raw).encode("utf-8", "surrogatepass")


def going_on(kind, request, answer, token: str) -> httpx.Response:
    """The same page of a listing, which says that it goes on behind this token."""
    body = answer.json()
    if kind == "webex":
        address = request.url.copy_merge_params({"cursor": token})
        more = with_body(answer, answer.content)
        more.headers["link"] = f'<{address}>; rel="next"'
        return more
    if kind == "zoom":
        body["next_page_token"] = token
    else:
        address = request.url.copy_merge_params({"$skiptoken": token})
        body["@odata.nextLink"] = str(address)
    return with_body(answer, json.dumps(body).encode())


def window(world) -> Window:
    return Window(world.us(0), world.us(1000))


def listed(world):
    """Every item, page by page."""
    found, page = [], None
    for _ in range(20):
        answer = world.source.list_items(window(world), page)
        found += answer.items
        page = answer.next_page
        if page is None:
            return found
    raise AssertionError("paging without end")


def everything(world, *, checks=True):
    """All a node does with a source. Returns keys that were described, and the errors on the way."""
    errors, described = [], set()

    def tried(action):
        try:
            return action()
        except SourceError as error:
            errors.append(error)
            return None

    tried(world.source.server_time)
    if checks:
        world.source.check()
    for ref in tried(lambda: listed(world)) or ():
        found = tried(lambda ref=ref: world.source.describe(ref))
        if found is None:
            continue
        described.add(ref.key)
        is_sound(found)
        for media in found.media:
            tried(lambda ref=ref, media=media: [*world.source.open_media(ref, media)])
            tried(lambda ref=ref, media=media: world.source.confirm(ref, media))
    return described, errors


def is_sound(found):
    """What is handed on can be kept, shown and counted."""
    texts = [
        found.key,
        found.session_key,
        found.subject,
        *found.attributes,
        *found.attributes.values(),
    ]
    texts += [text for party in found.parties for text in (party.key, party.name, party.number)]
    texts += [
        text for media in found.media for text in (media.key, media.file_name, media.media_type)
    ]
    for text in texts:
        assert isinstance(text, str)
        assert len(text) <= 10_000
        text.encode()
        assert not any(ord(char) < 32 for char in text), text
    numbers = [found.started_us, found.ended_us, *(media.size_bytes for media in found.media)]
    assert all(number is None or abs(number) <= 2**63 - 1 for number in numbers)


def tells_no_secret(world, errors):
    for error in errors:
        told = f"{error} {error.hint} {error!r}"
        assert len(told) < 2500
        for secret in world.secrets:
            assert secret not in told
