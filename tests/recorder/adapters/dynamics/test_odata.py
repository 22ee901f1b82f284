import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.dynamics.odata import (
    NoApplicationUser,
    NotThere,
    PrivilegeMissing,
    any_of,
    instant_literal,
    query,
    text_literal,
)
from recorder.adapters.dynamics.odata import (
    guid as row_id,
)
from recorder.errors import AuthRefused, BadAnswer, Throttled, Unreachable
from recorder.instants import from_text
from recorder.model import Window
from tests.recorder.adapters.dynamics.scripted import (
    API,
    FakeClock,
    ScriptedDataverse,
    Story,
    error_answer,
    guid,
    us,
)


@pytest.fixture
def world():
    return ScriptedDataverse(FakeClock())


@pytest.fixture
def odata(world):
    return world.open(page_size=2)._odata


def page(rows=(), **more):
    return httpx.Response(200, json={"value": list(rows)} | more)


# --- literals --------------------------------------------------------------------------------------


def test_quotes_in_text_literals_are_doubled():
    assert text_literal("O'Hara' or 1 eq 1") == "'O''Hara'' or 1 eq 1'"


@given(st.text())
def test_no_text_breaks_out_of_its_literal(text):
    inner = text_literal(text)[1:-1]

    assert inner.replace("''", "").count("'") == 0


@pytest.mark.parametrize("value", ["", "1", guid(1) + " or 1 eq 1", "../" + guid(1), guid(1)[:-1]])
def test_what_is_no_row_id_never_becomes_part_of_an_address(value):
    with pytest.raises(BadAnswer):
        row_id(value)


def test_row_ids_are_joined_for_one_filter():
    assert (
        any_of("_x_value", [guid(1), guid(2)]) == f"_x_value eq {guid(1)} or _x_value eq {guid(2)}"
    )


@given(st.integers(0, 4_000_000_000_000_000))
def test_instants_are_whole_seconds_around_the_bound(instant_us):
    low = from_text(instant_literal(instant_us, up=False))
    high = from_text(instant_literal(instant_us, up=True))

    assert low <= instant_us <= high
    assert high - low in {0, 1_000_000}


def test_options_are_percent_encoded():
    assert query(select="a,b", filter="a eq 'x&y+z'", top=None) == (
        "?$select=a,b&$filter=a%20eq%20%27x%26y%2Bz%27"
    )


# --- requests --------------------------------------------------------------------------------------


def test_every_request_carries_the_odata_headers(world, odata):
    odata.get("WhoAmI")

    (request,) = world.asked("WhoAmI")
    assert request.headers["odata-version"] == "4.0"
    assert request.headers["odata-maxversion"] == "4.0"
    assert request.headers["if-none-match"] == "null"
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"].startswith("Bearer ")


def test_a_next_link_is_followed_as_it_came_with_the_same_headers(world, odata):
    cookie = "%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page%253d%25221%2522%253e%22%20istracking=%22False%22%20/%3E"
    link = f"{API}msdyn_ocrecordings?$select=a,b&$skiptoken={cookie}"
    world.order("msdyn_ocrecordings", page([{"n": 1}], **{"@odata.nextLink": link}))
    world.order("skiptoken", page([{"n": 2}]))

    rows = odata.rows("msdyn_ocrecordings?$select=a,b")

    assert [row["n"] for row in rows] == [1, 2]
    first, second = world.asked("msdyn_ocrecordings")
    assert str(second.url) == link
    assert second.headers["prefer"] == first.headers["prefer"]
    assert "odata.maxpagesize=2," in first.headers["prefer"]
    assert "$top" not in str(first.url)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data/v9.2/x",
        "http://contoso.crm.dynamics.com/api/data/v9.2/x",
        "https://contoso.crm.dynamics.com:444/api/data/v9.2/x",
        "https://contoso.crm.dynamics.com@evil.example/api/data/v9.2/x",
        "https://user:pass@contoso.crm.dynamics.com/api/data/v9.2/x",
        "https://contoso.crm.dynamics.com/elsewhere",
        "/api/data/v9.2/x",
        "no link",
        "https://:bad/",
    ],
)
def test_a_next_link_that_leads_elsewhere_is_a_bad_answer_and_is_not_asked(world, odata, link):
    world.order("msdyn_ocrecordings", page(**{"@odata.nextLink": link}))

    with pytest.raises(BadAnswer):
        odata.rows("msdyn_ocrecordings?$select=a")

    assert len([one for one in world.requests if "oauth2" not in str(one.url)]) == 1


def test_a_next_link_to_the_same_page_is_a_bad_answer(world, odata):
    link = f"{API}msdyn_ocrecordings?$skiptoken=1"
    world.order("msdyn_ocrecordings", page(**{"@odata.nextLink": link}), times=3)

    with pytest.raises(BadAnswer, match="same page"):
        odata.rows("msdyn_ocrecordings?$select=a")


def test_endless_paging_is_a_bad_answer(world, odata):
    count = iter(range(1000))

    def answer(_request):
        return page(**{"@odata.nextLink": f"{API}msdyn_ocsessions?$skiptoken={next(count)}"})

    world.order("msdyn_ocsessions", answer, times=1000)

    with pytest.raises(BadAnswer, match="pages"):
        odata.rows("msdyn_ocsessions?$select=a")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Sign in</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"value": {}}),
        httpx.Response(200, json={"value": [], "@odata.nextLink": 5}),
        httpx.Response(200, json={"value": [], "@odata.nextLink": "x" * 100_000}),
        httpx.Response(204),
        httpx.Response(302, headers={"location": "https://login.example/?sig=x"}),
    ],
)
def test_what_is_no_page_is_a_bad_answer(world, odata, answer):
    world.order("msdyn_ocrecordings", answer)

    with pytest.raises(BadAnswer):
        odata.first_page("msdyn_ocrecordings?$select=a")


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error_answer(400, "0x80060888", "bad column"), BadAnswer),
        (error_answer(403, "0x80040220", "missing privilege"), PrivilegeMissing),
        (error_answer(403, "0x80072560", "not a member"), NoApplicationUser),
        (error_answer(401, "0x80072560", "not a member"), NoApplicationUser),
        (error_answer(404, "0x80040217", "does not exist"), NotThere),
        (error_answer(410), NotThere),
        (error_answer(429, "0x80072322", "too many", retry_after="3"), Throttled),
        (error_answer(503, retry_after="3"), Unreachable),
        (error_answer(501), Unreachable),
        (httpx.Response(403, text="<html>"), PrivilegeMissing),
    ],
)
def test_a_refusal_means_one_error(world, odata, answer, kind):
    world.order("WhoAmI", answer, times=2)

    with pytest.raises(kind) as caught:
        odata.get("WhoAmI")

    assert type(caught.value) is kind


def test_a_refusal_names_code_and_message_but_no_secret(world, odata):
    text = "no; see https://x.example/a?sig=S3CR3T and Bearer S3CR3T"
    world.order("WhoAmI", error_answer(400, "0x80040265", text))

    with pytest.raises(BadAnswer) as caught:
        odata.get("WhoAmI")

    assert "0x80040265" in str(caught.value)
    assert "contoso.crm.dynamics.com/api/data/v9.2/WhoAmI" in str(caught.value)
    assert "S3CR3T" not in str(caught.value)


def test_401_twice_is_refused_credentials(world, odata):
    world.order("WhoAmI", httpx.Response(401), times=2)

    with pytest.raises(AuthRefused):
        odata.get("WhoAmI")

    assert world.tokens_given == 2


# --- patience --------------------------------------------------------------------------------------


def test_while_throttled_nothing_is_asked(world, odata):
    world.order("WhoAmI", error_answer(429, "0x80072326", "52", retry_after="20"))
    with pytest.raises(Throttled):
        odata.get("WhoAmI")
    before = len(world.requests)

    world.clock.advance(19)
    with pytest.raises(Throttled) as caught:
        odata.get("WhoAmI")
    assert caught.value.retry_after_s == pytest.approx(1.0)
    assert len(world.requests) == before

    world.clock.advance(1)
    assert odata.get("WhoAmI").ok


class Broken(httpx.SyncByteStream):
    def __iter__(self):
        yield b'{"error":'
        raise httpx.ReadError("reset")


def test_patience_is_heard_even_when_the_rest_of_the_answer_never_comes(world, odata):
    answer = httpx.Response(429, headers={"Retry-After": "20"}, stream=Broken())
    world.order("WhoAmI", answer)
    with pytest.raises(Unreachable):
        odata.get("WhoAmI")

    with pytest.raises(Throttled) as caught:
        odata.get("WhoAmI")
    assert caught.value.retry_after_s == pytest.approx(20.0)


def test_the_request_budget_is_kept_and_names_the_wait(world):
    odata = world.open(requests_per_5min=50)._odata
    for _ in range(10):
        odata.get("WhoAmI")

    with pytest.raises(Throttled, match="budget") as caught:
        odata.get("WhoAmI")

    assert len(world.asked("WhoAmI")) == 10
    world.clock.advance(caught.value.retry_after_s)
    assert odata.get("WhoAmI").ok


# --- the schema ------------------------------------------------------------------------------------


def listed(source):
    return source.list_items(Window(us(0), us(100)), None).items


def test_optional_columns_that_are_absent_are_left_out(world):
    world.columns["msdyn_ocrecording"] -= {"msdyn_recordingtarget", "msdyn_applicationid"}
    Story(world).recording(5)
    source = world.open()

    assert len(listed(source)) == 1
    (request,) = world.asked("msdyn_ocrecordings")
    assert "msdyn_recordingtarget" not in str(request.url)


def test_a_required_column_that_is_absent_is_an_error_and_not_silence(world):
    world.columns["msdyn_ocrecording"] -= {"msdyn_recording"}
    Story(world).recording(5)

    with pytest.raises(BadAnswer, match="msdyn_recording"):
        listed(world.open())


def test_the_schema_is_asked_once(world):
    source = world.open()
    for _ in range(3):
        listed(source)

    assert len(world.asked("EntityDefinitions")) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_without_a_right_to_the_schema_the_older_one_is_assumed(world, status):
    world.columns["msdyn_ocrecording"] -= {"msdyn_recordingtarget", "msdyn_applicationid"}
    world.order("EntityDefinitions", error_answer(status), times=9)
    Story(world).recording(5)

    assert len(listed(world.open())) == 1


def test_a_muddled_schema_is_asked_again(world):
    world.order("EntityDefinitions", httpx.Response(200, text="<html>"))
    source = world.open()
    for _ in range(3):
        listed(source)

    assert len(world.asked("EntityDefinitions")) == 2
