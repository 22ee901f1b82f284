import typing

import pytest

from cluster.errors import ImpossibleTransition
from cluster.frames import Role
from cluster.messages import PeerSaid
from cluster.roles.io import DutyOver, Event, PeerFrame, StateLoaded
from cluster.roles.tables import TABLE
from tests.cluster.role_bench import Bench

EVENTS = [
    *(kind for kind in typing.get_args(Event) if kind is not PeerSaid),
    *typing.get_args(PeerFrame),
]
IMPOSSIBLE = {
    *((role, StateLoaded) for role in Role if role not in (Role.STARTING, Role.FAULTED)),
    (Role.STARTING, DutyOver),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("event", EVENTS)
def test_every_pair_of_state_and_event_is_decided(role, event):
    assert ((role, event) in TABLE) is not ((role, event) in IMPOSSIBLE)


def test_the_table_knows_no_event_that_does_not_exist():
    assert {event for _, event in TABLE} == set(EVENTS)


def test_an_impossible_pair_is_an_error_that_names_both():
    with pytest.raises(ImpossibleTransition, match="DutyOver cannot happen while starting"):
        Bench().step(DutyOver({}))
