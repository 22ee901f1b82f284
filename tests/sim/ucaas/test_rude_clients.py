"""Whatever a client sends, the fake answers as the service would: a wrong request is a 4xx, never a crash."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.ucaas.dynamics.parser import NESTED_MAX, TERMS_MAX
from tests.sim.ucaas.fakes import API, TOKEN_URL, Fake

CRM = "Microsoft.Dynamics.CRM."
RECORDINGS = "msdyn_ocrecordings"
QUERY_WORDS = st.sampled_from(
    (
        *("$filter=", "$orderby=", "$select=", "$expand=", "$top=", "$count=", "$skiptoken=", "&"),
        *("modifiedon", "msdyn_name", "statecode", "_msdyn_liveworkitemid_value", "null", "true"),
        *(" eq ", " gt ", " and ", " or ", " not ", "(", ")", "[", "]", ",", "'", "/", "=", "-"),
        *("2026-01-01T00:00:00Z", "5", "contains(", f"{CRM}In(", f"{CRM}LastXHours(", "desc"),
        *("PropertyName='modifiedon'", "PropertyValues=['x']", "PropertyValue=", "%27", "+", "é"),
    )
)


@pytest.fixture(scope="module")
def fake():
    made = Fake()
    made.place()
    return made


@pytest.fixture(scope="module")
def key(fake):
    return fake.rows(f"{RECORDINGS}?$select=msdyn_name")[0]["msdyn_ocrecordingid"]


def refused(answer, words=""):
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"].startswith("0x")
    assert words in error["message"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (f"{CRM}LastXHours(PropertyName='modifiedon',PropertyValue='abc')", "number of hours"),
        (f"{CRM}LastXHours(PropertyName='modifiedon',PropertyValue='nan')", "number of hours"),
        (f"{CRM}LastXHours(PropertyName='modifiedon',PropertyValue=-1)", "number of hours"),
        (f"{CRM}LastXHours(PropertyName='msdyn_name',PropertyValue=1)", "does not apply"),
        (f"{CRM}In(PropertyName='modifiedon',PropertyValues=['abc'])", "malformed"),
        (f"{CRM}In(PropertyName=5,PropertyValues=['x'])", "needs PropertyName"),
        (f"{CRM}In(PropertyName='nope',PropertyValues=['x'])", "nope"),
        (f"{CRM}Between(PropertyName='modifiedon',PropertyValues=['x'])", "does not apply"),
        (f"{CRM}ContainValues(PropertyName='msdyn_name',PropertyValues=['x'])", "does not apply"),
        ("msdyn_name gt statecode", "incompatible types"),
        ("modifiedon eq msdyn_name", "incompatible types"),
        ("modifiedon ge 2026-13-45T00:00:00Z", "malformed"),
        ("contains(msdyn_name,5)", "No function signature"),
        ("[1]", "no condition"),
        ("msdyn_name", "no condition"),
    ],
)
def test_a_condition_without_sense_is_refused_by_its_reason(condition, words, fake):
    refused(fake.get(f"{RECORDINGS}?$filter={condition}"), words)


@pytest.mark.parametrize("nesting", [("(", ")"), ("not ", ""), ("contains(", ")")])
def test_endless_nesting_is_refused(nesting, fake):
    before, after = nesting
    for depth in (NESTED_MAX + 1, 3000):
        condition = before * depth + "statecode eq 0" + after * depth
        refused(fake.get(f"{RECORDINGS}?$filter={condition}"), "nesting")


def test_what_a_person_would_nest_is_answered(fake):
    condition = "(" * NESTED_MAX + "statecode eq 0" + ")" * NESTED_MAX
    assert len(fake.rows(f"{RECORDINGS}?$filter={condition}")) == 1


@pytest.mark.parametrize("junction", ["and", "or"])
def test_a_condition_has_so_many_parts_and_no_more(junction, fake):
    parts = ["statecode eq 0"] * (TERMS_MAX + 1)
    assert len(fake.rows(f"{RECORDINGS}?$filter={f' {junction} '.join(parts)}")) == 1
    refused(fake.get(f"{RECORDINGS}?$filter={f' {junction} '.join([*parts, parts[0]])}"), "parts")


@pytest.mark.parametrize(
    "marks",
    [
        '<statecode last="x" first="0" />',
        '<statecode last="" first="0" />',
        '<statecode last="9999999999999999999999" first="0" />',
        '<modifiedon last="x" first="y" />',
        "",
        '<statecode last="0',
    ],
)
def test_a_mangled_paging_cookie_is_refused(marks, fake):
    cookie = f'<cookie page="1">{marks}<msdyn_ocrecordingid last="a" first="b" /></cookie>'
    outer = quote(quote(cookie, safe=""), safe="")
    token = f'<cookie pagenumber="2" pagingcookie="{outer}" istracking="False" />'
    order = "modifiedon" if "modifiedon" in marks else "statecode"
    query = f"$orderby={order},msdyn_ocrecordingid&$skiptoken={quote(token, safe='')}"
    refused(fake.get(f"{RECORDINGS}?{query}"))


@pytest.mark.parametrize(
    "token", ["abc", "1!", "1!99/99/9999 10:10:10", "1!02/30/2026 10:10:10", "-1!01/01/2026 10:10:10"]
)  # fmt: skip
def test_a_mangled_delta_token_is_refused(token, fake):
    prefer = {"Prefer": "odata.track-changes"}
    query = f"msdyn_ocliveworkitems?$deltatoken={quote(token, safe='')}"
    refused(fake.get(query, **prefer), "malformed")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(QUERY_WORDS, max_size=12))
def test_any_query_is_answered_or_refused(fake, words):
    assert fake.get(f"{RECORDINGS}?{''.join(words)}").status_code in {200, 400}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_any_path_is_answered_or_refused(fake, text):
    answer = fake.http.get(f"{API}/{quote(text, safe='/()=,')}")
    assert answer.status_code in {200, 400, 404, 405}


# --- files ---


def block(fake, **body):
    return fake.http.post(f"{API}/DownloadBlock", json=body)


@pytest.fixture(scope="module")
def token(fake, key):
    target = {"msdyn_ocrecordingid": key, "@odata.type": f"{CRM}msdyn_ocrecording"}
    answer = fake.http.post(
        f"{API}/InitializeFileBlocksDownload",
        json={"Target": target, "FileAttributeName": "msdyn_recording"},
    )
    return answer.json()["FileContinuationToken"]


@pytest.mark.parametrize("wrong", ["x", None, -5, 1.5, True, [1]])
@pytest.mark.parametrize("name", ["Offset", "BlockLength"])
def test_a_block_without_sense_is_refused(name, wrong, fake, token):
    given_ = {"Offset": 0, "BlockLength": 10, "FileContinuationToken": token} | {name: wrong}
    refused(block(fake, **given_), name)


def test_a_block_behind_the_end_is_empty(fake, token):
    answer = block(fake, Offset=10**9, BlockLength=5, FileContinuationToken=token)
    assert answer.json()["Data"] == ""


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[]", b"5", b'{"Target": 5}', b'{"Target": {}}']
)
def test_a_download_that_is_not_begun_properly_is_refused(body, fake):
    refused(fake.http.post(f"{API}/InitializeFileBlocksDownload", content=body))
    refused(fake.http.post(f"{API}/DownloadBlock", content=body))


@pytest.mark.parametrize(
    ("wanted", "status", "shown"),
    [
        ("bytes=0-0", 206, "bytes 0-0/{size}"),
        ("bytes=-10", 206, "bytes {tail}-{last}/{size}"),
        ("bytes=5-2", 416, "bytes */{size}"),
        ("bytes={size}-", 416, "bytes */{size}"),
        ("bytes=-0", 416, "bytes */{size}"),
        ("bytes=0-99999999999", 206, "bytes 0-{last}/{size}"),
    ],
)
def test_ranges_of_the_file_host_are_those_of_the_standard(wanted, status, shown, fake, key):
    link = fake.sas(key).json()["Result"]["SasUrl"]
    size = len(fake.bare.get(link).content)
    sizes = {"size": size, "last": size - 1, "tail": size - 10}
    answer = fake.bare.get(link, headers={"Range": wanted.format(**sizes)})
    assert answer.status_code == status
    assert answer.headers["content-range"] == shown.format(**sizes)


# --- the authority ---


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer x", "nonsense"])
def test_credentials_nobody_can_read_are_refused(header, fake):
    form = {"grant_type": "client_credentials", "scope": "x/.default"}
    answer = fake.bare.post(TOKEN_URL, data=form, headers={"Authorization": header})
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"unauthorized_client", "invalid_client"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_body_of_a_token_request_is_refused(fake, body):
    answer = fake.bare.post(TOKEN_URL, content=body)
    assert answer.status_code == 400
    assert answer.json()["error_description"].startswith("AADSTS")


# --- what every answer carries ---


def test_who_asks_is_told_to_the_same_client_always(fake):
    first, again = (fake.get("WhoAmI").json() for _ in range(2))
    ids = ("BusinessUnitId", "UserId", "OrganizationId")
    assert [first[name] for name in ids] == [again[name] for name in ids]
    assert len({first[name] for name in ids}) == 3


def test_answers_are_marked_as_odata_and_count_the_requests_down(fake):
    left = []
    for _ in range(3):
        answer = fake.get(f"{RECORDINGS}?$top=1")
        left.append(int(answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"]))
        assert answer.headers["odata-version"] == "4.0"
        assert answer.headers["content-type"].startswith("application/json; odata.metadata=minimal")
        assert "x-ms-ratelimit-time-remaining-xrm-requests" in answer.headers
    assert left == [left[0], left[0] - 1, left[0] - 2]
