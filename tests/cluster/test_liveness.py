"""The pure judgement over pings and answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.liveness import Liveness

S = 1_000_000_000
DEADLINE_S, GUARD_S = 5, 2


class Rounds:
    """Drives a Liveness through rounds of one second; `stopped_s` is a pause of the process."""

    def __init__(self, *names):
        self.now_ns = self.planned_ns = 1000 * S
        self.liveness = Liveness(
            names=names, deadline_ns=DEADLINE_S * S, pause_guard_ns=GUARD_S * S, now_ns=self.now_ns
        )

    def round(self, answering=(), stopped_s=0.0, problems=()):
        self.now_ns = self.planned_ns + round(stopped_s * S)
        number = self.liveness.begin_round(self.now_ns, self.planned_ns)
        verdict = self.liveness.verdict()
        self.planned_ns = self.now_ns + S
        for name in answering:
            self.now_ns += S // 100
            self.liveness.answered(name, number, problems, self.now_ns)
        return verdict

    def rounds(self, count, answering=()):
        return [self.round(answering) for _ in range(count)]


def test_nothing_is_proven_before_every_actor_answered_once():
    rounds = Rounds("poller", "ingester")
    assert not rounds.round(answering=["poller"]).proven
    assert not rounds.round(answering=["poller"]).proven
    assert rounds.liveness.waiting_for_trust
    rounds.round(answering=["ingester"])
    assert not rounds.liveness.waiting_for_trust
    assert rounds.liveness.verdict().proven


def test_an_actor_is_silent_only_after_the_deadline():
    rounds = Rounds("poller", "ingester")
    rounds.round(answering=["poller", "ingester"])
    verdicts = rounds.rounds(7, answering=["poller"])
    assert [verdict.silent for verdict in verdicts] == [()] * 5 + [("ingester",)] * 2
    assert [verdict.proven for verdict in verdicts] == [True] * 5 + [False] * 2


def test_an_actor_that_never_answered_is_silent_after_the_deadline():
    rounds = Rounds("poller")
    verdicts = rounds.rounds(7)
    assert [verdict.silent for verdict in verdicts] == [()] * 6 + [("poller",)]


def test_an_answer_ends_the_silence_in_the_next_round():
    rounds = Rounds("poller")
    rounds.rounds(8)
    assert rounds.round(answering=["poller"]).silent == ("poller",)
    assert rounds.round().silent == ()


def test_a_late_answer_to_an_old_ping_counts_as_life():
    rounds = Rounds("poller")
    rounds.rounds(8)
    rounds.liveness.answered("poller", 2, (), rounds.now_ns)
    rounds.round()
    assert rounds.liveness.verdict().silent == ()


def test_after_a_pause_nobody_is_called_silent_in_that_round_nor_in_the_next():
    rounds = Rounds("poller")
    rounds.round(answering=["poller"])
    assert rounds.round(stopped_s=60).silent == ()
    assert rounds.round().silent == ()


def test_after_a_pause_nothing_is_proven_until_everybody_answered_again():
    rounds = Rounds("poller", "ingester")
    rounds.round(answering=["poller", "ingester"])
    assert not rounds.round(stopped_s=3, answering=["poller"]).proven
    assert not rounds.round(answering=["ingester"]).proven
    assert rounds.round().proven


def test_an_answer_from_before_the_pause_is_no_proof_of_life_after_it():
    rounds = Rounds("poller")
    rounds.round()
    rounds.round(stopped_s=3)
    rounds.liveness.answered("poller", 1, (), rounds.now_ns)
    assert rounds.liveness.waiting_for_trust


def test_a_wedged_actor_is_found_although_the_process_is_paused_again_and_again():
    rounds = Rounds("wedged")
    silent = [rounds.round(stopped_s=30 if number % 2 else 0).silent for number in range(12)]
    assert silent[-1] == ("wedged",)


def test_a_pause_does_not_make_a_silent_actor_well():
    rounds = Rounds("wedged")
    rounds.rounds(8)
    assert rounds.round(stopped_s=10).silent == ("wedged",)


def test_problems_are_merged_in_the_order_of_the_actors_without_repetition():
    rounds = Rounds("a", "b", "c")
    number = rounds.liveness.begin_round(rounds.now_ns, rounds.planned_ns)
    for name, problems in (("c", ("disk full", "clock off")), ("a", ("disk full",)), ("b", ())):
        rounds.liveness.answered(name, number, problems, rounds.now_ns)
    assert rounds.liveness.verdict().problems == ("disk full", "clock off")
    rounds.liveness.answered("c", number, (), rounds.now_ns)
    assert rounds.liveness.verdict().problems == ("disk full",)


def test_answers_are_known_by_their_instant():
    rounds = Rounds("a", "b")
    rounds.round(answering=["b"])
    assert rounds.liveness.answers() == {"b": rounds.now_ns}


def test_a_node_without_watched_actors_is_proven():
    assert Rounds().round().proven


def test_an_answer_under_an_unknown_name_is_a_bug():
    with pytest.raises(AssertionError, match="stranger"):
        Rounds("a").liveness.answered("stranger", 1, (), 0)


def test_an_answer_to_a_ping_never_sent_is_a_bug():
    with pytest.raises(AssertionError, match="never sent"):
        Rounds("a").liveness.answered("a", 1, (), 0)


def test_a_name_is_watched_once():
    with pytest.raises(AssertionError, match="twice"):
        Rounds("a", "a")


@given(st.lists(st.floats(0, 300), max_size=30))
def test_whoever_answers_every_ping_is_never_silent_whatever_the_pauses(pauses):
    rounds = Rounds("a", "b")
    for pause in pauses:
        assert rounds.round(answering=["a", "b"], stopped_s=pause).silent == ()


@given(st.lists(st.floats(0, 300), min_size=40, max_size=40), st.integers(0, 20))
def test_whoever_stops_answering_is_found_within_twice_the_deadline_of_rounds(pauses, well):
    paused = [pause if number % 3 == 0 else 0.0 for number, pause in enumerate(pauses)]
    rounds = Rounds("a")
    for pause in paused[:well]:
        rounds.round(answering=["a"], stopped_s=pause)
    silent = [rounds.round(stopped_s=pause).silent for pause in paused[well:]]
    assert silent[2 * DEADLINE_S] == ("a",)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([0.0, 0.5, 4.0]))))
def test_work_is_never_proven_while_somebody_is_silent(story):
    rounds = Rounds("a", "b")
    for a_answers, b_answers, pause in story:
        answering = [name for name, yes in (("a", a_answers), ("b", b_answers)) if yes]
        verdict = rounds.round(answering, stopped_s=pause)
        assert not (verdict.proven and verdict.silent)
