"""Processes that share the work of a search: they do it, and are left in the middle of it without waiting."""

import os
import signal
from multiprocessing import active_children

import pytest

from sim.search.crew import crew


def test_work_is_done_in_other_processes_which_hear_nothing_of_an_interrupt():
    with crew(1) as workers:
        assert workers.submit(os.getpid).result() != os.getpid()
        blocked = workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ())
        assert signal.SIGINT in blocked.result()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit, ValueError])
def test_who_leaves_early_does_not_wait_for_work_that_never_ends(error):
    before = active_children()

    def leave():
        with crew(2) as workers:
            workers.submit(os.getpid).result()
            for _ in range(4):
                workers.submit(signal.pause)
            raise error

    with pytest.raises(error):
        leave()
    assert active_children() == before
