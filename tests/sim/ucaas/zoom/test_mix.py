"""Drawn meetings: the same for the same seed, with everything that real ones have."""

import pytest

from sim.ucaas.zoom.media import MediaBank, plain_bank
from sim.ucaas.zoom.mix import MeetingMix, MixOptions
from tests.sim.ucaas.fakes import START_US
from tests.sim.ucaas.zoom.fakes import SOUND, Fake

BANK = plain_bank()


def drawn(count=300, seed=1, **options):
    mix = MeetingMix(bank=BANK, seed=seed, options=MixOptions(**options))
    return [*mix.over(START_US, 3600.0, count)]


def test_the_same_seed_draws_the_same_and_another_draws_others():
    assert drawn(20) == drawn(20)
    assert drawn(20) != drawn(20, seed=2)


def test_meetings_end_in_order_within_the_period():
    ends = [meeting.end_us for meeting in drawn()]

    assert ends == sorted(ends)
    assert START_US <= ends[0] <= ends[-1] <= START_US + 3600 * 1_000_000


def test_everything_that_can_happen_is_drawn():
    meetings = drawn(deleted=0.1, late=0.1, unfinished=0.05, failed=0.1, equal_stamps=0.2)
    files = [file for meeting in meetings for file in meeting.files]

    assert {file.file_type for file in files} == {
        "M4A",
        "MP4",
        "CHAT",
        "CC",
        "CHAT_MESSAGE",
        "TRANSCRIPT",
    }
    for seen in (
        [file.late_s for file in files],
        [file.fails for file in files],
        [file.size_after_s for file in files],
        [file.ready_s for file in files],
        [file.participant for file in files],
        [meeting.rooms for meeting in meetings],
        [meeting.attachments for meeting in meetings],
        [meeting.number for meeting in meetings],
        [meeting.delete_after_s for meeting in meetings],
        [meeting.backdate_s for meeting in meetings],
        [meeting.as_of_us for meeting in meetings],
        [meeting.files for meeting in meetings],
    ):
        assert {bool(one) for one in seen} == {True, False}
    assert {meeting.external for meeting in meetings} == {"", "missing", "blank"}
    uuids = [meeting.uuid or "" for meeting in meetings]
    assert any(uuid.startswith("/") for uuid in uuids)
    assert any("//" in uuid for uuid in uuids)


def test_shares_of_nothing_draw_nothing():
    none = dict.fromkeys(
        ("video", "chat", "captions", "messages", "transcript", "individual", "rooms", "external"),
        0.0,
    )
    plain = drawn(50, **none, recurring=0.0, attachment=0.0, awkward=0.0, empty=0.0, slow=0.0)

    assert {len(meeting.files) for meeting in plain} == {1}
    assert not any(meeting.rooms or meeting.attachments or meeting.uuid for meeting in plain)


def test_equal_stamps_are_of_the_very_same_instant():
    zoom = Fake()
    options = MixOptions(equal_stamps=1.0, rooms=0.0, late_file=0.0)
    zoom.service.place(MeetingMix(bank=BANK, seed=3, options=options).over(START_US, 40.0, 5))
    zoom.clock.go(200)

    stamps = {meeting["complete_time"] for meeting in zoom.meetings()}

    assert len(stamps) < 5


def test_media_are_as_short_as_wanted():
    assert {file.media.seconds for m in drawn(longest_s=5.0) for file in m.files if file.media} == {
        5.0
    }
    with pytest.raises(ValueError, match="longest_s"):
        drawn(longest_s=1.0)


def test_a_bank_without_pictures_draws_none():
    mix = MeetingMix(bank=MediaBank((SOUND,)), seed=1, options=MixOptions(video=1.0))

    assert {file.file_type for file in mix.call(START_US).files}.isdisjoint({"MP4"})


def test_a_feed_lets_meetings_come_until_it_is_stopped():
    zoom = Fake()
    zoom.service.feed(MeetingMix(bank=BANK, seed=1), 60.0)
    zoom.clock.go(120)
    zoom.service.advance()
    came = len(zoom.service.truth())
    zoom.service.feed(None, 0.0)
    zoom.clock.go(600)
    settled = len(zoom.service.truth())
    zoom.clock.go(600)

    assert 60 < came < settled
    assert len(zoom.service.truth()) == settled
    assert zoom.service.statistics()["pending"] == 0


def test_the_truth_of_drawn_meetings_is_what_is_served():
    zoom = Fake(way="direct")
    zoom.service.place(MeetingMix(bank=BANK, seed=5).over(START_US, 60.0, 12))
    zoom.clock.go(400)
    truth = zoom.truth()
    offered = {
        file["id"]: file["download_url"]
        for meeting in zoom.meetings(page_size=300)
        for file in meeting["archive_files"]
    } | {
        file["file_id"]: file["download_url"]
        for meeting in zoom.meetings(page_size=300)
        for file in meeting.get("physical_files", ())
    }

    assert set(offered) == set(truth)
    for key, item in truth.items():
        if item.must_be_archived:
            assert len(zoom.http.get(offered[key]).content) == item.size_bytes
