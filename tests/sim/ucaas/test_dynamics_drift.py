"""The fake environment and the adapter, both against the schema that is written down beside the fake."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AliasPath

from recorder.adapters.dynamics import records
from recorder.adapters.dynamics.tables import ALL_TABLES, ATTACHMENT_COLUMNS, ATTACHMENTS
from recorder.adapters.http.values import parse
from recorder.model import Window
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.mix import CallMix
from sim.ucaas.dynamics.scripts import Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import Content, MemoryTransport, Request, Response
from tests.recorder.adapters.dynamics.scripted import SECRET, FakeClock, open_source
from tests.sim.ucaas.fakes import API, AUDIO, TOKEN_URL, Fake, token_form
from tests.sim.ucaas.written import DOCUMENT, OPERATIONS, as_written, operation_of, problems

SCHEMAS = DOCUMENT["components"]["schemas"]
RECORDS = {
    "Recording": records.Recording,
    "Conversation": records.Conversation,
    "Session": records.Session,
    "Participant": records.Participant,
    "PhoneContext": records.PhoneContext,
    "User": records.User,
    "Attachment": records.Attachment,
}
NAMES = dict(zip((table.logical for table in ALL_TABLES), RECORDS, strict=False))
ABSENT = {"_msdyn_cdsqueueid_value"}
"""Columns of the service that the fake's older environment lacks."""
JSON_KIND = (("Content-Type", "application/json"),)
ANNOTATED = 'odata.include-annotations="*"'


@pytest.fixture
def fake():
    fake = Fake()
    fake.place(
        RecordingScript(AUDIO),
        RecordingScript(AUDIO),
        legs=(Leg(0, 20.0), Leg(1, 12.0, hold_s=2.0)),
    )
    fake.place(RecordingScript(AUDIO))
    return fake


@pytest.mark.parametrize("prefer", ["", ANNOTATED, f"odata.maxpagesize=1,{ANNOTATED}"])
@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.logical)
def test_lists_and_rows_are_as_written(fake, table, prefer):
    known = [name for name in table.columns if name not in ABSENT]
    for options in ("", f"?$select={','.join(known)}", "?$count=true"):
        listed = fake.get(table.set_name + options, Prefer=prefer)

        assert listed.json()["value"]
        assert problems(listed) == []
        one = listed.json()["value"][0][table.key]
        row = fake.get(
            f"{table.set_name}({one})" + options.replace("?$count=true", ""), Prefer=prefer
        )
        assert row.status_code == 200
        assert problems(row) == []


def test_files_links_and_columns_are_as_written(fake):
    (key, *_) = (row["msdyn_ocrecordingid"] for row in fake.rows("msdyn_ocrecordings"))
    expand = f"?$expand={ATTACHMENTS}($select={ATTACHMENT_COLUMNS})"

    row = fake.get(f"msdyn_ocrecordings({key}){expand}")
    answers = [row, fake.sas(key), fake.get("WhoAmI")]
    answers += [
        fake.get(f"EntityDefinitions(LogicalName='{name}')/Attributes{options}")
        for name in NAMES
        for options in ("", "?$select=LogicalName")
    ]

    assert row.json()[ATTACHMENTS]
    assert {answer.status_code for answer in answers} == {200}
    assert [problems(answer) for answer in answers] == [[]] * len(answers)


def refusals(fake):
    """An answer of every kind of refusal."""
    (key, *_) = (row["msdyn_ocrecordingid"] for row in fake.rows("msdyn_ocrecordings"))
    yield 400, fake.get("msdyn_ocrecordings?$select=nothing")
    yield 400, fake.get("msdyn_ocrecordings?$filter=createdon%20gt")
    yield 401, fake.bare.get(f"{API}/WhoAmI")
    yield 404, fake.get(f"msdyn_ocrecordings({key[::-1]})")
    yield 404, fake.get("EntityDefinitions(LogicalName='nothing')/Attributes")
    for code in ("requests", "time", "concurrent"):
        for retry_after in ("seconds", "date", "absent"):
            more = {"code": code, "retry_after": retry_after}
            yield 429, with_fault(fake, FaultKind.THROTTLE, **more)
    for why in ("no_user", "privilege"):
        yield 403, with_fault(fake, FaultKind.FORBIDDEN, why=why)
    for status in (500, 502, 503):
        yield status, with_fault(fake, FaultKind.SERVER_ERROR, status=status)


def with_fault(fake, kind, **parameters):
    number = fake.service.add_fault(Fault(kind, parameters=parameters))
    answer = fake.get("msdyn_ocrecordings")
    fake.service.remove_fault(number)
    return answer


def test_refusals_have_the_body_of_an_error(fake):
    answers = [*refusals(fake)]

    assert [answer.status_code for _, answer in answers] == [status for status, _ in answers]
    assert [problems(answer) for _, answer in answers] == [[]] * len(answers)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"client_secret": "wrong"},
        {"client_id": "nobody"},
        {"grant_type": "password"},
        {"scope": "https://other.crm.dynamics.com/.default"},
    ],
)
def test_tokens_and_why_there_is_none_are_as_written(fake, change):
    answer = fake.bare.post(TOKEN_URL, data=token_form() | change)

    assert answer.is_success is (change == {})
    assert operation_of(answer.request) in OPERATIONS
    assert problems(answer) == []


def test_a_drift_is_told():
    request = httpx.Request("GET", f"{API}/WhoAmI")
    answer = httpx.Response(200, json={"UserId": "7", "Mood": 1}, request=request)

    assert len(problems(answer)) == 4


def test_a_fake_that_drifts_fails_its_own_tests():
    drifted = as_written(lambda _: Response(200, JSON_KIND, Content((b'{"Mood": 1}',))))

    with pytest.raises(AssertionError, match="Mood"):
        drifted(Request("GET", "https", "contoso.crm.dynamics.com", "/api/data/v9.2/WhoAmI"))


# --- the adapter -----------------------------------------------------------------------------------


class Watched(httpx.BaseTransport):
    """Every answer that the adapter gets is held against the document."""

    def __init__(self, inner):
        self.inner = inner
        self.asked = set()

    def handle_request(self, request):
        answer = self.inner.handle_request(request)
        answer.request = request
        answer.read()
        if "/api/data/" in request.url.path or "/oauth2/" in request.url.path:
            self.asked.add(operation_of(request))
            assert problems(answer) == []
        return answer


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000))
def test_the_adapter_asks_only_for_what_is_written_and_hears_nothing_else(seed):
    clock = FakeClock()
    fake = FakeDynamics(
        now_us=clock.wall_us,
        monotonic_ns=clock.monotonic_ns,
        clients=[ClientApp("node-a", SECRET)],
    )
    fake.place(CallMix(bank=(AUDIO,), seed=seed).over(clock.wall_us(), 60.0, 5))
    clock.advance(4000)
    fake.advance()
    watched = Watched(MemoryTransport(handle=fake.handle, wait=clock.advance))
    source = open_source(watched, clock, page_size=2)
    source.check()
    page, found = None, []
    while True:
        listed = source.list_items(Window(0, clock.wall_us()), page)
        found += listed.items
        page = listed.next_page
        if page is None:
            break
    for ref in found:
        for media in source.describe(ref).media:
            next(iter(source.open_media(ref, media)))
            source.confirm(ref, media)

    assert found
    assert watched.asked <= OPERATIONS
    assert len(watched.asked) >= 12


def aliases(record):
    """Names of the fields that a record reads."""
    for name, field in record.model_fields.items():
        alias = field.alias or name
        assert not isinstance(field.validation_alias, AliasPath)
        yield alias.partition("@")[0]


@pytest.mark.parametrize("name", RECORDS)
def test_every_field_that_the_adapter_reads_is_written(name):
    assert set(aliases(RECORDS[name])) <= set(SCHEMAS[name]["properties"])


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.logical)
def test_every_column_that_the_adapter_asks_for_is_written(table):
    written = SCHEMAS[NAMES[table.logical]]

    assert set(table.columns) <= set(written["properties"])
    assert table.key in written["required"]
    assert f"GET /api/data/v9.2/{table.set_name}" in OPERATIONS


def test_columns_of_attachments_and_links_are_written():
    assert set(ATTACHMENT_COLUMNS.split(",")) <= set(SCHEMAS["Attachment"]["properties"])
    assert ATTACHMENTS in SCHEMAS["Recording"]["properties"]
    result = SCHEMAS["SignedLinkAnswer"]["properties"]["Result"]["properties"]
    assert set(aliases(records.SignedLink)) <= set(result)


SAMPLES = {
    "Guid": "0000000a-0000-4000-8000-00000000000b",
    "GuidOrNull": "0000000a-0000-4000-8000-00000000000b",
    "TextOrNull": "text",
    "IntOrNull": 7,
    "BoolOrNull": True,
    "InstantOrNull": "2026-01-01T00:00:00Z",
    "ChoiceOrNull": 192440000,
    "ChoicesOrNull": "192440000,192370000",
}


@pytest.mark.parametrize("name", RECORDS)
def test_every_field_is_read_from_a_value_of_the_written_type(name):
    written = SCHEMAS[name]["properties"]
    row = {
        column: SAMPLES[part["$ref"].rpartition("/")[2]]
        for column, part in written.items()
        if "$ref" in part
    }

    read = parse(RECORDS[name], row)

    unread = [
        field
        for field, info in type(read).model_fields.items()
        if (info.alias or field) in row and getattr(read, field) in (None, "", ())
    ]
    assert unread == []
