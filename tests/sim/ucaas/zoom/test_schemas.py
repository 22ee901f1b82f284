"""Every answer of the API, errors included, against the OpenAPI document of the archiving end points."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.ucaas.faults import FaultKind
from sim.ucaas.zoom.media import plain_bank
from sim.ucaas.zoom.mix import MeetingMix, MixOptions
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.scripts import AttachmentScript, FileScript, RoomScript
from tests.sim.ucaas.openapi import spec
from tests.sim.ucaas.zoom.fakes import API, AUDIO, SOUND, Fake, meeting_url

LIST = "GET /archive_files"
STATISTICS = "GET /archive_files/statistics"
MEETING = "GET /past_meetings/{meetingUUID}/archive_files"
DELETE = "DELETE /past_meetings/{meetingUUID}/archive_files"
UPDATE = "PATCH /archive_files/{fileId}"


@pytest.fixture(scope="module")
def document():
    return spec("zoom-archiving-reconstructed-openapi.yaml")


@pytest.fixture
def zoom():
    return Fake()


def problems(document, operation, answer):
    return document.problems(operation, answer, fallback="Error")


def test_meetings_of_every_kind_are_as_described(zoom, document):
    placed = zoom.place(
        AUDIO,
        FileScript("MP4", SOUND, participant=2),
        FileScript("CHAT", ready_s=None),
        FileScript("CC", fails=True),
        FileScript("CHAT_MESSAGE", size_after_s=900.0),
        FileScript("TRANSCRIPT", fingerprint="none"),
        FileScript("SUB_GROUP_MEMBER_LOG"),
        FileScript("AIC_COVERSATION"),
        rooms=(RoomScript((AUDIO,)),),
        attachments=(AttachmentScript("plan.pdf", b"%PDF-"),),
        group="g1,g2",
    )
    zoom.place(complete_s=None)
    zoom.place(AUDIO, meeting_type=9)

    listing = zoom.list()
    one = zoom.meeting(placed.meeting)

    assert len(listing.json()["meetings"]) == 4
    assert problems(document, LIST, listing) == []
    assert problems(document, MEETING, one) == []


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000))
def test_drawn_meetings_are_as_described_from_their_begin_to_their_end(document, seed):
    zoom = Fake(seed=seed)
    mix = MeetingMix(bank=plain_bank(), seed=seed, options=MixOptions(external=0.0))
    zoom.service.place(mix.over(zoom.clock.now_us, 60.0, 8))

    for _ in range(6):
        zoom.clock.go(20)
        assert problems(document, LIST, zoom.list(page_size=300)) == []


@pytest.mark.parametrize("how", ["missing", "blank"])
def test_only_what_is_stripped_from_external_meetings_differs(zoom, document, how):
    zoom.place(external=how)

    told = problems(document, LIST, zoom.list())

    names = ("host_id", "id", "topic") if how == "missing" else ()
    assert told == [f"meetings/0: '{name}' is a required property" for name in names]


def test_a_file_on_the_account_s_own_premises_differs_by_its_address(zoom, document):
    zoom.place(FileScript(media=SOUND, on_premises=True))

    assert problems(document, LIST, zoom.list()) == [
        "meetings/0/archive_files/0: 'download_url' is a required property"
    ]


def test_statistics_and_changes_are_as_described(zoom, document):
    placed = zoom.place()
    update = f"{API}/archive_files/{placed.files[0]}"

    answers = {
        STATISTICS: zoom.http.get(f"{API}/archive_files/statistics"),
        UPDATE: zoom.http.patch(update, json={"auto_delete": True}),
        MEETING: zoom.meeting(placed.meeting),
        DELETE: zoom.http.delete(meeting_url(placed.meeting)),
    }

    assert {name: answer.is_success for name, answer in answers.items()} == dict.fromkeys(
        answers, True
    )
    assert [problems(document, *row) for row in answers.items()] == [[]] * len(answers)
    assert document.request_problems(UPDATE, {"auto_delete": True}) == []


def refusals(zoom):
    """An answer of every kind of refusal, by operation."""
    yield LIST, zoom.list(page_size="x")
    yield LIST, zoom.list(next_page_token="none")
    yield LIST, zoom.bare.get(f"{API}/archive_files")
    yield STATISTICS, zoom.http.get(f"{API}/archive_files/statistics", params={"from": "x"})
    yield MEETING, zoom.meeting("none")
    yield DELETE, zoom.http.delete(meeting_url("none"))
    yield UPDATE, zoom.http.patch(f"{API}/archive_files/none", json={"auto_delete": True})
    (key,) = zoom.place().files
    yield UPDATE, zoom.http.patch(f"{API}/archive_files/{key}", json={})
    for retry_after in ("seconds", "instant", "absent", "bare"):
        zoom.fault(FaultKind.THROTTLE, count=1, retry_after=retry_after)
        yield LIST, zoom.list()
    for status in (500, 503):
        zoom.fault(FaultKind.SERVER_ERROR, count=1, status=status)
        yield LIST, zoom.list()
    zoom.fault(FaultKind.FORBIDDEN, count=1)
    yield LIST, zoom.list()
    zoom.service.register(ClientApp("alpha", "secret-a", scopes=()))
    yield LIST, zoom.list()


def test_every_refusal_is_as_described(zoom, document):
    for operation, answer in refusals(zoom):
        assert answer.is_error
        assert problems(document, operation, answer) == [], (operation, answer.text)


def test_every_parameter_of_the_document_is_one_that_the_fake_reads(document):
    assert document.parameters(LIST) - {"group_id"} == {
        "page_size",
        "next_page_token",
        "from",
        "to",
        "query_date_type",
        "group_ids",
    }
    assert document.parameters(STATISTICS) == {"from", "to"}
