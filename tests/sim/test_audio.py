import io

import av
import pytest

from sim.audio import FRAME_S, LENGTHS_S, AudioBank
from sim.clockwork.chance import guid, stream


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("audio")


@pytest.fixture(scope="module")
def bank(directory):
    return AudioBank(directory).load()


def test_the_bank_holds_twenty_different_recordings(bank):
    assert len(bank) == 20
    assert len({recording.data for recording in bank}) == 20
    assert len({recording.name for recording in bank}) == 20


def test_lengths_run_from_five_seconds_to_five_minutes(bank):
    for recording, wanted_s in zip(bank, LENGTHS_S, strict=True):
        assert abs(recording.seconds - wanted_s) <= 2 * FRAME_S


def test_every_recording_decodes_with_the_right_duration(bank):
    for recording in bank:
        with av.open(io.BytesIO(recording.data)) as container:
            samples = sum(frame.samples for frame in container.decode(audio=0))
        assert abs(samples / 16_000 - recording.seconds) <= 0.1, recording.name


def test_the_sound_is_neither_silence_nor_noise_throughout(bank):
    with av.open(io.BytesIO(bank[7].data)) as container:
        loud = [abs(frame.to_ndarray()).mean() for frame in container.decode(audio=0)]
    assert max(loud) > 10 * sorted(loud)[len(loud) // 10]


def test_the_bit_rate_is_that_of_a_telephone_recording(bank):
    for recording in bank:
        assert len(recording.data) * 8 / recording.seconds == pytest.approx(64_000, rel=0.01)


def test_loading_again_gives_the_same_bytes_from_the_cache(directory, bank):
    assert AudioBank(directory).load() == bank


def test_bank_made_elsewhere_is_the_same_bank(tmp_path, bank):
    assert AudioBank(tmp_path).load() == bank


def test_streams_of_chance_do_not_disturb_each_other():
    first = [stream(1, "a").random(), stream(1, "b").random()]
    assert first == [stream(1, "a").random(), stream(1, "b").random()]
    assert first[0] != first[1]
    assert guid(stream(7, "x")) == guid(stream(7, "x"))
