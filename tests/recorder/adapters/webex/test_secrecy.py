"""No secret, token or signed address in any exception, log line, finding or repr."""

import logging
import traceback

import httpx
import pytest

from recorder.adapters.http.values import parse
from recorder.adapters.webex.records import Recording
from recorder.errors import SourceError
from recorder.model import Window
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import (
    REFRESH,
    SECRET,
    TICKET,
    ScriptedWebex,
    Story,
    error_answer,
    us,
)

FORBIDDEN = (SECRET, REFRESH, TICKET, "token-number-", "refresh-number-")


class Echo(ScriptedWebex):
    """Answers every call with an error that repeats all it was told, as a careless proxy might."""

    def __init__(self, status):
        super().__init__()
        self.status = status
        self.echoing = False

    def handle_request(self, request):
        answer = super().handle_request(request)
        if not self.echoing:
            return answer
        told = f"{request.url} {dict(request.headers)} {request.content!r} {answer.text}"
        if self.status == 0:
            raise httpx.LocalProtocolError(told)
        return error_answer(self.status, told)


def shown(error):
    return "".join(traceback.format_exception(error)) + repr(error) + getattr(error, "hint", "")


def clean(*texts):
    for text in texts:
        for secret in FORBIDDEN:
            assert secret not in text


def steps(source, ref, media):
    yield source.server_time
    yield lambda: source.list_items(Window(us(0), us(1000)), None)
    yield lambda: source.describe(ref)
    yield lambda: list(source.open_media(ref, media))
    yield lambda: source.confirm(ref, media)


@pytest.mark.parametrize("status", [0, 200, 302, 400, 401, 403, 404, 418, 423, 429, 451, 500, 503])
def test_no_failure_shows_a_secret(caplog, status):
    caplog.set_level(logging.DEBUG)
    world = Echo(status)
    world.rotates = True
    world.clock.advance(900)
    calls.recorded_call(world, Story(world))
    source = world.open(requests_per_min=6000, cdr="stream")
    (ref,) = source.list_items(Window(us(0), us(1000)), None).items
    interaction = source.describe(ref)
    requests = list(source.open_media(ref, interaction.media[0]))
    clean(repr(interaction), repr(ref), repr(requests), repr(source))

    world.echoing = True
    failures = 0
    for step in steps(source, ref, interaction.media[0]):
        world.clock.advance(600)
        try:
            clean(repr(step()))
        except SourceError as error:
            failures += 1
            clean(shown(error))
    world.clock.advance(50_000)
    clean(*[repr(finding) for finding in source.check()])
    clean(caplog.text)

    assert failures >= 4
    assert caplog.text


def test_a_recording_never_shows_its_links():
    row = {
        "id": "7ee40776-7792-43b4-b3da-448d941b34dc",
        "createTime": "2026-01-01T00:00:00Z",
        "temporaryDirectDownloadLinks": {"audioDownloadLink": f"https://x/?ticket={TICKET}"},
    }
    recording = parse(Recording, row)

    assert recording.links.audio
    clean(repr(recording), str(recording), repr(recording.links))
