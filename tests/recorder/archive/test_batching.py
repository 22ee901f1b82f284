"""Which items share a commit, and how a bad one is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.archive.batching import Batching


def waiting(*keys, batch_max=3):
    made = Batching(batch_max)
    for key in keys:
        made.add(key)
    return made


def test_whatever_waits_shares_a_batch_up_to_the_limit():
    batching = waiting(*"abcde")
    assert batching.next(0) == ("a", "b", "c")
    assert batching.in_flight == ("a", "b", "c")
    assert batching.landed() == ("a", "b", "c")
    assert batching.next(0) == ("d", "e")
    batching.landed()
    assert batching.next(0) == ()


def test_after_an_outage_the_same_items_come_first():
    batching = waiting(*"abcd")
    batching.next(0)
    batching.landed()
    batching.first(("b", "c"))
    assert batching.next(0) == ("b", "c")
    batching.landed()
    batching.first(())
    assert batching.next(0) == ("d",)


def test_an_item_set_aside_comes_back_alone_when_nothing_else_waits():
    batching = waiting("a")
    batching.set_aside("x", 100)
    batching.set_aside("y", 100)
    assert batching.next(200) == ("a",)
    batching.landed()
    assert batching.next(99) == ()
    assert batching.aside == ("x", "y")
    assert batching.next(100) == ("x",)
    batching.landed()
    assert batching.next(100) == ("y",)


def test_one_batch_is_in_flight_at_a_time():
    batching = waiting("a", "b", batch_max=1)
    batching.next(0)
    with pytest.raises(AssertionError, match="one batch"):
        batching.next(0)


def test_a_key_waits_once_and_one_item_is_never_split():
    batching = waiting("a")
    with pytest.raises(AssertionError, match="waits already"):
        batching.add("a")
    with pytest.raises(AssertionError, match="cannot be split"):
        batching.split(("a",))


@given(
    count=st.integers(1, 40),
    bad=st.sets(st.integers(0, 39)),
    batch_max=st.integers(1, 16),
)
def test_every_good_item_gets_through_and_exactly_the_bad_ones_do_not(count, bad, batch_max):
    batching = waiting(*map(str, range(count)), batch_max=batch_max)
    bad = {str(number) for number in bad if number < count}
    through, refused, tries = [], [], 0
    while keys := batching.next(0):
        tries += 1
        batching.landed()
        if not bad.intersection(keys):
            through += keys
        elif len(keys) > 1:
            batching.split(keys)
        else:
            refused += keys
    assert sorted([*through, *refused]) == sorted(map(str, range(count)))
    assert set(refused) == bad
    assert through == sorted(through, key=int)
    assert tries <= count // batch_max + 1 + 2 * len(bad) * batch_max.bit_length()
