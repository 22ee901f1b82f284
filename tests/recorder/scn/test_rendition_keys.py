import pytest

from recorder.archive.object_key import object_key
from recorder.scn.rendition_keys import is_rendition, prefix_of, sweep, sweep_folder
from sim.tables.data_center import MemoryArchive, MemoryArchiveStore

CONTACT = "ab" + "c" * 30


@pytest.mark.parametrize("source", ["renditions", "screens", "zoom"])
def test_no_file_of_a_source_looks_like_one_that_was_made_here(source):
    assert not is_rendition(object_key(source, "m-1", "audio/mpeg"))
    assert is_rendition(f"{prefix_of(CONTACT)}d/rendition-1.webm")
    assert not is_rendition("screens/aa/aa01.scn")


def test_a_sweep_takes_what_was_made_of_one_contact_and_nothing_else():
    other = "ab" + "d" * 30
    store = MemoryArchiveStore()
    mine = [f"{prefix_of(CONTACT)}{name}" for name in ("1/a.webm", "1/left-over", "2/t.json")]
    others = [f"{prefix_of(other)}1/a.webm", "dyn/a", "screens/aa/aa01.scn"]
    store.objects.update(dict.fromkeys([*mine, *others], b"x"))
    archive = MemoryArchive(store)

    sweep_folder(archive, f"{prefix_of(CONTACT)}1/")
    assert sorted(store.objects) == sorted([mine[2], *others])
    sweep(archive, CONTACT)
    sweep(archive, CONTACT)

    assert sorted(store.objects) == sorted(others)
