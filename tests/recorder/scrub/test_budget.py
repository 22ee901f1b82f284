"""The pace of the scrub: whatever is read, never more than the rate allows, but for one slice."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.scrub.budget import LOOK_BYTES, SLICE_BYTES, Budget


@given(
    rate=st.floats(100.0, 1e9),
    steps=st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 50), st.integers(0, 10**10)), max_size=30),
)  # fmt: skip
def test_no_window_of_time_holds_more_than_its_share_and_one_slice(rate, steps):
    budget, now_ns, spent = Budget(rate), 0, []
    for bytes_read, objects, passes_ns in steps:
        now_ns += passes_ns
        wait_s = budget.wait_s(now_ns)
        now_ns += int(wait_s * 1e9) + 1
        cost = max(bytes_read, objects * LOOK_BYTES)
        spent.append((now_ns, cost))
        budget.spent(bytes_read, objects, now_ns)
    for first, (began_ns, _) in enumerate(spent):
        total = 0
        for at_ns, cost in spent[first:]:
            allowed = rate * (at_ns - began_ns) / 1e9
            assert total <= allowed * 1.001 + len(spent)
            total += cost


def test_a_slice_is_what_ten_seconds_allow_at_most_four_megabytes():
    assert Budget(1_000_000.0).slice_bytes == SLICE_BYTES
    assert Budget(50_000.0).slice_bytes == 500_000
    assert Budget(1.0).slice_bytes == LOOK_BYTES


def test_looking_at_many_small_objects_costs_too():
    budget = Budget(4096.0)
    budget.spent(10, 5, 0)
    assert budget.wait_s(0) == 5.0
