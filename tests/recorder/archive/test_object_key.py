"""Where media rest."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.folder_archive import validate_key
from recorder.archive.commit_job import object_keys
from recorder.archive.object_key import object_key, objects_text
from tests.recorder.fakes import buffered


def test_a_key_has_the_source_a_folder_by_its_first_digit_and_what_the_bytes_are():
    source, first, name = object_key("zoom-eu", "m1", "audio/mpeg").split("/")
    assert source == "zoom-eu"
    assert name.startswith(first)
    assert (len(first), len(name)) == (1, 64 + 4)
    assert name.endswith(".mp3")


def test_nodes_that_know_different_things_of_a_call_put_its_file_under_one_key():
    item = buffered("a")
    later = replace(
        item,
        ref=replace(item.ref, changed_us=item.ref.changed_us + 86_400_000_000),
        interaction=replace(item.interaction, started_us=None),
    )
    assert object_keys(later) == object_keys(item)


def test_sources_and_media_never_share_an_object():
    keys = {object_key(*names, "video/mp4") for names in (("a", "bc"), ("ab", "c"), ("A", "bc"))}
    assert len(keys) == 3


@pytest.mark.parametrize(("media_type", "suffix"), [("audio/wav", ".wav"), ("x/y", ".bin")])
def test_the_suffix_follows_the_bytes(media_type, suffix):
    assert object_key("a", "b", media_type).endswith(suffix)


@given(st.text(), st.text())
def test_every_key_is_one_the_archive_takes(source, media_key):
    validate_key(object_key(source[:100], media_key, "audio/mpeg"))


def test_objects_are_told_without_what_looks_like_the_hash_of_a_file():
    names = [object_key("zoom", str(number), "audio/mp4") for number in range(5)]
    short = [f"{name.rpartition('/')[2][:8]}….m4a" for name in names]
    assert objects_text([]) == "no object"
    assert objects_text(names[:1]) == f"object {short[0]}"
    assert objects_text(names[:3]) == f"objects {', '.join(short[:3])}"
    assert objects_text(names) == f"objects {', '.join(short[:3])} and 2 more"
