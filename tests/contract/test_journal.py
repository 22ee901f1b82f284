"""What every journal promises: the file and the simulated one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.journal_file import JournalFile
from sim.stand_ins.buffer import SimJournal


@pytest.fixture(params=["file", "sim"])
def journal(request, tmp_path):
    if request.param == "sim":
        yield SimJournal()
        return
    with contextlib.closing(JournalFile(tmp_path / "deep" / "journal")) as journal:
        yield journal


def test_a_new_journal_is_empty(journal):
    assert journal.read() == ()


def test_records_come_back_whole_and_in_order(journal):
    journal.append([b"one", b""])
    journal.append([])
    journal.append([b"two" * 1000])
    assert journal.read() == (b"one", b"", b"two" * 1000)


def test_rewriting_replaces_all_and_appending_goes_on(journal):
    journal.append([b"one", b"two"])
    journal.rewrite([b"two"])
    journal.append([b"three"])
    assert journal.read() == (b"two", b"three")


def test_rewriting_with_nothing_empties_it(journal):
    journal.append([b"one"])
    journal.rewrite([])
    assert journal.read() == ()


@given(batches=st.lists(st.lists(st.binary(max_size=20), max_size=3), max_size=4))
def test_what_was_appended_is_what_is_read(batches, tmp_path_factory):
    paths = tmp_path_factory.mktemp("journals")
    with contextlib.closing(JournalFile(paths / "journal")) as file:
        for journal in (file, SimJournal()):
            for batch in batches:
                journal.append(batch)
            assert journal.read() == tuple(record for batch in batches for record in batch)
