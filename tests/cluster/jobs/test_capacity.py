"""What a node takes, group by group."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.jobs.capacity import Capacity, Room, shared_out

GROUPS = st.sampled_from("abc")
SHARES = st.dictionaries(GROUPS, st.integers(0, 5), min_size=1)


def test_a_node_without_groups_takes_any_job_while_it_has_room():
    word = Capacity(3)
    assert (word.of("a"), word.of("b"), word.total) == (3, 3, 3)
    assert word.less(["a", "b", "a", "a"]) == Capacity(0)


def test_a_node_with_groups_takes_what_each_has_left():
    word = shared_out({"a": 2, "b": 5})
    assert (word.of("a"), word.of("b"), word.total) == (2, 5, 7)
    assert word.less(["a", "a", "a"]).by_group == {"a": 0, "b": 5}


@given(SHARES)
def test_who_knows_of_no_groups_hears_a_number_that_is_true_of_every_group(shares):
    word = shared_out(shares)
    assert all(word.free <= word.of(group) for group in shares)


@given(SHARES, st.lists(st.tuples(st.booleans(), GROUPS), max_size=30))
def test_what_one_group_took_changes_the_room_of_no_other(shares, steps):
    room, taken = Room(), dict.fromkeys("abc", 0)
    room.said(shared_out(shares))
    for takes, group in steps:
        if takes:
            room.take(group)
            taken[group] += 1
        elif taken[group]:
            room.give_back(group)
            taken[group] -= 1
        for each, share in shares.items():
            assert room.of(each) == room.left.of(each) == max(0, share - taken[each])
    assert room.taken == sum(taken.values())


def test_a_pool_that_is_shared_is_less_for_everyone():
    room = Room()
    room.said(Capacity(2))
    room.take("a")
    assert (room.of("a"), room.of("b"), room.left) == (1, 1, Capacity(1))


def test_more_is_never_given_back_than_was_taken():
    room = Room()
    room.take("a")
    room.give_back("a")
    with pytest.raises(AssertionError, match="than taken"):
        room.give_back("a")
