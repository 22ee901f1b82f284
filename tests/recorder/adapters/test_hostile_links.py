"""Links and redirects of a service that lead where no download may go."""

import json

import httpx
import pytest

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.errors import RedirectRefused, SourceError
from recorder.ports.recording import FetchLimits
from sim.contract.world import Bytes
from tests.recorder.adapters.hostile import (
    WORLDS,
    listed,
    places,
    put,
    spoiled,
    tells_no_secret,
    with_body,
)

KINDS = pytest.mark.parametrize("kind", sorted(WORLDS))
LINKS = {"dynamics": "SasUrl", "webex": "audioDownloadLink", "zoom": "download_url"}
SIGNED = "?sig=very-secret&ticket=very-secret"
ELSEWHERE = [
    "http://127.0.0.1/x",
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://0/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[::ffff:7f00:1]/x",
    "https://[fe80::1%25eth0]/x",
    "https://[fd00:ec2::254]/latest",
    "https://169.254.169.254/latest/meta-data",
    "http://169.254.169.254/latest/meta-data",
    "https://2852039166/latest",
    "https://0xa9fea9fe/latest",
    "https://[::ffff:169.254.169.254]/latest",
    "https://metadata.google.internal/",
    "https://localhost/x",
    "https://a.localhost/x",
    "https://user:word@127.0.0.1/x",
    "https://{own}@127.0.0.1/x",
    "https://user@{own}/x",
    "https://{own}.evil.example/x",
    "https://evil.example/{own}",
    "https://evil.example#.{own}/",
    "https://evil.example\\@{own}/x",
    "https://evil.example%2f.{own}/x",
    "http://{own}/x",
    "ftp://{own}/x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/_x",
    "javascript:alert(1)",
    "data:audio/mpeg;base64,AAAA",
    "//127.0.0.1/x",
    "\\\\127.0.0.1\\x",
    "https://",
    "",
]


def described(kind):
    world, spoiler = spoiled(kind)
    world.publish(10)
    (ref,) = listed(world)
    found = world.source.describe(ref)
    return world, spoiler, ref, found.media[0]


@KINDS
@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_link_that_leads_elsewhere_is_never_asked(kind, address):
    world, spoiler, ref, media = described(kind)
    first = next(iter(world.source.open_media(ref, media)))
    own = httpx.URL(first.url).host
    link = address.replace("{own}", own)
    changed = []

    def change(_request, answer):
        try:
            body = answer.json()
        except ValueError:
            return None
        for place in places(body):
            if place[-1] == LINKS[kind]:
                changed.append(place)
                return with_body(answer, put(body, place, json.dumps(link + SIGNED)))
        return None

    spoiler.change = change
    world.advance(60)
    errors, requests = [], []
    ways = iter(world.source.open_media(ref, media))
    while True:
        try:
            requests.append(next(ways))
        except StopIteration:
            break
        except SourceError as error:
            errors.append(error)
            break

    assert changed
    assert all(httpx.URL(one.url).host != "" for one in requests)
    assert all(link + SIGNED != one.url for one in requests), "that address is not ours to ask"
    assert not any("very-secret" in f"{error} {error.hint}" for error in errors)
    tells_no_secret(world, errors)


STAYS = {"https://", "\\\\127.0.0.1\\x"}
"""A redirect of this kind is relative: it stays on the host."""


@KINDS
@pytest.mark.parametrize("address", [one for one in ELSEWHERE if one not in STAYS])
def test_a_redirect_that_leads_elsewhere_is_refused(kind, address):
    world, _, ref, media = described(kind)
    request = next(iter(world.source.open_media(ref, media)))
    own = httpx.URL(request.url).host
    location = (address.replace("{own}", own) + SIGNED) if address else address
    asked = []

    def answer(request):
        asked.append(request)
        assert len(asked) == 1, f"{request.url.host} was asked"
        return httpx.Response(302, headers=[(b"location", location.encode())])

    sink = Bytes()
    with pytest.raises(RedirectRefused) as caught:
        HttpxMediaFetcher(lambda: httpx.MockTransport(answer)).fetch(request, sink, FetchLimits())

    assert sink.offset == 0
    assert "very-secret" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"
    tells_no_secret(world, [caught.value])
