"""No secret, token or signed address in any exception, log line, finding or repr."""

import logging
import traceback

import httpx
import pytest

from recorder.errors import SourceError
from recorder.model import Window
from tests.recorder.adapters.dynamics import calls
from tests.recorder.adapters.dynamics.scripted import (
    API,
    SECRET,
    SIGNATURE,
    FakeClock,
    FakeSecrets,
    ScriptedDataverse,
    Story,
    error_answer,
    us,
)

FORBIDDEN = (SECRET, SIGNATURE, "token-number-")


class Echo(ScriptedDataverse):
    """Answers every call with an error that repeats all it was told, as a careless proxy might."""

    def __init__(self, clock, status):
        super().__init__(clock)
        self.status = status
        self.echoing = False

    def handle_request(self, request):
        answer = super().handle_request(request)
        if not self.echoing:
            return answer
        told = f"{request.url} {dict(request.headers)} {request.content!r} {answer.text}"
        if self.status == 0:
            raise httpx.LocalProtocolError(told)
        return error_answer(self.status, "0x80040265", told)


def shown(error):
    return "".join(traceback.format_exception(error)) + repr(error) + getattr(error, "hint", "")


def clean(*texts):
    for text in texts:
        for secret in FORBIDDEN:
            assert secret not in text


def steps(source, ref, media):
    yield source.server_time
    yield lambda: source.list_items(Window(us(0), us(1000)), None)
    yield lambda: source.list_items(Window(us(0), us(1000)), f"{API}x?$skiptoken={SIGNATURE}")
    yield lambda: source.describe(ref)
    yield lambda: list(source.open_media(ref, media))


@pytest.mark.parametrize("status", [0, 200, 302, 400, 401, 403, 404, 418, 429, 500, 503])
def test_no_failure_shows_a_secret(caplog, status):
    caplog.set_level(logging.DEBUG)
    world = Echo(FakeClock(), status)
    calls.recorded_call(world, Story(world))
    source = world.open(requests_per_5min=6000)
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
    world.clock.advance(4000)
    clean(*[repr(finding) for finding in source.check()])
    clean(caplog.text)

    assert failures >= 3
    assert caplog.text


def test_a_refused_token_shows_no_secret(caplog):
    caplog.set_level(logging.DEBUG)
    world = ScriptedDataverse(FakeClock())
    secrets = FakeSecrets({"env:DYNAMICS": "wrong-hush-hush-secret"})
    source = world.open(secrets=secrets)

    with pytest.raises(SourceError) as caught:
        source.server_time()

    clean(shown(caught.value), caplog.text, *[repr(finding) for finding in source.check()])


def test_settings_never_show_a_secret_even_one_in_clear():
    world = ScriptedDataverse(FakeClock())

    clean(repr(world.open()._settings), repr(world.open(client_secret=f"value:{SECRET}")._settings))
