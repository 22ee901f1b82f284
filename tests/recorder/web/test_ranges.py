import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.web.ranges import ByteRange, NotSatisfiable, wanted_range

TAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-", ByteRange(0, 99)),
        ("bytes=10-19", ByteRange(10, 19)),
        ("bytes=90-500", ByteRange(90, 99)),
        ("bytes=-10", ByteRange(90, 99)),
        ("bytes=-500", ByteRange(0, 99)),
        ("Bytes=0-0", ByteRange(0, 0)),
        ("bytes=100-", NotSatisfiable()),
        ("bytes=-0", NotSatisfiable()),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("seconds=0-1", None),
        ("bytes=a-b", None),
        ("", None),
        (None, None),
    ],
)
def test_a_range_is_read_as_the_standard_has_it(header, wanted):
    assert wanted_range(header, None, 100, TAG) == wanted


def test_a_range_of_another_file_gets_the_whole():
    assert wanted_range("bytes=0-9", TAG, 100, TAG) == ByteRange(0, 9)
    assert wanted_range("bytes=0-9", '"old"', 100, TAG) is None


def test_an_empty_file_has_no_range():
    assert wanted_range("bytes=0-", None, 0, TAG) == NotSatisfiable()


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40))
def test_a_range_lies_within_the_file(first, last, size):
    found = wanted_range(f"bytes={first}-{last}", None, size, TAG)
    if isinstance(found, ByteRange):
        assert 0 <= found.first <= found.last < size
        assert found.first == first
        assert found.last == min(last, size - 1)
    else:
        assert first >= size or last < first
