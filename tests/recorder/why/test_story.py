"""A story is told in an order that makes sense."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.model import ItemEvent
from recorder.why.story import in_order


def step(what, at_ms, node="alpha", number=1):
    return ItemEvent("zoom", "i1", node, f"boot.{what}", number, at_ms * 1000, what)


def whats(*steps):
    return [one.what for one in in_order(steps)]


def test_what_was_given_comes_before_its_fetching():
    story = [step("fetching", 100, "beta"), step("assigned", 101), step("found", 90)]
    assert whats(*story) == ["found", "assigned", "fetching"]


def test_the_next_try_is_not_taken_for_this_one():
    steps = [step("assigned", 1), step("fetching", 2), step("assigned", 5), step("fetching", 6)]
    assert whats(*steps) == ["assigned", "fetching", "assigned", "fetching"]


def test_both_of_two_tries_are_put_right():
    steps = [step("fetching", 1), step("assigned", 2), step("fetching", 900), step("assigned", 901)]
    assert whats(*steps) == ["assigned", "fetching", "assigned", "fetching"]


def test_times_far_apart_are_believed():
    assert whats(step("fetching", 0), step("assigned", 5_000)) == ["fetching", "assigned"]


WORDS = st.sampled_from(["found", "assigned", "fetching", "failed", "archived"])
STEPS = st.builds(step, WORDS, st.integers(0, 3000), st.sampled_from(["alpha", "beta"]))


@given(st.lists(STEPS, max_size=8))
def test_nothing_is_left_out_and_nothing_told_twice(steps):
    def everything(told):
        return sorted(map(str, told))

    assert everything(in_order(steps)) == everything(steps)
    assert in_order(steps) == in_order(reversed(steps)) or len(set(steps)) < len(steps)
