"""The line of jobs that nobody has."""

import pytest

from cluster.jobs.waiting import Line, Waiting
from cluster.work_messages import Job


def job(seq, key=None, queued_ns=0):
    return Waiting(seq, Job(key or f"key {seq}", b""), 1, queued_ns)


@pytest.fixture
def line():
    made = Line()
    for seq in (2, 1, 3):
        made.put(job(seq))
    return made


def all_out(line):
    out = []
    while (first := line.step_out()) is not None:
        out.append(first.seq)
    return out


def test_the_lowest_place_goes_first(line):
    assert all_out(line) == [1, 2, 3]
    assert len(line) == 3, "out of line, they wait on"


def test_who_steps_back_has_the_old_place(line):
    first = line.step_out()
    line.put(job(4))
    line.step_back([first])
    assert all_out(line) == [1, 2, 3, 4]


def test_what_is_removed_does_not_step_out(line):
    assert line.remove("key 1") == job(1)
    assert line.remove("key 1") is None
    assert "key 1" not in line
    assert all_out(line) == [2, 3]


def test_a_key_that_came_again_has_its_new_place_only(line):
    line.remove("key 1")
    line.put(job(9, "key 1"))
    assert all_out(line) == [2, 3, 9]


def test_sleepers_are_out_of_line_until_their_time(line):
    line.sleep(line.step_out(), 100)
    line.wake(99)
    assert line.step_out().seq == 2
    line.wake(100)
    assert all_out(line) == [1, 3]


def test_all_sleepers_can_be_woken_early(line):
    line.sleep(line.step_out(), 100)
    line.sleep(line.step_out(), 200)
    line.remove("key 2")
    line.wake_all()
    assert all_out(line) == [1, 3]


def test_the_old_are_dropped_and_then_everything(line):
    line.put(job(4, queued_ns=50))
    line.drop_older(50)
    assert len(line) == 1
    line.clear()
    assert len(line) == 0
    assert all_out(line) == []
