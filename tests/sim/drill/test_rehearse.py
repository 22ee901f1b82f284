"""Drills run side by side, each in a process of its own."""

import signal

from sim.drill.rehearse import processes


def test_an_interrupt_is_for_the_command_and_not_for_the_processes_that_work_for_it():
    with processes(1) as pool:
        assert pool.apply(signal.getsignal, (signal.SIGINT,)) is signal.SIG_IGN
