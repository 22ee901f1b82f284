"""What every store of a node's state promises."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.ports import Done, NodeState
from tests.contract.hosts import HOSTS


@pytest.fixture
def store(host, tmp_path):
    return host.state_store(tmp_path)


def save(host, store, *state):
    assert host.run(partial(store.save, NodeState(*state))) == Done(None)


def test_a_node_that_never_ran_has_no_state(store):
    assert store.load() is None


def test_what_was_saved_is_loaded(host, store):
    save(host, store, 7, True, 3)
    assert store.load() == NodeState(7, paused=True, paused_revision=3)


def test_a_lower_term_keeps_the_higher_one_but_takes_a_newer_pause_flag(host, store):
    save(host, store, 7, True, 3)
    save(host, store, 5, False, 4)
    assert store.load() == NodeState(7, paused=False, paused_revision=4)


def test_an_older_pause_flag_is_not_taken_with_a_higher_term(host, store):
    save(host, store, 7, True, 3)
    save(host, store, 9, False, 2)
    assert store.load() == NodeState(9, paused=True, paused_revision=3)


def test_a_peer_once_heard_is_not_forgotten(host, store):
    save(host, store, 7, False, 0, "beta")
    save(host, store, 8, False, 0, "")
    assert store.load() == NodeState(8, peer="beta")


states = st.builds(
    NodeState, st.integers(0, 5), paused=st.booleans(), paused_revision=st.integers(0, 5)
)


@pytest.mark.parametrize("kind", HOSTS)
@given(saves=st.lists(states, min_size=1, max_size=6))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_saved_is_ever_lowered(kind, tmp_path_factory, saves):
    host = HOSTS[kind]()
    try:
        store = host.state_store(tmp_path_factory.mktemp("state"))
        for state in saves:
            save(host, store, state.term, state.paused, state.paused_revision)
        kept = store.load()
        assert kept.term == max(state.term for state in saves)
        newest = max(state.paused_revision for state in saves)
        flags = [state.paused for state in saves if state.paused_revision == newest]
        assert (kept.paused_revision, kept.paused) == (newest, flags[-1])
    finally:
        host.close()
