"""Drawn calls, and the life of what they leave behind."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.audio import Recording
from sim.ucaas.webex.instants import SECOND_US
from sim.ucaas.webex.mix import CallMix, MixOptions
from sim.ucaas.webex.scripts import KINDS, Change
from tests.sim.ucaas.webex.fakes import AUDIO, START_US, Fake, at

LONG = Recording("long.mp3", 400.0, b"\xff\xf3" + bytes(5000))
BANK = (AUDIO, LONG)
PLAIN = MixOptions()
ODD = MixOptions(
    late=0.3, deleted=0.3, trashed=0.3, unrecorded=0.2, slow=0.2, equal_stamps=0.3, longest_s=500.0
)


def drawn(seed, options=PLAIN, count=200):
    mix = CallMix(bank=BANK, seed=seed, options=options)
    return list(mix.over(START_US, 3600, count))


def test_the_same_seed_draws_the_same_calls():
    assert drawn(3) == drawn(3) != drawn(4)


def test_calls_end_within_the_period_in_order():
    ends = [script.end_us for script in drawn(1)]

    assert ends == sorted(ends)
    assert START_US <= ends[0] <= ends[-1] <= START_US + 3600 * SECOND_US


def test_a_bank_without_anything_short_enough_is_refused():
    with pytest.raises(ValueError, match="longest_s"):
        CallMix(bank=(LONG,), seed=1)


def test_recordings_fit_into_the_answered_legs_they_are_of():
    for script in drawn(2, ODD):
        for part in script.recordings:
            leg = script.legs[part.leg]
            assert leg.answered
            assert leg.ring_s + part.begins_s + part.audio.seconds <= leg.seconds


def test_what_the_options_name_is_drawn():
    scripts = drawn(5, ODD, 400)
    parts = [part for script in scripts for part in script.recordings]
    legs = [leg for script in scripts for leg in script.legs]

    assert {leg.kind for leg in legs} == set(KINDS)
    assert any(not leg.answered for leg in legs)
    assert any(leg.consult is not None for leg in legs)
    assert any(leg.hold_s for leg in legs)
    assert any(len(script.recordings) > 1 for script in scripts)
    assert any(part.backdate_s for part in parts)
    assert any(part.create_delay_s > 60 for part in parts)
    assert any(part.as_of_us for part in parts)
    assert any(part.file_delay_s is None for part in parts)
    assert {change.what for part in parts for change in part.changes} == {
        "reassign",
        "trash",
        "restore",
        "delete",
    }
    assert {part.unready for part in parts} == {"size", "link"}


def test_a_change_must_be_one_that_there_is():
    with pytest.raises(ValueError, match="trash"):
        Change(1.0, "eat")


def test_a_feed_goes_on_until_it_is_stopped():
    fake = Fake()
    mix = CallMix(bank=BANK, seed=1)
    fake.service.feed(mix, 60.0)
    fake.clock.go(600)
    fake.service.advance()
    fake.service.feed(None, 0.0)
    fake.clock.go(600)
    count = len(fake.service.truth())
    fake.clock.go(600)

    assert 400 < count < 1000
    assert len(fake.service.truth()) == count
    assert fake.service.statistics()["pending"] == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_what_must_be_archived_is_listed_and_can_be_downloaded(seed):
    fake = Fake(seed=seed)
    fake.service.place(drawn(seed, ODD, 15))
    fake.clock.go(4 * 3600)
    listed = set(fake.ids(from_=at(-3600), to=at(5 * 3600), max=7))

    wanted = {item.key for item in fake.service.truth() if item.must_be_archived}

    assert wanted <= listed
    for key in wanted:
        item = fake.truth(key)
        shown = fake.details(key).json()
        link = shown["temporaryDirectDownloadLinks"]["audioDownloadLink"]
        assert len(fake.bare.get(link).content) == item.size_bytes == shown["sizeBytes"]
        assert item.session_key == shown["serviceData"]["callSessionId"]
        assert at((item.changed_us - START_US) / 1e6) == shown["createTime"].replace("Z", ".000Z")
        assert item.version == "1"
        assert item.first_listed_us is not None


def test_the_truth_knows_what_was_deleted_and_what_never_came():
    fake = Fake()
    fake.service.place(drawn(7, ODD, 60))
    fake.clock.go(6 * 3600)
    fake.service.advance()
    items = fake.service.truth()

    assert any(item.deleted_us for item in items)
    assert any(item.absent for item in items)
    assert any(item.late for item in items)
    assert len({item.sha256 for item in items if item.sha256}) == len(
        [item for item in items if item.sha256]
    )


def test_a_recording_is_deleted_by_order_once():
    fake = Fake()
    key = fake.key()

    assert fake.service.delete_recording(key)
    assert not fake.service.delete_recording(key)
    assert fake.details(key).status_code == 404
