import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.roles.detector import FailureDetector, PeerState, Reason, judges_second
from cluster.settings import PairSettings

S = 1_000_000_000


@pytest.fixture
def detector():
    detector = FailureDetector(settings=PairSettings())
    detector.on_link_up(0)
    return detector


def test_a_peer_never_heard_is_unknown_for_ever():
    assert FailureDetector(settings=PairSettings()).verdict(10**15).state is PeerState.UNKNOWN


def test_a_peer_is_alive_then_suspect_then_dead_while_it_is_silent(detector):
    states = [detector.verdict(at).state for at in (S, 2 * S - 1, 2 * S, 5 * S - 1, 5 * S)]
    alive, suspect, dead = PeerState.ALIVE, PeerState.SUSPECT, PeerState.DEAD
    assert states == [alive, alive, suspect, suspect, dead]
    assert detector.verdict(5 * S).reason is Reason.SILENCE


def test_the_node_that_judges_second_waits_for_the_skew(detector):
    detector.judge_second(second=True)
    assert detector.verdict(5 * S).state is PeerState.SUSPECT
    assert detector.verdict(5 * S + S // 2).state is PeerState.DEAD


def test_a_beat_counts_from_its_reception_not_from_its_handling(detector):
    detector.on_beat(3 * S)
    assert detector.verdict(5 * S).state is PeerState.SUSPECT
    assert detector.verdict(8 * S).state is PeerState.DEAD


def test_beats_handled_out_of_order_never_turn_time_back(detector):
    detector.on_beat(4 * S)
    detector.on_beat(2 * S)
    assert detector.heard_ns == 4 * S


def test_a_broken_link_makes_suspect_but_not_dead(detector):
    detector.on_link_down()
    assert detector.verdict(1).state is PeerState.SUSPECT


def test_refused_reconnects_are_evidence_of_process_death_at_once(detector):
    detector.on_refused()
    verdict = detector.verdict(1)
    assert (verdict.state, verdict.reason) == (PeerState.DEAD, Reason.PROCESS_DEATH)


def test_a_late_beat_does_not_raise_a_dead_process_but_a_new_link_does(detector):
    detector.on_refused()
    detector.on_beat(S)
    assert detector.verdict(S).state is PeerState.DEAD
    detector.on_link_up(2 * S)
    assert detector.verdict(2 * S).state is PeerState.ALIVE


def test_an_own_pause_re_arms_the_silence_once_and_does_not_disable_it(detector):
    detector.on_pause(30 * S)
    assert detector.verdict(31 * S).state is PeerState.ALIVE
    assert detector.verdict(35 * S).state is PeerState.DEAD


def test_an_own_pause_does_not_undo_evidence(detector):
    detector.on_refused()
    detector.on_pause(30 * S)
    assert detector.verdict(30 * S).state is PeerState.DEAD


def test_exactly_one_of_two_equal_nodes_judges_second():
    assert judges_second(node="b", peer="a", priority=100, peer_priority=100)
    assert not judges_second(node="a", peer="b", priority=100, peer_priority=100)


def test_priority_goes_before_the_node_id():
    assert not judges_second(node="b", peer="a", priority=200, peer_priority=100)
    assert judges_second(node="a", peer="b", priority=100, peer_priority=200)


@given(mine=st.integers(0, 255), other=st.integers(0, 255))
def test_two_nodes_always_agree_which_of_them_judges_second(mine, other):
    one = judges_second(node="a", peer="b", priority=mine, peer_priority=other)
    assert one is not judges_second(node="b", peer="a", priority=other, peer_priority=mine)


@given(beats=st.lists(st.integers(0, 900), max_size=60), at=st.integers(0, 2000))
def test_with_no_gap_of_dead_s_the_peer_is_never_dead(beats, at):
    detector = FailureDetector(settings=PairSettings())
    detector.on_link_up(0)
    last_ms = 0
    for gap_ms in beats:
        last_ms += gap_ms
        detector.on_beat(last_ms * S // 1000)
    assert detector.verdict((last_ms + at) * S // 1000).state is not PeerState.DEAD
