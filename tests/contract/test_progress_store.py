"""The contract of ProgressStore, for the real one on a disk and for the simulated one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from recorder.adapters.progress_file import ProgressFile
from recorder.errors import CallBufferError, RecorderError
from recorder.model import SourceProgress, Window
from sim.stand_ins.progress import MemoryProgress


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    return ProgressFile(tmp_path / "progress") if request.param == "file" else MemoryProgress()


COVERED = (Window(0, 100),)


def progress(source="crm", epoch=1, watermark_us=100, coverage=COVERED):
    return SourceProgress(source, epoch, watermark_us, watermark_us + 5, coverage)


def test_nothing_was_saved_at_first(store):
    assert store.load() == ()


def test_what_was_saved_is_loaded(store):
    store.save(progress())
    store.save(progress("b", 0, 7, ()))
    assert store.load() == (progress("b", 0, 7, ()), progress())


def test_a_later_save_replaces_the_one_before(store):
    store.save(progress(watermark_us=100))
    store.save(progress(watermark_us=101))
    assert store.load() == (progress(watermark_us=101),)


def test_a_lower_watermark_never_replaces_a_higher_one(store):
    store.save(progress(watermark_us=100))
    store.save(progress(watermark_us=99))
    store.save(progress(epoch=0, watermark_us=10_000))
    assert store.load() == (progress(watermark_us=100),)


def test_a_new_epoch_replaces_a_higher_watermark(store):
    store.save(progress(epoch=1, watermark_us=100))
    store.save(progress(epoch=2, watermark_us=5))
    assert store.load() == (progress(epoch=2, watermark_us=5),)


def test_the_same_watermark_may_say_more_of_the_coverage(store):
    store.save(progress(coverage=()))
    store.save(progress(coverage=(Window(5, 9),)))
    assert store.load()[0].coverage == (Window(5, 9),)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "", "名前", "A", "a", "x" * 500, "a\0b"]
)
def test_a_source_may_have_any_name(tmp_path, name):
    store = ProgressFile(tmp_path / "progress")
    store.save(progress(name))
    store.save(progress(name + "!"))
    assert {saved.source for saved in store.load()} == {name, name + "!"}
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "progress"}


def test_it_outlives_the_process(tmp_path):
    ProgressFile(tmp_path).save(progress())
    assert ProgressFile(tmp_path).load() == (progress(),)


def test_a_damaged_file_is_named_and_healed_by_the_next_save(tmp_path):
    store = ProgressFile(tmp_path)
    store.save(progress())
    path = next(tmp_path.glob("*.json"))
    path.write_bytes(b'{"source": "crm"')
    with pytest.raises(RecorderError, match=path.name) as caught:
        store.load()
    assert caught.value.hint
    store.save(progress(watermark_us=1))
    assert store.load() == (progress(watermark_us=1),)


def test_fields_of_a_newer_version_are_ignored(tmp_path):
    store = ProgressFile(tmp_path)
    store.save(progress())
    path = next(tmp_path.glob("*.json"))
    path.write_bytes(path.read_bytes().replace(b'{"source"', b'{"later": 1, "source"'))
    assert store.load() == (progress(),)


def test_a_directory_that_cannot_be_made_is_an_error_with_a_hint(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(CallBufferError) as caught:
        ProgressFile(tmp_path / "taken").save(progress())
    assert caught.value.hint


def test_savers_at_the_same_time_keep_the_highest(tmp_path):
    store = ProgressFile(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: store.save(progress(watermark_us=at)), range(20)))
    assert store.load() == (progress(watermark_us=19),)
