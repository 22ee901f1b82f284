"""Meetings and files as they change: processed, complete, late, failed, amended, deleted; and the truth about it."""

import pytest

from sim.ucaas.faults import FaultKind
from sim.ucaas.zoom.scripts import AttachmentScript, FileScript, MeetingScript, RoomScript
from tests.sim.ucaas.zoom.fakes import API, AUDIO, DAY_S, SOUND, Fake, meeting_url


@pytest.fixture
def zoom():
    return Fake()


def only(meetings):
    (meeting,) = meetings
    return meeting


def states(meeting):
    return [(file["file_type"], file["status"]) for file in meeting["archive_files"]]


def test_a_meeting_is_processed_and_then_complete(zoom):
    placed = zoom.place(
        FileScript(media=SOUND, ready_s=5.0), listed_s=1.0, complete_s=30.0, after_s=2.0
    )

    begun = zoom.meeting(placed.meeting).json()
    assert (begun["status"], begun["complete_time"]) == ("processing", "")
    assert states(begun) == [("M4A", "processing")]
    file = begun["archive_files"][0]
    assert (file["file_size"], file["encryption_fingerprint"]) == (0, "")

    zoom.clock.go(5)
    assert states(zoom.meeting(placed.meeting).json()) == [("M4A", "completed")]

    zoom.clock.go(30)
    done = zoom.meeting(placed.meeting).json()
    assert done["status"] == "completed"
    assert done["complete_time"] == "2026-01-01T00:00:31Z"
    item = zoom.truth()[placed.files[0]]
    assert done["archive_files"][0]["encryption_fingerprint"] == item.sha256
    assert item.version == item.key
    assert done["archive_files"][0]["file_size"] == done["total_size"] == item.size_bytes
    assert (item.session_key, item.changed_us) == (placed.meeting, 1_767_225_631_000_000)


@pytest.mark.parametrize(("shown", "count"), [(True, 1), (False, 0)])
def test_whether_a_listing_by_completeness_shows_what_is_not_complete(shown, count):
    zoom = Fake(lists_processing=shown)
    placed = zoom.place(complete_s=60.0)
    by_begin = {"query_date_type": "meeting_start_time"}

    assert len(zoom.meetings()) == count
    assert len(zoom.meetings(**by_begin)) == 1
    assert len(zoom.truth()) == count
    zoom.clock.go(60)
    assert [meeting["uuid"] for meeting in zoom.meetings()] == [placed.meeting]
    assert [*zoom.truth()] == [*placed.files]


def test_files_may_be_processed_longer_than_their_meeting_and_fail(zoom):
    placed = zoom.place(
        AUDIO,
        FileScript("CHAT", ready_s=60.0),
        FileScript("CC", ready_s=60.0, fails=True),
        FileScript("CHAT_MESSAGE", ready_s=None),
    )
    assert states(only(zoom.meetings())) == [
        ("M4A", "completed"),
        ("CHAT", "processing"),
        ("CC", "processing"),
        ("CHAT_MESSAGE", "processing"),
    ]

    zoom.clock.go(60)

    assert [state for _, state in states(only(zoom.meetings()))] == [
        "completed",
        "completed",
        "failed",
        "processing",
    ]
    truth = zoom.truth()
    assert [bool(truth[key].absent) for key in placed.files] == [False, False, True, True]


def test_a_transcript_may_come_late_to_a_complete_meeting(zoom):
    placed = zoom.place(AUDIO, FileScript("TRANSCRIPT", late_s=600.0))
    first = only(zoom.meetings())
    assert [file["id"] for file in first["archive_files"]] == [placed.files[0]]

    zoom.clock.go(600)

    later = only(zoom.meetings())
    assert later["complete_time"] == first["complete_time"]
    assert [file["id"] for file in later["archive_files"]] == [*placed.files]
    assert zoom.truth()[placed.files[1]].late


def test_a_file_may_be_complete_with_no_size_yet(zoom):
    placed = zoom.place(FileScript(media=SOUND, size_after_s=60.0))
    file = only(zoom.meetings())["archive_files"][0]
    assert (file["status"], file["file_size"]) == ("completed", 0)
    assert zoom.truth() == {}

    zoom.clock.go(60)

    size = only(zoom.meetings())["archive_files"][0]["file_size"]
    assert size == zoom.truth()[placed.files[0]].size_bytes > 0


def test_a_meeting_may_have_no_files(zoom):
    (placed,) = zoom.service.place([MeetingScript(end_us=zoom.clock.now_us)])
    zoom.clock.go(10)

    meeting = only(zoom.meetings())

    assert (meeting["recording_count"], meeting["archive_files"]) == (0, [])
    assert placed.files == ()


@pytest.mark.parametrize("how", ["missing", "blank"])
def test_an_external_meeting_has_no_id_host_and_topic(zoom, how):
    zoom.place(external=how)

    meeting = only(zoom.meetings())

    assert meeting["meeting_type"] == "external"
    assert not any(meeting.get(name) for name in ("id", "host_id", "topic"))
    assert ("topic" in meeting) == (how == "blank")


def test_breakout_rooms_are_meetings_that_point_to_their_parent(zoom):
    placed = zoom.place(
        AUDIO, seconds=1800.0, rooms=(RoomScript((AUDIO,), 60.0, 300.0), RoomScript((AUDIO,)))
    )

    rooms = [meeting for meeting in zoom.meetings() if meeting["is_breakout_room"]]

    assert {room["uuid"] for room in rooms} == {room.meeting for room in placed.rooms}
    assert {room["parent_meeting_id"] for room in rooms} == {placed.meeting}
    assert {room["type"] for room in rooms} == {100}
    assert {item.session_key for item in zoom.truth().values()} == {placed.meeting}
    assert set(zoom.truth()) == set(placed.every_file)
    parent = zoom.meeting(placed.meeting).json()
    assert "parent_meeting_id" not in parent
    assert parent["start_time"] < rooms[0]["start_time"]


def test_recurring_meetings_share_their_number(zoom):
    for _ in range(2):
        zoom.place(number=85_746_065_123)

    one, other = zoom.meetings()

    assert one["id"] == other["id"] == 85_746_065_123
    assert one["uuid"] != other["uuid"]


def test_participants_have_files_of_their_own(zoom):
    zoom.place(
        FileScript(media=SOUND, participant=3, joins_s=60.0, leaves_s=600.0),
        FileScript(media=SOUND, participant=4, outsider=True),
        AUDIO,
        seconds=1800.0,
    )
    own, outside, whole = only(zoom.meetings())["archive_files"]

    assert (own["individual"], own["participant_email"]) == (True, "person3@acme.example")
    assert own["participant_join_time"] == "2025-12-31T23:31:00Z"
    assert own["participant_leave_time"] == "2025-12-31T23:40:00Z"
    assert (outside["individual"], outside["participant_email"]) == (True, "")
    assert whole["individual"] is False
    assert "participant_email" not in whole


def test_files_sent_in_the_chat_are_listed_beside(zoom):
    placed = zoom.place(AUDIO, attachments=(AttachmentScript("plan.pdf", b"%PDF-"),))

    (attached,) = only(zoom.meetings())["physical_files"]

    assert (attached["file_id"], attached["file_name"]) == (placed.files[1], "plan.pdf")
    assert "/rec/archive/attached/download/" in attached["download_url"]
    assert zoom.http.get(attached["download_url"], follow_redirects=True).content == b"%PDF-"
    item = zoom.truth()[placed.files[1]]
    assert (item.version, item.size_bytes) == (item.key, 5)


@pytest.mark.parametrize(
    ("how", "absent"), [("right", False), ("upper", False), ("none", False), ("wrong", True)]
)
def test_fingerprints_do_not_make_the_version(zoom, how, absent):
    placed = zoom.place(FileScript(media=SOUND, fingerprint=how))
    told = only(zoom.meetings())["archive_files"][0]["encryption_fingerprint"]

    item = zoom.truth()[placed.files[0]]

    assert item.version == ("" if absent else item.key)
    assert bool(item.absent) == absent
    assert len(told) == (0 if how == "none" else 64)
    assert (told.lower() == item.sha256) == (how in {"right", "upper"})
    assert told.isupper() == (how == "upper")


def test_an_account_may_keep_files_on_its_own_premises(zoom):
    placed = zoom.place(FileScript(media=SOUND, on_premises=True))

    file = only(zoom.meetings())["archive_files"][0]

    assert "download_url" not in file
    assert file["file_path"].endswith(".m4a")
    assert zoom.truth()[placed.files[0]].absent


# --- ends ---


def test_archives_are_dropped_when_their_time_is_over():
    zoom = Fake(retention_days=2)
    placed = zoom.place()
    zoom.login()
    zoom.clock.go(2 * DAY_S - 20)
    zoom.login()
    assert len(zoom.meetings(**zoom.window(back_s=3 * DAY_S))) == 1

    zoom.clock.go(30)

    assert zoom.meetings(**zoom.window(back_s=3 * DAY_S)) == []
    assert zoom.truth()[placed.files[0]].deleted_us is not None


def test_a_deleted_meeting_is_gone_everywhere(zoom):
    placed = zoom.place()
    address = only(zoom.meetings())["archive_files"][0]["download_url"]

    assert zoom.http.delete(meeting_url(placed.meeting)).status_code == 204

    gone = zoom.meeting(placed.meeting)
    assert (gone.status_code, gone.json()["code"]) == (404, 3001)
    assert zoom.meetings() == []
    assert zoom.http.get(address).status_code == 404
    assert zoom.http.delete(meeting_url(placed.meeting)).status_code == 404
    assert zoom.truth()[placed.files[0]].deleted_us == zoom.clock.now_us


def test_what_happens_to_a_meeting_ends_with_it(zoom):
    placed = zoom.place(
        AUDIO,
        FileScript("CHAT", ready_s=60.0),
        FileScript("TRANSCRIPT", late_s=60.0),
        delete_after_s=20.0,
    )
    zoom.clock.go(120)

    assert [*zoom.truth()] == [placed.files[0]]
    assert zoom.meetings() == []


@pytest.mark.parametrize(
    ("uuid", "segment", "status"),
    [
        ("abc+d==", "abc%2Bd%3D%3D", 200),
        ("ab/cd==", "ab%2Fcd%3D%3D", 200),
        ("/b//c==", "%252Fb%252F%252Fc%253D%253D", 200),
        ("/b//c==", "%2Fb%2F%2Fc%3D%3D", 404),
        ("b//c==", "b%2F%2Fc%3D%3D", 404),
        ("b//c==", "b%252F%252Fc%253D%253D", 200),
        ("ab/cd==", "ab/cd==", 404),
    ],
)
def test_a_uuid_is_read_from_the_path_as_it_was_encoded(zoom, uuid, segment, status):
    zoom.place(uuid=uuid)

    answer = zoom.http.get(f"{API}/past_meetings/{segment}/archive_files")

    assert answer.status_code == status
    assert status == 404 or answer.json()["uuid"] == uuid


def test_files_can_be_marked_to_be_kept(zoom):
    (key,) = zoom.place().files
    url = f"{API}/archive_files/{key}"

    assert zoom.http.patch(url, json={"auto_delete": False}).status_code == 204
    assert only(zoom.meetings())["archive_files"][0]["auto_delete"] is False
    assert zoom.http.patch(url, json={"auto_delete": "no"}).json()["code"] == 300
    assert zoom.http.patch(url, content=b"{").status_code == 400
    assert zoom.http.patch(f"{API}/archive_files/none", json={"auto_delete": True}).is_error


def test_statistics_count_by_extension_and_status(zoom):
    zoom.place(AUDIO, FileScript("CHAT"), FileScript("CC"), FileScript("TRANSCRIPT", fails=True))
    window = {name: value for name, value in zoom.window().items() if name in {"from", "to"}}

    body = zoom.http.get(f"{API}/archive_files/statistics", params=window).json()

    assert body["total_records"] == 4
    assert body["statistic_by_file_extension"] == {
        "mp4_file_count": 0,
        "m4a_file_count": 1,
        "txt_file_count": 1,
        "json_file_count": 1,
        "vtt_file_count": 1,
    }
    assert body["statistic_by_file_status"] == {
        "processing_file_count": 0,
        "completed_file_count": 3,
        "failed_file_count": 1,
    }
    wide = zoom.window(back_s=8 * DAY_S)
    assert zoom.http.get(f"{API}/archive_files/statistics", params=wide).json()["code"] == 300


# --- time ---


def test_a_late_fault_shifts_a_meeting_but_not_its_stamps(zoom):
    zoom.fault(FaultKind.LATE, seconds=60)
    placed = zoom.place(after_s=30.0)
    assert zoom.meetings() == []

    zoom.clock.go(60)

    assert only(zoom.meetings())["complete_time"] == "2026-01-01T00:00:03Z"
    assert zoom.truth()[placed.files[0]].late


def test_a_backdated_meeting_appears_after_its_stamps(zoom):
    zoom.place(backdate_s=100.0, after_s=90.0)
    assert zoom.meetings() == []

    zoom.clock.go(20)

    assert only(zoom.meetings())["complete_time"] == "2026-01-01T00:00:03Z"


def test_a_skewed_clock_shows_in_dates_stamps_and_lives_of_tokens(zoom):
    zoom.fault(FaultKind.CLOCK_SKEW, seconds=600)
    zoom.place()

    answer = zoom.list()

    assert answer.headers["date"] == "Thu, 01 Jan 2026 00:10:10 GMT"
    body = zoom.list(**zoom.window(ahead_s=3600)).json()
    assert body["meetings"][0]["complete_time"] == "2026-01-01T00:10:03Z"
    assert body["to"] == "2026-01-01T00:10:10Z"
