"""Where media rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.folder_archive import validate_key
from recorder.archive.object_key import object_key

DAY = 1_793_900_000_000_000


def test_a_key_has_the_source_the_day_of_the_call_and_what_the_bytes_are():
    key = object_key("zoom-eu", "m1", "audio/mpeg", DAY)
    assert key.startswith("zoom-eu/2026/11/05/")
    assert key.endswith(".mp3")
    assert len(key.rpartition("/")[2]) == 64 + 4


def test_a_call_without_a_beginning_is_undated():
    for instant_us in (None, 10**30, -(10**30)):
        assert object_key("zoom", "m1", "", instant_us).startswith("zoom/undated/")


def test_sources_and_media_never_share_an_object():
    keys = {object_key(*names, "video/mp4", 1) for names in (("a", "bc"), ("ab", "c"), ("A", "bc"))}
    assert len(keys) == 3


@pytest.mark.parametrize(("media_type", "suffix"), [("audio/wav", ".wav"), ("x/y", ".bin")])
def test_the_suffix_follows_the_bytes(media_type, suffix):
    assert object_key("a", "b", media_type, None).endswith(suffix)


@given(st.text(), st.text(), st.none() | st.integers())
def test_every_key_is_one_the_archive_takes(source, media_key, started_us):
    validate_key(object_key(source[:100], media_key, "audio/mpeg", started_us))
