"""Whatever a service answers: a SourceError for that item or page, and all the rest goes on."""

import json
import re
import tracemalloc
from functools import cache
from itertools import count

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.adapters.http.retry_after import RETRY_AFTER_MAX_S, retry_after_s
from recorder.errors import BadAnswer, SourceError
from recorder.poll import poll_run
from recorder.poll.poll_run import PollRun
from tests.contract.test_data_source import WORLDS as CONTRACT_WORLDS
from tests.recorder.adapters.hostile import (
    LISTS,
    ROWS,
    VALUES,
    WORLDS,
    everything,
    going_on,
    listed,
    packed,
    places,
    put,
    spoiled,
    tells_no_secret,
    window,
    with_body,
)

KINDS = pytest.mark.parametrize("kind", sorted(WORLDS))
FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def test_every_registered_adapter_is_here():
    assert set(WORLDS) == set(ROWS) == {make().kind for make in CONTRACT_WORLDS.values()}


def is_list(kind, request):
    return request.url.path.endswith(LISTS[kind])


def json_of(answer):
    try:
        return answer.json()
    except ValueError:
        return None


# --- one value in a row ----------------------------------------------------------------------------


def rows_each_with_one(row, raw):
    """Copies of a row, the raw text in another place of each, and the text itself as a row."""
    yield raw
    for place in places(row):
        yield put(row, place, raw).decode("utf-8", "surrogatepass")


@KINDS
@pytest.mark.parametrize("raw", VALUES.values(), ids=VALUES)
def test_whatever_a_row_holds_hides_no_other_row(kind, raw):
    world, spoiler = spoiled(kind)
    published = [world.publish(10 + number) for number in range(4)]
    known = {ref.key for ref in listed(world)}
    assert known == set(published)
    hidden = set()

    def change(request, answer):
        body = json_of(answer)
        if not is_list(kind, request) or not body[ROWS[kind]]:
            return None
        first, *others = body[ROWS[kind]]
        hidden.add(json.dumps(first))
        rows = [*rows_each_with_one(first, raw), *map(json.dumps, others)]
        body[ROWS[kind]] = "ROWS"
        text = json.dumps(body).replace('"ROWS"', f"[{','.join(rows)}]")
        return with_body(answer, text.encode("utf-8", "surrogatepass"))

    spoiler.change = change
    refs = listed(world)

    assert hidden
    for key in known - {ref.key for ref in refs}:
        assert any(key in row for row in hidden), "only the spoiled row may be hidden"
    for ref in refs:
        assert window(world).from_us <= ref.changed_us < window(world).to_us
        for text in (ref.key, ref.version, ref.session_key, *ref.hints.values()):
            assert 0 < len(text) <= 500
            text.encode()


# --- one value in any answer -----------------------------------------------------------------------


@cache
def exchanges(kind):
    """How the answers of a whole round look: which of them are JSON, and of what places they consist."""
    world, spoiler = spoiled(kind)
    world.publish(10)
    world.publish(11)
    described, errors = everything(world)
    assert (len(described), errors) == (2, [])
    found = [(number, json_of(answer)) for number, (_, answer) in enumerate(spoiler.seen)]
    return tuple(
        (number, place)
        for number, body in found
        if isinstance(body, dict)
        for place in places(body)
    )


@KINDS
@FEW
@given(data=st.data())
def test_whatever_any_answer_holds_is_a_source_error_at_most(kind, data):
    number, place = data.draw(st.sampled_from(exchanges(kind)))
    raw = data.draw(st.sampled_from(sorted(VALUES.values())))
    world, spoiler = spoiled(kind)
    world.publish(10)
    world.publish(11)

    def change(_request, answer):
        if len(spoiler.seen) != number + 1:
            return None
        try:
            return with_body(answer, put(answer.json(), place, raw))
        except (ValueError, LookupError, TypeError):
            return None

    spoiler.change = change
    _, errors = everything(world, checks=number % 2 == 0)
    tells_no_secret(world, errors)
    spoiler.change = None
    world.advance(120)

    described, errors = everything(world, checks=False)
    assert (len(described), errors) == (2, []), "what was wrong once leaves nothing behind"


# --- whole answers ---------------------------------------------------------------------------------

DEEP = 10_000
ANSWERS = {
    "nothing": httpx.Response(200),
    "no content": httpx.Response(204),
    "null": httpx.Response(200, content=b"null"),
    "a list": httpx.Response(200, content=b"[]"),
    "half": httpx.Response(200, content=b'{"value": [{"a'),
    "no text": httpx.Response(200, content=bytes(range(256)) * 50),
    "deep lists": httpx.Response(200, content=b"[" * DEEP + b"]" * DEEP),
    "deep objects": httpx.Response(200, content=b'{"value":' * DEEP + b"1" + b"}" * DEEP),
    "bottomless": httpx.Response(200, content=b'{"value":[' * 400_000),
    "a web page": httpx.Response(200, html="<html>Sign in</html>"),
    "11 MB": httpx.Response(200, content=b'{"value":"' + b"x" * 11_000_000 + b'"}'),
    "a hundred thousand rows": httpx.Response(
        200, content=b'{"value":[%b],"items":[],"meetings":[]}' % b",".join([b"{}"] * 100_000)
    ),
    "no gzip": (200, {"content-encoding": "gzip"}, b"{}"),
    "no deflate": (200, {"content-encoding": "deflate"}, b"{}"),
    "brotli": (200, {"content-encoding": "br"}, b"{}"),
    "gzip twice": (200, {"content-encoding": "gzip, gzip"}, b"{}"),
    "a redirect inside": httpx.Response(302, headers={"location": "http://169.254.169.254/latest"}),
    "a redirect to nowhere": httpx.Response(307),
    "teapot": httpx.Response(418, content=b'{"code": 1e400, "message": "\\ud83d", "error": []}'),
    "refused strangely": httpx.Response(
        400, content=b'{"error": {"code": {}, "message": 7}, "errors": [[]], "code": "\\ud83d"}'
    ),
    "throttled strangely": httpx.Response(429, headers={"retry-after": "9" * 400, "date": "?"}),
    "a long name": httpx.Response(500, headers={"x-name": "x" * 1_000_000}, content=b"\xff" * 5000),
}


def fresh(answer):
    """An answer is used once."""
    if isinstance(answer, tuple):
        status, headers, body = answer
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def shape(request):
    """What kind of call this is."""
    return request.method, re.sub(r"[0-9a-f-]{20,}|[^/]+==", "ID", request.url.path)


@KINDS
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_any_answer_to_any_call_is_a_source_error_at_most(kind, answer):
    world, spoiler = spoiled(kind)
    world.publish(10)
    everything(world)
    for wanted in sorted({shape(request) for request, _ in spoiler.seen}):
        waiting = [wanted]

        def change(request, _answer, waiting=waiting):
            if [shape(request)] != waiting:
                return None
            waiting.pop()
            return fresh(answer)

        spoiler.change = change
        _, errors = everything(world, checks=False)
        tells_no_secret(world, errors)
        assert not any("169.254" in str(request.url) for request, _ in spoiler.seen)
        world.advance(3700)

    spoiler.change = None
    described, errors = everything(world)
    assert (len(described), errors) == (1, [])


@pytest.fixture(scope="module", params=["gzip", "deflate"])
def bomb(request):
    return request.param, packed(request.param)


@KINDS
def test_a_bomb_is_given_up_before_it_fills_the_memory(kind, bomb):
    encoding, body = bomb
    world, spoiler = spoiled(kind)
    world.publish(10)
    listed(world)
    headers = {"content-encoding": encoding}
    spoiler.change = lambda *_: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))

    tracemalloc.start()
    with pytest.raises(SourceError, match="larger than allowed"):
        listed(world)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 40 * 1024**2


# --- paging without end ----------------------------------------------------------------------------

TOKENS = {
    "the same page": lambda _: "again",
    "a circle": lambda number: f"page-{number % 3}",
    "another token each time": lambda number: f"page-{number}",
    "a token that grows": lambda number: "x" * 200 * number,
    "a token without end": lambda number: f"{number}-{'x' * 100_000}",
}


@KINDS
@pytest.mark.parametrize("is_empty", [False, True])
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_paging_without_end_is_a_bad_answer_of_a_poll(kind, token, is_empty, monkeypatch):
    monkeypatch.setattr(poll_run, "PAGES_MAX", 60)
    world, spoiler = spoiled(kind)
    if not is_empty:
        world.publish(10)
    listed(world)
    (first,) = [answer for request, answer in spoiler.seen if is_list(kind, request)][:1]
    pages = count(1)

    def change(request, _answer):
        if not is_list(kind, request):
            return None
        return going_on(kind, request, first, token(next(pages)))

    spoiler.change = change
    run = PollRun(windows=(window(world),), horizon_us=0, began_ns=0)

    def poll():
        while True:
            world.advance(2)
            run.listed(world.source.list_items(run.window, run.page))

    with pytest.raises(BadAnswer) as caught:
        poll()

    assert next(pages) <= 62
    tells_no_secret(world, [caught.value])


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data/v9.2/msdyn_ocrecordings",
        "http://169.254.169.254/api/data/v9.2/x",
        "https://[::ffff:169.254.169.254]/",
        "//127.0.0.1/api/data/",
        "file:///etc/passwd",
        "https://user:word@contoso.crm.dynamics.com/api/data/v9.2/x",
        "https://contoso.crm.dynamics.com@127.0.0.1/api/data/v9.2/x",
        "https://contoso.crm.dynamics.com:8443/api/data/v9.2/x",
        "http://webexapis.com/v1/admin/convergedRecordings?cursor=1",
        "https://webexapis.com.evil.example/v1/admin/convergedRecordings",
        "https://2130706433/v1/admin/convergedRecordings",
        "\\\\127.0.0.1\\x",
        "https://a\ud83d.example/",
        "\0",
        " ",
    ],
)
@pytest.mark.parametrize("kind", ["dynamics", "webex"])
def test_a_next_link_leads_to_no_other_host(kind, link):
    world, spoiler = spoiled(kind)
    world.publish(10)

    def change(request, answer):
        if not is_list(kind, request):
            return None
        if kind == "webex":
            raw = f'<{link}>; rel="next"'.encode("utf-8", "replace")
            return httpx.Response(200, headers=[(b"link", raw)], content=answer.content)
        body = answer.json() | {"@odata.nextLink": link}
        return with_body(answer, json.dumps(body).encode())

    spoiler.change = change
    hosts = {request.url.host for request, _ in spoiler.seen}

    with pytest.raises((BadAnswer, AssertionError)) as caught:
        listed(world)

    tells_no_secret(world, [caught.value] if isinstance(caught.value, SourceError) else [])
    known = {"contoso.crm.dynamics.com", "login.microsoftonline.com", "webexapis.com"} | hosts
    assert {request.url.host for request, _ in spoiler.seen} <= known
    assert {request.url.scheme for request, _ in spoiler.seen} == {"https"}


@given(st.text(max_size=60), st.none() | st.text(max_size=60))
def test_any_retry_after_is_a_bounded_wait_or_none(value, date):
    wait_s = retry_after_s(value, date)

    assert wait_s is None or 0 <= wait_s <= RETRY_AFTER_MAX_S
