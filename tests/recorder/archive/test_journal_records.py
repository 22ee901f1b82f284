"""What the journal says after a restart."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.archive.journal_records import Replay, item_records, note_record, replay
from recorder.codec import job_key
from tests.recorder.fakes import buffered

ITEMS = {key: buffered(key) for key in "abc"}


def note(*keys):
    return note_record([job_key(ITEMS[key].ref) for key in keys])


def test_items_without_a_note_are_open_in_order_with_everything_they_hold():
    records = [*item_records([ITEMS["b"], ITEMS["a"], ITEMS["c"]]), note("a")]
    assert replay(records) == Replay((ITEMS["b"], ITEMS["c"]), spent=2, unreadable=())


def test_an_item_journaled_twice_is_open_once():
    assert replay(item_records([ITEMS["a"], ITEMS["a"]])).open_items == (ITEMS["a"],)


def test_an_item_journaled_after_its_note_is_open_again():
    records = [*item_records([ITEMS["a"]]), note("a"), *item_records([ITEMS["a"]])]
    assert replay(records).open_items == (ITEMS["a"],)


def test_records_of_another_kind_are_counted_and_passed_over():
    records = [b"", b"Xwhat", b"Ijunk", b"Njunk", *item_records([ITEMS["a"]])]
    assert replay(records) == Replay((ITEMS["a"],), spent=0, unreadable=tuple(records[:4]))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"))))
def test_replaying_what_a_replay_kept_gives_the_same(steps):
    records = [note(key) if done else item_records([ITEMS[key]])[0] for done, key in steps]
    once = replay(records)
    assert once.spent + len(once.open_items) == len(records)
    assert replay(item_records(once.open_items)).open_items == once.open_items
    last = {key: done for done, key in steps}
    assert {item.ref.key for item in once.open_items} == {k for k, done in last.items() if not done}
