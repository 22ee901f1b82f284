"""Timings that contradict each other are refused."""

import pytest
from pydantic import ValidationError

from cluster.settings import PairSettings


def test_the_defaults_agree_with_each_other():
    assert PairSettings().dead_s == 5


@pytest.mark.parametrize(
    "settings",
    [
        {"dead_s": 1.0, "suspect_s": 0.6, "heartbeat_s": 0.3},
        {"dead_s": 3.2},
        {"pause_guard_s": 3.8},
        {"heartbeat_s": 1.9, "tick_s": 1.5},
    ],
)
def test_a_peer_is_not_judged_sooner_than_an_own_stop_is_noticed(settings):
    """What an unnoticed stop leaves unread would look like silence."""
    with pytest.raises(ValidationError, match="dead_s must be above heartbeat_s") as caught:
        PairSettings(**settings)
    assert "living peer dead" in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [{"dead_s": 3.3}, {"dead_s": 2.2, "suspect_s": 1.5, "pause_guard_s": 0.9}],
)
def test_a_pair_may_be_quick_when_it_notices_stops_as_quickly(settings):
    assert PairSettings(**settings).dead_s == settings["dead_s"]
