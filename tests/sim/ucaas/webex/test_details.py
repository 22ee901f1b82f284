"""Details, links, downloads, metadata, and what people do to recordings."""

import hashlib

import pytest

from sim.ucaas.faults import FaultKind
from sim.ucaas.webex.scripts import Change, Leg
from tests.sim.ucaas.webex.fakes import API, AUDIO, Fake, at, recording

LINKS = "temporaryDirectDownloadLinks"
HOUR_S = 3600


@pytest.fixture
def fake():
    return Fake()


def links(fake, key, client=None):
    return fake.details(key, client=client).json().get(LINKS)


def test_a_compliance_officer_gets_a_link_to_the_very_bytes(fake):
    key = fake.key()
    shown = fake.details(key).json()

    audio = fake.bare.get(shown[LINKS]["audioDownloadLink"])

    assert audio.status_code == 200
    assert audio.headers["content-type"] == "audio/mpeg"
    assert audio.content.startswith(AUDIO.data)
    assert len(audio.content) == shown["sizeBytes"] == fake.truth(key).size_bytes
    assert hashlib.sha256(audio.content).hexdigest() == fake.truth(key).sha256


def test_an_admin_sees_a_recording_and_gets_no_link(fake):
    key = fake.key()
    boss = fake.as_client("boss")

    shown = fake.details(key, client=boss)

    assert shown.status_code == 200
    assert LINKS not in shown.json()
    assert len(fake.listing(client=boss, to=at(1000)).json()["items"]) == 1


def test_an_owner_gets_links_to_what_is_his_own_and_nothing_of_others(fake):
    ada = fake.as_client("ada")
    mine, other = fake.key(legs=(Leg(0, 20.0),)), fake.key(legs=(Leg(1, 20.0),))

    assert links(fake, mine, ada)
    assert fake.details(other, client=ada).status_code == 404


def test_downloads_may_be_prevented(fake):
    key = fake.key(recording(changes=(Change(1, "prevent_download"),)))

    assert links(fake, key) is None
    assert not fake.truth(key).must_be_archived


def test_links_live_three_hours_from_the_question(fake):
    key = fake.key()
    given = links(fake, key)
    fake.clock.go(3 * HOUR_S - 1)
    assert fake.bare.get(given["audioDownloadLink"]).status_code == 200
    fake.clock.go(1)

    assert fake.bare.get(given["audioDownloadLink"]).status_code == 403
    assert fake.bare.get(links(fake, key)["audioDownloadLink"]).status_code == 200
    assert given["expiration"] == "2026-01-01T03:01:00Z"


def test_an_expired_link_may_also_be_gone():
    fake = Fake(expired_status=410)
    link = links(fake, fake.key())["audioDownloadLink"]
    fake.clock.go(3 * HOUR_S)

    assert fake.bare.get(link).status_code == 410


def test_an_altered_ticket_leads_nowhere(fake):
    one, other = (links(fake, fake.key())["audioDownloadLink"] for _ in range(2))
    ticket = one.partition("ticket=")[2].partition("&")[0]
    mixed = other.replace(other.partition("ticket=")[2].partition("&")[0], ticket)

    assert fake.bare.get(mixed).status_code == 403


def test_a_bearer_token_that_reaches_the_host_of_the_files_is_a_leak(fake):
    link = links(fake, fake.key())["audioDownloadLink"]

    assert fake.bare.get(link).status_code == 200
    assert fake.service.statistics()["credential_leaks"] == 0
    assert fake.http.get(link).status_code == 200
    assert fake.service.statistics()["credential_leaks"] == 1


def test_ranges_are_served_and_the_client_is_known(fake):
    key = fake.key()
    link = links(fake, key)["audioDownloadLink"]

    part = fake.bare.get(link, headers={"range": "bytes=100-199"})
    beyond = fake.bare.get(link, headers={"range": "bytes=9999999-"})

    assert (part.status_code, part.content) == (206, AUDIO.data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{fake.truth(key).size_bytes}"
    assert beyond.status_code == 416
    rows = fake.service.statistics()["requests"]
    assert {(row["client"], row["status"]) for row in rows if row["request"] == "blob"} == {
        ("alpha", 206),
        ("alpha", 416),
    }


def test_a_transcript_has_a_link_of_its_own(fake):
    key = fake.key(recording(transcript=True))
    plain = fake.key()

    text = fake.bare.get(links(fake, key)["transcriptDownloadLink"])

    assert text.text.startswith("WEBVTT")
    assert fake.truth(key).other_sha256 == (hashlib.sha256(text.content).hexdigest(),)
    assert "transcriptDownloadLink" not in links(fake, plain)


@pytest.mark.parametrize("unready", ["size", "link"])
def test_a_recording_is_listed_before_its_file_is_ready(fake, unready):
    key = fake.key(recording(file_delay_s=100, unready=unready))
    early = fake.details(key).json()
    assert fake.service.truth() == ()
    fake.clock.go(100)
    ready = fake.details(key).json()

    assert LINKS not in early
    assert (early["sizeBytes"] == 0) == (unready == "size")
    assert ready["sizeBytes"] == fake.truth(key).size_bytes
    assert ready[LINKS]


def test_a_recording_without_a_file_is_excused(fake):
    key = fake.key(recording(file_delay_s=None))

    assert LINKS not in fake.details(key).json()
    assert not fake.truth(key).must_be_archived


def test_metadata_hide_participants_unless_all_types_are_asked_for(fake):
    key = fake.key(legs=(Leg(0, 20.0, hold_s=4.0),))

    short = fake.get(f"convergedRecordings/{key}/metadata").json()
    full = fake.get(f"convergedRecordings/{key}/metadata", showAllTypes="true").json()

    assert short["ownerType"] == "USER"
    assert "participants" not in short["serviceData"]["callActivity"][0]
    assert len(full["serviceData"]["callActivity"][0]["participants"]) == 2
    assert [a["action"] for a in full["serviceData"]["recordingActions"]] == [
        "START",
        "PAUSE",
        "RESUME",
        "STOP",
    ]
    assert full["serviceData"]["callId"].startswith("callhalf-")
    assert full["serviceData"]["personality"] == "terminator"
    assert full["serviceData"]["calledParty"]["actor"]["id"] == full["ownerId"]


def test_metadata_may_be_empty(fake):
    key = fake.key()
    fake.fault(FaultKind.NO_METADATA)

    answer = fake.get(f"convergedRecordings/{key}/metadata")

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_queue_manages_the_call_that_came_through_it(fake):
    key = fake.key(queue=True)

    data = fake.get(f"convergedRecordings/{key}/metadata").json()["serviceData"]

    assert data["managedBy"]["actor"]["type"] == "CALL_QUEUE"


def test_several_recordings_of_a_call_share_its_session(fake):
    placed = fake.place(
        recording(), recording(begins_s=10.0), recording(leg=1), legs=(Leg(0, 40.0), Leg(1, 20.0))
    )

    sessions = {
        fake.details(key).json()["serviceData"]["callSessionId"] for key in placed.recordings
    }

    assert sessions == {placed.session}
    assert len(placed.recordings) == 3
    assert {fake.truth(key).session_key for key in placed.recordings} == {placed.session}


def test_a_recording_may_be_made_hours_after_it_began(fake):
    fake.place(recording(create_delay_s=5 * HOUR_S), wait_s=6 * HOUR_S)

    (item,) = fake.listing(to=at(8 * HOUR_S)).json()["items"]

    assert item["timeRecorded"] == "2025-12-31T23:59:43Z"
    assert item["createTime"] == "2026-01-01T05:00:00Z"


# --- what people do to recordings ---


def post(fake, what, body, client=None):
    return (client or fake.http).post(f"{API}/convergedRecordings/{what}", json=body)


def test_a_recording_goes_into_the_bin_and_comes_back(fake):
    key = fake.key()
    assert post(fake, "softDelete", {"recordingIds": [key]}).status_code == 204
    assert fake.details(key).json()["status"] == "deleted"
    assert not fake.truth(key).must_be_archived

    assert post(fake, "restore", {"recordingIds": [key]}).status_code == 204

    assert fake.ids(to=at(1000)) == [key]
    assert fake.truth(key).must_be_archived
    assert fake.truth(key).late


def test_what_was_purged_is_there_for_the_compliance_officer_alone(fake):
    key = fake.key()
    post(fake, "purge", {"recordingIds": [key]})

    assert fake.details(key).json()["status"] == "purged"
    assert fake.details(key, client=fake.as_client("boss")).status_code == 404
    post(fake, "restore", {"recordingIds": [key]})
    assert fake.details(key).json()["status"] == "purged"


def test_a_recording_is_reassigned_and_keeps_its_id(fake):
    key = fake.key()
    body = {"recordingIds": [key], "reassignOwnerEmail": "user5@contoso.example"}

    assert post(fake, "reassign", body).status_code == 204

    assert fake.details(key).json()["ownerEmail"] == "user5@contoso.example"
    assert fake.truth(key).must_be_archived


def test_all_of_an_owner_may_be_meant(fake):
    mine, other = fake.key(legs=(Leg(0, 20.0),)), fake.key(legs=(Leg(1, 20.0),))
    body = {"trashAll": True, "ownerEmail": "user0@contoso.example", "recordingIds": []}

    assert post(fake, "softDelete", body).status_code == 204

    assert fake.ids(to=at(1000)) == [other]
    assert fake.ids(status="deleted", to=at(1000)) == [mine]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("softDelete", {}),
        ("softDelete", {"recordingIds": ["x"] * 101}),
        ("softDelete", {"trashAll": True}),
        ("restore", {"recordingIds": "x"}),
        ("reassign", {"recordingIds": ["x"], "reassignOwnerEmail": "nobody@contoso.example"}),
        ("purge", []),
    ],
)
def test_malformed_orders_are_refused(fake, what, body):
    assert post(fake, what, body).status_code == 400


def test_deleting_needs_a_reason_and_is_for_good(fake):
    key = fake.key()
    link = links(fake, key)["audioDownloadLink"]
    url = f"{API}/convergedRecordings/{key}"
    assert fake.http.delete(url).status_code == 400
    assert fake.as_client("boss").request("DELETE", url, json={"reason": "x"}).status_code == 403

    answer = fake.http.request("DELETE", url, json={"reason": "audit", "comment": "by test"})

    assert answer.status_code == 204
    assert fake.details(key).status_code == 404
    assert fake.bare.get(link).status_code == 404
    assert fake.truth(key).deleted_us == fake.clock.now_us


def test_a_user_deletes_his_own_without_a_reason(fake):
    key = fake.key()

    assert fake.as_client("ada").delete(f"{API}/convergedRecordings/{key}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "convergedRecordings", 405),
        ("GET", "convergedRecordings/softDelete", 405),
        ("PUT", "convergedRecordings/x", 405),
        ("GET", "convergedRecordings/x", 404),
        ("GET", "convergedRecordings/x/metadata", 404),
        ("DELETE", "webhooks", 405),
        ("POST", "webhooks/x", 405),
        ("GET", "applications/x/token", 405),
        ("GET", "rooms", 404),
    ],
)
def test_what_is_not_there_is_said_to_be_so(fake, method, path, status):
    answer = fake.http.request(method, f"{API}/{path}")

    assert answer.status_code == status
    assert answer.json()["trackingId"]
