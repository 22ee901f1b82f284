"""The journal on a real disk: torn tails, rotten bytes, crashes, errors."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.journal_file import JournalFile, frame, unframe
from recorder.errors import CallBufferError


class Crash(BaseException):
    """The process died here."""


def journal_at(path, **kwargs):
    """A journal that is closed when the test lets go of it."""
    return contextlib.closing(JournalFile(path, **kwargs))


def crash_at(point):
    def trap(reached):
        if reached == point:
            raise Crash

    return trap


@given(
    records=st.lists(st.binary(max_size=30), max_size=5),
    cut=st.integers(0, 200),
    junk=st.binary(max_size=20),
)
def test_a_torn_tail_is_cut_and_every_record_before_it_survives(
    records, cut, junk, tmp_path_factory
):
    path = tmp_path_factory.mktemp("journal") / "journal"
    data = b"".join(map(frame, records))
    cut = min(cut, len(data))
    path.write_bytes(data[:cut] + junk)
    whole = unframe(data[:cut])[0]
    with journal_at(path) as journal:
        read = journal.read()
        assert read[: len(whole)] == whole
        journal.append([b"next"])
    assert JournalFile(path).read() == (*read, b"next")


def test_zeros_at_the_end_are_no_records(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(frame(b"one") + bytes(4096))
    with journal_at(path) as journal:
        assert journal.read() == (b"one",)
        journal.append([b"two"])
        assert journal.read() == (b"one", b"two")


def test_a_rotten_record_ends_the_journal(tmp_path):
    path = tmp_path / "journal"
    data = bytearray(frame(b"one") + frame(b"two") + frame(b"three"))
    data[len(frame(b"one")) + 9] ^= 1
    path.write_bytes(data)
    assert JournalFile(path).read() == (b"one",)


@pytest.mark.parametrize(("point", "survivors"), [("append", ()), ("fsync", (b"two",))])
def test_a_crash_while_appending_loses_at_most_the_records_in_hand(tmp_path, point, survivors):
    path = tmp_path / "journal"
    with journal_at(path) as journal:
        journal.append([b"one"])
    with journal_at(path, trap=crash_at(point)) as journal, pytest.raises(Crash):
        journal.append([b"two"])
    assert JournalFile(path).read() == (b"one", *survivors)


@pytest.mark.parametrize("point", ["fsync", "rename"])
def test_a_crash_while_compacting_leaves_the_old_journal(tmp_path, point):
    path = tmp_path / "journal"
    with journal_at(path) as journal:
        journal.append([b"one", b"two"])
    with journal_at(path, trap=crash_at(point)) as journal, pytest.raises(Crash):
        journal.rewrite([b"two"])
    with journal_at(path) as journal:
        assert journal.read() == (b"one", b"two")
        journal.rewrite([b"two"])
        assert journal.read() == (b"two",)


def test_after_a_failed_append_the_journal_goes_on_where_it_was_durable(tmp_path):
    failing = True

    def trap(point):
        if point == "fsync" and failing:
            raise OSError(5, "Input/output error")

    with journal_at(tmp_path / "journal", trap=trap) as journal:
        with pytest.raises(CallBufferError, match="Input/output error") as raised:
            journal.append([b"lost"])
        assert raised.value.hint
        failing = False
        journal.append([b"kept"])
        assert journal.read() == (b"kept",)


def test_a_journal_in_an_impossible_place_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    journal = JournalFile(tmp_path / "file" / "journal")
    with pytest.raises(CallBufferError, match="cannot be opened"):
        journal.append([b"x"])
    with pytest.raises(CallBufferError, match="cannot be compacted"):
        journal.rewrite([])
    (tmp_path / "directory").mkdir()
    with pytest.raises(CallBufferError, match="cannot be read"):
        JournalFile(tmp_path / "directory").read()
