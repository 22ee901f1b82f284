import httpx
import pytest

from recorder.errors import BadAnswer, Throttled
from recorder.model import Window
from tests.recorder.adapters.dynamics import calls
from tests.recorder.adapters.dynamics.scripted import (
    API,
    BLOBS,
    FakeClock,
    ScriptedDataverse,
    Story,
    error_answer,
    us,
)


@pytest.fixture
def world():
    return ScriptedDataverse(FakeClock())


@pytest.fixture
def story(world):
    return Story(world)


def only(source):
    (ref,) = source.list_items(Window(us(0), us(100_000)), None).items
    return ref


def ways(world, **settings):
    source = world.open(**settings)
    ref = only(source)
    (media,) = source.describe(ref).media
    return source.open_media(ref, media)


def test_the_signed_link_comes_first_and_without_the_token(world, story):
    calls.recorded_call(world, story)

    request = next(ways(world))

    assert request.url.startswith(BLOBS)
    assert request.headers == ()
    assert request.size_bytes == 103
    assert request.allowed_hosts == (".blob.core.windows.net", "contoso.crm.dynamics.com")
    assert request.chunk_bytes is None


def test_the_api_comes_second_in_ranges_of_four_mebibytes(world, story):
    key = calls.recorded_call(world, story)

    _, second, third = ways(world)

    assert second.url == third.url == f"{API}msdyn_ocrecordings({key})/msdyn_recording/$value"
    assert second.headers == (("Authorization", "Bearer token-number-1"),)
    assert second.allowed_hosts == ("contoso.crm.dynamics.com",)
    assert (second.chunk_bytes, second.resumable) == (4 * 1024**2, True)
    assert (third.chunk_bytes, third.resumable) == (None, False)


def test_the_signed_link_is_asked_with_the_row_as_a_reference(world, story):
    key = calls.recorded_call(world, story)
    next(ways(world))

    (request,) = world.asked("GetFileSasUrl")
    assert request.method == "GET"
    assert request.url.path.endswith(
        "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')"
    )
    assert request.url.params["@p1"] == f"{{'@odata.id':'msdyn_ocrecordings({key})'}}"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_without_a_signed_link_the_api_comes_first(world, story, status):
    calls.recorded_call(world, story)
    found = ways(world)
    world.order("GetFileSasUrl", error_answer(status), times=2)

    assert next(found).url.endswith("$value")


def test_throttling_is_not_answered_with_another_call(world, story):
    calls.recorded_call(world, story)
    found = ways(world)
    world.order("GetFileSasUrl", error_answer(429, retry_after="4"))

    with pytest.raises(Throttled):
        next(found)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x?sig=1",
        "https://blob.core.windows.net.evil.example/x",
        "https://evilblob.core.windows.net@evil.example/x",
        "http://store.blob.core.windows.net/x",
        "file:///etc/passwd",
        "no link",
        "https://:x/",
    ],
)
def test_a_signed_link_that_leads_elsewhere_is_not_used(world, story, link):
    calls.recorded_call(world, story)
    body = {"Result": {"SasUrl": link, "FileSizeInBytes": 103}}
    world.order("GetFileSasUrl", lambda _: world._dated(_json(body)))

    assert next(ways(world)).url.endswith("$value")


@pytest.mark.parametrize(
    "body", [{}, {"Result": None}, {"Result": {}}, {"Result": {"SasUrl": 5}}, []]
)
def test_an_answer_without_a_link_is_passed_over(world, story, body):
    calls.recorded_call(world, story)
    world.order("GetFileSasUrl", lambda _: _json(body))

    assert next(ways(world)).url.endswith("$value")


def _json(body):
    return httpx.Response(200, json=body)


def test_a_file_that_changed_its_size_since_it_was_described_is_described_again(world, story):
    key = calls.recorded_call(world, story)
    found = ways(world)
    world.files[key, "msdyn_recording"] = b"another"

    with pytest.raises(BadAnswer, match="changed its size"):
        next(found)


def test_the_api_can_be_preferred(world, story):
    calls.recorded_call(world, story)

    urls = [request.url for request in ways(world, prefer_sas=False)]

    assert urls[0].endswith("$value")
    assert urls[-1].startswith(BLOBS)
    assert len(urls) == 3


def described(world):
    source = world.open()
    ref = only(source)
    (media,) = source.describe(ref).media
    return source, ref, media


def test_a_file_that_is_still_the_one_described_is_confirmed(world, story):
    calls.recorded_call(world, story)
    source, ref, media = described(world)
    source.confirm(ref, media)


def test_another_file_in_the_row_than_the_one_described_is_told(world, story):
    calls.recorded_call(world, story)
    source, ref, media = described(world)
    world.rows["msdyn_ocrecordings"][0]["msdyn_recording"] = "00000000-1111-2222-3333-444444444444"
    with pytest.raises(BadAnswer, match="replaced while"):
        source.confirm(ref, media)


def test_a_row_that_is_gone_by_now_speaks_against_nothing(world, story):
    calls.recorded_call(world, story)
    source, ref, media = described(world)
    world.order("msdyn_ocrecordings(", error_answer(404))
    source.confirm(ref, media)
