"""The stop-watch of the benchmarks: time, and what other programs cost."""

import os
import sys

import pytest

from sim.bench.programs import Cost, process_cpu_s, process_rss_bytes, run_program
from sim.bench.timing import now_ns, pause, seconds_since, until


def python(code):
    return [sys.executable, "-c", code]


def test_seconds_count_from_an_instant_on():
    start_ns = now_ns()
    pause(0.02)
    assert 0.02 <= seconds_since(start_ns) < 2.0


def test_waiting_ends_with_the_first_true_value():
    looks = iter([0, "", None, "found", "too late"])
    assert until(lambda: next(looks), 5.0, "something", every_s=0.0) == "found"


def test_waiting_in_vain_names_what_was_waited_for():
    with pytest.raises(TimeoutError, match=r"not within 0\.02 s: the moon"):
        until(lambda: None, 0.02, "the moon", every_s=0.001)


def test_costs_of_one_after_the_other_add_up():
    assert Cost(1.0, 0.5, 0.1) + Cost(2.0, 0.25, 0.2) == Cost(3.0, 0.75, pytest.approx(0.3))


def test_a_program_costs_its_time_and_its_childrens_time():
    busy = "sum(n * n for n in range(2_000_000))"
    alone = run_program(python(busy))
    assert 0.02 < alone.cpu_s < alone.wall_s * 1.5
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    assert run_program(python(child)).cpu_s > alone.cpu_s / 2


def test_waiting_costs_no_processor_time():
    waited = run_program(python("import time; time.sleep(0.3)"))
    assert waited.wall_s > 0.3
    assert waited.cpu_s < waited.wall_s


def test_a_program_gets_the_environment_and_more():
    code = "import os; assert os.environ['EXTRA'] == 'yes' and 'PATH' in os.environ"
    run_program(python(code), env={"EXTRA": "yes"})


def test_a_program_that_fails_is_told_with_the_end_of_its_errors():
    code = "import sys; sys.stderr.write('x' * 5000 + 'no such file'); sys.exit(3)"
    with pytest.raises(RuntimeError, match=r"ended with 3: x+no such file$") as failed:
        run_program(python(code))
    assert len(str(failed.value)) < 2000


def test_a_program_that_writes_more_than_a_pipe_holds_ends_all_the_same():
    code = "import sys; sys.stderr.write('e' * 300_000); sys.stdout.write('o' * 300_000)"
    assert run_program(python(code)).wall_s > 0


def test_a_running_process_is_looked_at_from_outside():
    before = process_cpu_s(os.getpid())
    sum(number * number for number in range(2_000_000))
    assert process_cpu_s(os.getpid()) > before
    assert 10e6 < process_rss_bytes(os.getpid()) < 10e9


def test_a_process_that_is_gone_has_no_figures():
    with pytest.raises(FileNotFoundError):
        process_cpu_s(2**22 + 1)
