from dataclasses import replace

import pytest

from cluster.frames import Goodbye, JobCancel
from cluster.links.effects import BeatAtOnce, Close, Deliver, Dial, Refuse, SendHello, TellPair
from cluster.links.state import HELLO_WITHIN_NS, RETIRED_KEPT_NS, SILENCE_NS, S
from cluster.messages import PeerGone, PeerRefused, PeerRejected, PeerUp
from cluster.ports import Endpoint, PeerSeen
from tests.cluster.link_story import MS, THERE, Story, delays, news, up_by_dialling
from tests.cluster.links.test_handshake import OWN, PEER

# -- coming up ----


def test_a_starting_node_dials_the_fixed_address_and_says_hello_first():
    story = Story()
    assert story.start() == [Dial(THERE)]
    assert story.state.opened(1, inbound=False, remote_host="x", now_ns=0) == [SendHello(1)]


def test_an_accepted_hello_brings_the_link_up_once():
    story = Story()
    story.start()
    effects = story.said(story.open(inbound=False), PEER)
    assert news(effects) == [PeerUp(PEER, restarted=False)]
    assert effects.index(Deliver(PEER)) < effects.index(TellPair(PeerUp(PEER, restarted=False)))
    assert effects[-1] == BeatAtOnce()


def test_without_an_address_the_node_waits_for_discovery_or_the_peer():
    story = Story(fixed=None)
    assert story.start() == []
    assert story.redial() == []
    assert Dial(THERE) in story.state.seen(PeerSeen("b", THERE), story.now_ns)


def test_discovery_never_overrules_a_fixed_address():
    story = Story()
    assert story.state.seen(PeerSeen("b", Endpoint("192.0.2.9", 1)), story.now_ns) == []
    assert story.start() == [Dial(THERE)]


def test_discovery_of_ourselves_or_of_a_third_node_is_ignored():
    story = Story(fixed=None)
    assert story.state.seen(PeerSeen("a", THERE), story.now_ns) == []
    story.up(inbound=True)
    assert story.state.seen(PeerSeen("c", Endpoint("192.0.2.3", 1)), story.now_ns) == []


def test_the_listen_port_of_a_hello_is_dialled_when_nothing_else_is_known():
    story = Story(fixed=None)
    number = story.open(inbound=True)
    effects = story.said(number, replace(PEER, listen_port=7999))
    assert effects[-1] == Dial(Endpoint("192.0.2.2", 7999))


def test_several_known_addresses_are_tried_in_turn():
    story = Story(fixed=None)
    endpoints = [Endpoint(f"192.0.2.{n}", 7400) for n in (2, 3, 4)]
    dialled = []
    for endpoint in endpoints:
        dialled += story.state.seen(PeerSeen("b", endpoint), story.now_ns)
    for _ in range(6):
        story.refused(refused=False)
        dialled += story.after(2 * S).redial()
    assert {e.endpoint for e in dialled if isinstance(e, Dial)} == set(endpoints)


# -- what proves death ----


def test_a_broken_link_and_two_refused_redials_prove_the_death():
    story, number = up_by_dialling()
    effects = story.after(10 * S).closed(number)
    assert news(effects) == [PeerGone("reset")]
    assert effects[-1] == Dial(THERE)
    first = story.after(MS).refused()
    assert news(first) == []
    assert delays(first) == [0.1]
    assert story.after(100 * MS).redial() == [Dial(THERE)]
    second = story.after(MS).refused()
    assert news(second) == [PeerRefused()]
    for _ in range(5):
        assert delays(effects := story.after(S).refused()) or not effects
        assert news(effects) == []
        story.redial()


def test_refusals_at_an_address_that_never_led_to_this_process_prove_nothing():
    story = Story()
    story.start()
    story.refused()
    number = story.up(inbound=True)
    story.after(S // 4).redial()
    assert story.refused() != []
    heard = story.after(10 * S).closed(number)
    for _ in range(10):
        heard += story.after(150 * MS).refused() + story.redial()
    assert PeerRefused() not in news(heard)


def test_a_wrong_peer_address_is_noted_once_when_only_the_peer_dials():
    story = Story()
    story.start()
    story.up(inbound=True)
    effects, tries = story.refused(), 1
    while delays(effects):
        assert story.after(2 * S).redial() == [Dial(THERE)]
        effects, tries = story.refused(), tries + 1
    assert tries == 4
    assert [note.event for note in effects] == ["peer_not_dialable"]


def test_an_inbound_link_is_proven_by_one_dial_of_our_own():
    story = Story()
    story.start()
    story.refused()
    inbound = story.open(inbound=True)
    assert story.said(inbound, PEER)[-1] == Dial(THERE)
    outbound = story.open(inbound=False)
    assert news(story.said(outbound, PEER)) == []
    story.after(10 * S).closed(outbound)
    story.closed(inbound)
    story.after(MS).refused()
    story.after(100 * MS).redial()
    assert news(story.after(MS).refused()) == [PeerRefused()]


@pytest.mark.parametrize("answers", [(True, False), (False, True), (False, False)])
def test_anything_but_two_refusals_proves_nothing(answers):
    story, number = up_by_dialling()
    heard = story.after(10 * S).closed(number)
    for refused in answers:
        heard += story.after(50 * MS).refused(refused=refused) + story.redial()
    assert news(heard) == [PeerGone("reset")]


def test_refusals_long_after_the_loss_prove_nothing():
    story, number = up_by_dialling()
    story.after(10 * S).closed(number)
    assert news(story.after(3 * S).refused()) == []
    story.redial()
    assert news(story.after(100 * MS).refused()) == []


def test_a_dial_that_connects_between_two_refusals_starts_the_evidence_anew():
    story, number = up_by_dialling()
    story.after(10 * S).closed(number)
    story.after(MS).refused()
    story.after(100 * MS).redial()
    half_dead = story.open(inbound=False)
    assert delays(story.closed(half_dead)) != []
    story.after(100 * MS).redial()
    assert news(story.after(MS).refused()) == []
    story.after(100 * MS).redial()
    assert news(story.after(MS).refused()) == [PeerRefused()]


def test_a_goodbye_is_evidence_at_once():
    story, number = up_by_dialling()
    effects = story.said(number, Goodbye(3, "upgrade"))
    assert effects[0] == Deliver(Goodbye(3, "upgrade"))
    assert news(effects) == [PeerGone("it said goodbye: upgrade"), PeerRefused()]
    assert story.closed(number) == []
    assert len(delays(effects)) == 1


def test_a_process_that_said_goodbye_does_not_come_back():
    story, number = up_by_dialling()
    story.said(number, Goodbye(3, "upgrade"))
    late = story.said(story.open(inbound=True), PEER)
    assert any(isinstance(effect, Close) for effect in late)
    assert news(late) == [], "its last words may overtake its first: no alarm"
    assert story.state.current is None


def test_a_new_boot_of_the_same_instance_is_a_restart():
    story, number = up_by_dialling()
    story.after(10 * S).closed(number)
    effects = story.said(story.open(inbound=True), again := replace(PEER, boot="b2"))
    assert news(effects) == [PeerUp(again, restarted=True)]


def test_a_restart_seen_before_the_old_connection_broke_ends_that_one():
    story, number = up_by_dialling()
    effects = story.said(story.open(inbound=True), again := replace(PEER, boot="b2"))
    assert effects[:2] == [SendHello(number + 1), Close(number, "it restarted")]
    assert news(effects) == [PeerGone("it restarted"), PeerUp(again, restarted=True)]


def test_the_same_boot_after_a_cut_is_no_restart():
    story, number = up_by_dialling()
    story.after(10 * S).closed(number)
    assert news(story.said(story.open(inbound=True), PEER)) == [PeerUp(PEER, restarted=False)]


def test_another_instance_under_the_peers_name_is_no_restart_but_a_new_peer():
    story, number = up_by_dialling()
    story.after(10 * S).closed(number)
    new = replace(PEER, instance="reinstalled", boot="b2")
    assert news(story.said(story.open(inbound=True), new)) == [PeerUp(new, restarted=False)]


def test_bytes_that_are_no_frame_end_the_connection_but_prove_nothing():
    story, number = up_by_dialling()
    effects = story.after(10 * S).broken(number)
    assert Close(number, "bad frame") in effects
    assert news(effects) == [PeerGone("bad frame")]
    assert story.closed(number) == []


# -- who is let in ----


@pytest.mark.parametrize(
    ("hello", "cloned"),
    [
        (replace(PEER, cluster="other"), False),
        (replace(PEER, node="a", instance="x"), True),
        (replace(PEER, node="a", instance="ia", boot="ba"), False),
        (replace(PEER, protocol_min=9, protocol_max=9), False),
    ],
)
def test_a_hello_that_cannot_be_our_peer_closes_the_connection(hello, cloned):
    story = Story()
    story.start()
    number = story.open(inbound=False)
    effects = story.said(number, hello)
    assert isinstance(effects[0], Close)
    assert [one.cloned for one in news(effects)] == [cloned]
    assert len(delays(effects)) == 1
    assert story.state.peer is None
    assert story.said(number, JobCancel("c")) == []


def test_a_third_node_is_rejected_while_the_pair_is_complete():
    story, number = up_by_dialling()
    for third in (replace(PEER, node="c"), replace(PEER, instance="copy")):
        effects = story.said(story.open(inbound=True), third)
        assert isinstance(news(effects)[0], PeerRejected)
        assert story.state.current == number


@pytest.mark.parametrize(("silent_ns", "first"), [(0, Refuse), (2 * S, Close)])
def test_another_installation_is_told_that_its_node_id_is_taken_by_a_living_peer(silent_ns, first):
    story, _ = up_by_dialling()
    story.after(silent_ns)
    effects = story.said(story.open(inbound=True), replace(PEER, instance="copy", boot="b2"))
    assert isinstance(effects[0], first)


def test_a_peer_that_runs_twice_from_copied_data_does_not_make_the_link_flap():
    story, _ = up_by_dialling()
    twin = replace(PEER, boot="twin")
    story.said(story.open(inbound=True), twin)
    effects = story.said(story.open(inbound=True), PEER)
    assert isinstance(news(effects)[0], PeerRejected)


def test_the_log_names_a_rejection_once_until_its_reason_changes():
    story = Story()
    noted = []
    for hello in (replace(PEER, cluster="x"),) * 3 + (replace(PEER, cluster="y"),):
        noted += [e for e in story.said(story.open(inbound=True), hello) if hasattr(e, "event")]
    assert [note.event for note in noted] == ["peer_rejected"] * 2


@pytest.mark.parametrize("said", [(JobCancel("c"),), (Goodbye(1, ""),), (PEER, PEER)])
def test_a_frame_out_of_order_ends_the_connection_and_changes_nothing(said):
    story = Story()
    number = story.open(inbound=True)
    for frame in said:
        effects = story.said(number, frame)
    assert not any(isinstance(effect, Deliver) for effect in effects)
    assert any(isinstance(effect, Close) for effect in effects)
    assert story.state.current is None


def test_late_words_of_a_dead_process_do_not_replace_its_successor():
    story = Story()
    story.start()
    dead = story.open(inbound=True)
    living = story.after(MS).open(inbound=True)
    story.said(living, again := replace(PEER, boot="b2"))
    assert isinstance(news(story.said(dead, PEER))[0], PeerRejected)
    assert (story.state.current, story.state.peer) == (living, again)


def test_a_process_taken_for_dead_is_welcome_again_when_the_other_falls_silent():
    story, _ = up_by_dialling()
    story.said(story.open(inbound=True), replace(PEER, boot="stale"))
    assert isinstance(news(story.said(story.open(inbound=True), PEER))[0], PeerRejected)
    back = story.after(3 * S).open(inbound=True)
    assert news(story.said(back, PEER))[-1] == PeerUp(PEER, restarted=True)


# -- two connections ----


@pytest.mark.parametrize(("own", "dialled_stays"), [("a", True), ("z", False)])
def test_of_two_simultaneous_connections_the_lower_nodes_stays(own, dialled_stays):
    story = Story(own=replace(OWN, node=own))
    story.start()
    outbound, inbound = story.open(inbound=False), story.open(inbound=True)
    for number in (inbound, outbound):
        story.said(number, PEER)
    assert story.state.current == (outbound if dialled_stays else inbound)


def test_the_duplicate_is_still_heard_for_a_moment_then_closed_without_news():
    story = Story()
    story.start()
    inbound, outbound = story.open(inbound=True), story.open(inbound=False)
    story.said(inbound, PEER)
    assert news(story.said(outbound, PEER)) == []
    assert story.said(inbound, JobCancel("c")) == [Deliver(JobCancel("c"))]
    assert story.sweep() == []
    assert story.after(RETIRED_KEPT_NS).sweep() == [
        Close(inbound, "replaced by another connection")
    ]
    assert story.state.current == outbound


def test_when_the_peer_kept_the_other_connection_we_follow_without_news():
    story = Story()
    story.start()
    inbound, outbound = story.open(inbound=True), story.open(inbound=False)
    story.said(inbound, PEER)
    story.said(outbound, PEER)
    assert story.closed(outbound) == []
    assert story.state.current == inbound


def test_a_later_connection_of_the_peer_replaces_one_it_lost_unseen():
    story, number = up_by_dialling()
    later = story.after(20 * S).open(inbound=True)
    assert news(story.said(later, PEER)) == []
    assert story.state.current == later != number


# -- time ----


def test_whoever_says_no_hello_in_time_is_closed():
    story = Story()
    number = story.open(inbound=True)
    assert story.sweep() == []
    story.after(2 * S).sweep()
    story.after(2 * S).sweep()
    assert Close(number, "no hello in time") in story.after(HELLO_WITHIN_NS - 4 * S).sweep()


def test_a_connection_silent_for_long_is_given_up():
    story, number = up_by_dialling()
    heard = []
    for _ in range(SILENCE_NS // S):
        heard += story.after(S).sweep()
    assert news(heard) == [PeerGone("silent for too long")]
    assert Close(number, "silent for too long") in heard


def test_after_an_own_pause_silence_is_not_judged_at_once():
    story, number = up_by_dialling()
    story.sweep()
    assert story.after(30 * S).sweep() == []
    assert story.after(S).sweep() == []
    assert story.state.current == number


def test_a_flapping_link_is_not_redialled_at_once_for_ever():
    story = Story()
    story.start()
    story.refused()
    at_once = []
    for _ in range(8):
        number = story.up(inbound=True)
        story.refused(refused=False)
        effects = story.after(10 * MS).closed(number)
        at_once.append(any(isinstance(effect, Dial) for effect in effects))
        assert at_once[-1] or len(delays(effects)) == 1
        story.refused(refused=False)
    assert at_once[-1] is False


def test_a_stopping_node_closes_everything_and_dials_no_more():
    story, number = up_by_dialling()
    waiting = story.open(inbound=True)
    assert story.state.stop("bye") == [Close(number, "bye"), Close(waiting, "bye")]
    assert story.redial() == []
    assert story.refused() == []
    assert story.state.opened(9, inbound=True, remote_host="", now_ns=0) == [
        Close(9, "this node is stopping")
    ]
