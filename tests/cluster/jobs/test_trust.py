"""Who is passed over after broken jobs, and for how long."""

import pytest

from cluster.jobs.trust import (
    BREAKS_IN_A_ROW,
    PASS_OVER_MAX_S,
    PASS_OVER_S,
    PROVEN_S,
    REMEMBER_MAX,
    REMEMBER_S,
    Trust,
)

S = 1_000_000_000


@pytest.fixture
def trust():
    return Trust()


def break_in_a_row(trust, count=BREAKS_IN_A_ROW, now_ns=0):
    for number in range(count):
        trust.broke(f"key {number}", "b", now_ns)


def test_a_node_is_passed_over_after_a_row_of_broken_jobs(trust):
    break_in_a_row(trust, BREAKS_IN_A_ROW - 1)
    assert not trust.is_passed_over("b", 0)
    trust.broke("another", "b", 0)
    assert trust.is_passed_over("b", 0)
    assert not trust.is_passed_over("a", 0)
    assert not trust.is_passed_over("b", int(PASS_OVER_S * S))


def test_a_success_between_them_ends_the_row(trust):
    break_in_a_row(trust, BREAKS_IN_A_ROW - 1)
    trust.worked("b", 0)
    break_in_a_row(trust, BREAKS_IN_A_ROW - 1)
    assert not trust.is_passed_over("b", 0)


def test_a_node_passed_over_proves_itself_with_one_job_at_a_time_and_ever_more_rarely(trust):
    break_in_a_row(trust)
    now_ns, waits = 0, []
    for _ in range(8):
        begin_ns = now_ns
        while trust.is_passed_over("b", now_ns):
            now_ns += S
        waits.append((now_ns - begin_ns) // S)
        trust.given("b", now_ns)
        assert trust.is_passed_over("b", now_ns)
        trust.broke("trial", "b", now_ns)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert max(waits) == PASS_OVER_MAX_S
    trust.worked("b", now_ns)
    trust.given("b", now_ns)
    assert not trust.is_passed_over("b", now_ns)


def test_the_many_jobs_it_had_at_the_same_time_do_not_lengthen_the_wait(trust):
    break_in_a_row(trust, 24)
    assert not trust.is_passed_over("b", int(PASS_OVER_S * S))


def test_a_node_is_proven_for_a_while_after_a_success_and_until_it_breaks_one(trust):
    assert not trust.is_proven("b", 0)
    trust.worked("b", 0)
    assert trust.is_proven("b", int(PROVEN_S * S) - 1)
    assert not trust.is_proven("b", int(PROVEN_S * S))
    trust.broke("key", "b", 1)
    assert not trust.is_proven("b", 2)


def test_the_node_that_broke_a_job_last_is_remembered_for_a_time(trust):
    trust.broke("key", "a", 0)
    trust.broke("key", "b", 0)
    assert trust.breaker("key", int(REMEMBER_S * S) - 1) == "b"
    assert trust.breaker("key", int(REMEMBER_S * S)) == ""
    trust.forget_key("key")
    assert trust.breaker("key", 0) == ""


def test_only_so_many_broken_jobs_are_remembered(trust):
    break_in_a_row(trust, REMEMBER_MAX + 1)
    assert trust.breaker("key 0", 0) == ""
    assert trust.breaker("key 1", 0) == "b"


def test_a_new_process_is_trusted_again(trust):
    break_in_a_row(trust)
    trust.forget_node("b")
    assert not trust.is_passed_over("b", 0)
    break_in_a_row(trust)
    trust.clear()
    assert not trust.is_passed_over("b", 0)
    assert trust.breaker("key 1", 0) == ""
