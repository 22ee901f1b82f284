"""What a listing tells of an item's size."""

import pytest

from recorder.listed import bytes_hint, hinted_bytes


@pytest.mark.parametrize("size_bytes", [1, 4711, 2**49])
def test_a_size_that_is_known_comes_back(size_bytes):
    assert hinted_bytes(bytes_hint(size_bytes)) == size_bytes


@pytest.mark.parametrize("size_bytes", [None, 0, -1, 10**30])
def test_what_is_no_size_is_not_told(size_bytes):
    assert bytes_hint(size_bytes) == {}
    assert hinted_bytes({}) is None


@pytest.mark.parametrize("told", ["", "many", "-5", "1.5"])
def test_a_hint_that_was_changed_is_no_size(told):
    assert hinted_bytes({"bytes": told}) is None
