import numpy as np
import pytest

from recorder.stitch.peaks import PeakMeter


def metered(samples, *, rate=16_000, block=8_000):
    meter = PeakMeter(rate)
    for at in range(0, samples.shape[1], block):
        meter.add(samples[:, at : at + block])
    return meter.result()


def test_half_an_hour_has_fifty_values_a_second_and_more_has_twenty():
    minutes = np.zeros((2, 16_000 * 60), np.int16)
    short, long = PeakMeter(16_000), PeakMeter(16_000)
    for _ in range(30):
        short.add(minutes)
    for _ in range(31):
        long.add(minutes)

    assert (short.result().per_s, len(short.result().data[0])) == (50, 90_000)
    assert (long.result().per_s, len(long.result().data[0])) == (20, 37_200)


@pytest.mark.parametrize("count", [1, 319, 320, 321, 8_001])
def test_the_last_stretch_counts_even_when_it_is_short(count):
    samples = np.zeros((2, count), np.int16)
    samples[1, -1] = -16_384

    found = metered(samples)

    assert len(found.data[0]) == -(-count // 320)
    assert found.data[1][-1] == 64
    assert set(found.data[0]) == {0}


def test_the_loudest_is_127_on_either_side_of_zero():
    samples = np.array([[32_767] * 320, [-32_768] * 320], np.int16)

    assert metered(samples).data == ((127,), (127,))


def test_nothing_has_no_values():
    assert PeakMeter(16_000).result().data == ((), ())
