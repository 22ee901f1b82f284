import pytest

from cluster.messages import LeaseAnswered
from cluster.ports import LeaseView
from cluster.roles.lease_belief import LeaseBelief
from cluster.settings import PairSettings

S = 1_000_000_000


def held(term=3, *, granted=True, holder="a", left_s=6.0):
    return LeaseView(granted, term, holder, left_s, None)


@pytest.fixture
def belief():
    return LeaseBelief(settings=PairSettings())


def ask(belief, call, view, *, sent_s=0.0, answered_s=0.5):
    belief.sending(call, round(sent_s * S))
    belief.answered(LeaseAnswered(call, round(sent_s * S), view), round(answered_s * S))


def test_a_grant_is_believed_from_the_instant_it_was_sent(belief):
    ask(belief, "acquire", held(), sent_s=10, answered_s=10.9)
    assert belief.until_ns(3) == round(14.5 * S)
    assert belief.holds(3, round(14.4 * S))
    assert not belief.holds(3, round(14.5 * S))


def test_a_grant_is_believed_for_its_term_only(belief):
    ask(belief, "acquire", held(3))
    assert not belief.holds(2, S)
    assert not belief.holds(4, S)


def test_a_look_that_confirms_does_not_extend_the_belief(belief):
    ask(belief, "acquire", held())
    ask(belief, "look", held(), sent_s=4, answered_s=4.1)
    assert belief.until_ns(3) == round(4.5 * S)


@pytest.mark.parametrize("call", ["look", "renew", "acquire"])
def test_any_answer_that_names_another_holder_ends_the_belief(belief, call):
    ask(belief, "acquire", held())
    ask(belief, call, held(4, granted=False, holder="b"), sent_s=1, answered_s=1.1)
    assert not belief.holds(3, 2 * S)


def test_an_unanswered_renewal_leaves_the_belief_as_long_as_it_was(belief):
    ask(belief, "acquire", held())
    ask(belief, "renew", None, sent_s=1.5, answered_s=2.5)
    assert belief.until_ns(3) == round(4.5 * S)


@pytest.mark.parametrize("call", ["transfer", "release"])
def test_an_unanswered_transfer_or_release_ends_the_belief_at_once(belief, call):
    ask(belief, "acquire", held())
    ask(belief, call, None, sent_s=1, answered_s=2)
    assert not belief.holds(3, 2 * S)


def test_after_an_own_pause_the_lease_is_taken_for_expired_until_it_is_read_again(belief):
    ask(belief, "acquire", held())
    belief.on_pause(3 * S)
    assert not belief.holds(3, 3 * S)
    assert belief.is_due(3 * S, hurry=False)
    ask(belief, "renew", held(), sent_s=3.1, answered_s=3.2)
    assert belief.holds(3, 7 * S)


def test_an_answer_to_a_call_from_before_the_pause_does_not_end_the_doubt(belief):
    ask(belief, "acquire", held())
    belief.sending("renew", 1 * S)
    belief.on_pause(4 * S)
    belief.answered(LeaseAnswered("renew", 1 * S, held()), 4 * S)
    assert not belief.holds(3, 4 * S)


def test_the_witness_is_unknown_at_first_then_seen_then_out_of_sight_after_two_failures(belief):
    assert belief.sees_witness(0) is None
    ask(belief, "look", held())
    assert belief.sees_witness(S) is True
    ask(belief, "look", None, sent_s=2, answered_s=3)
    assert belief.sees_witness(3 * S) is True
    ask(belief, "look", None, sent_s=3.5, answered_s=4)
    assert belief.sees_witness(4 * S) is False
    ask(belief, "look", held(), sent_s=5, answered_s=5.1)
    assert belief.sees_witness(6 * S) is True


def test_a_call_that_never_comes_back_counts_as_out_of_sight(belief):
    ask(belief, "look", held())
    belief.sending("look", 1 * S)
    assert belief.sees_witness(5 * S) is True
    assert belief.sees_witness(6 * S) is False


def test_it_asks_every_renewal_period_and_three_times_as_often_in_a_hurry(belief):
    assert belief.is_due(0, hurry=False)
    ask(belief, "look", held(), sent_s=0, answered_s=0.1)
    assert not belief.is_due(round(1.4 * S), hurry=False)
    assert belief.is_due(round(1.5 * S), hurry=False)
    assert belief.is_due(round(0.5 * S), hurry=True)


def test_it_asks_in_a_hurry_after_a_failure(belief):
    ask(belief, "look", None, sent_s=0, answered_s=0.1)
    assert belief.is_due(round(0.5 * S), hurry=False)


def test_never_two_calls_at_once(belief):
    belief.sending("look", 0)
    assert not belief.is_due(100 * S, hurry=True)
    with pytest.raises(AssertionError):
        belief.sending("renew", 1)


def test_it_knows_when_the_lease_of_another_has_surely_ended(belief):
    ask(belief, "look", held(granted=False, holder="b", left_s=2.0), sent_s=1, answered_s=1.5)
    assert belief.ends_ns == round(3.5 * S)
    assert belief.names("b", 3 * S)
    assert not belief.names("b", 4 * S)


def test_a_call_under_way_during_an_own_pause_does_not_make_the_witness_unseen(belief):
    ask(belief, "acquire", held())
    belief.sending("renew", 2 * S)
    belief.on_pause(22 * S)
    assert belief.sees_witness(22 * S) is None
    assert belief.sees_witness(27 * S) is False, "but no answer for long after it does"
