"""What a poller does with hints."""

from cluster.messages import DescribeSelf, HintsHeard
from recorder.messages import PollNow
from recorder.poll.hints import SPACING_S, SURE_S
from tests.recorder.poll.polling import POLL, Desk


def test_a_hint_polls_at_once():
    desk = Desk().start()
    desk.grant()
    desk.tell(PollNow("crm"))
    desk.run()
    assert desk.status.polls == 2


def test_a_hint_while_a_poll_is_in_hand_leads_to_one_more():
    desk = Desk().start()
    desk.grant()
    desk.clock.advance(60)
    assert desk.lane.jobs, "a poll is in hand"
    desk.tell(PollNow("crm"))
    desk.run()
    assert desk.status.polls == 3


def test_many_hints_are_few_polls():
    desk = Desk().start()
    desk.grant()
    for _ in range(20):
        desk.tell(PollNow("crm"))
        desk.advance(0.5)
    assert desk.status.polls - 1 == 1 + 10 // SPACING_S


def test_what_was_hinted_at_is_found_as_soon_as_it_has_settled():
    desk = Desk(poll=POLL.model_copy(update={"interval_s": 3600})).start()
    desk.grant()
    desk.advance(5)
    desk.source.add("new", 0)
    desk.tell(PollNow("crm"))
    desk.advance(POLL.settle_s - 1)
    assert desk.given() == []
    desk.advance(1 + SURE_S)
    assert desk.given() == ["new"]


def test_a_standby_passes_hints_on_and_asks_the_source_nothing():
    desk = Desk().start()
    for _ in range(3):
        desk.tell(PollNow("crm"))
    desk.run()
    told = [m.hints for m in desk.link.of(DescribeSelf) if m.hints]
    assert told == [{"crm": 1}]
    desk.advance(SPACING_S)
    told = [m.hints for m in desk.link.of(DescribeSelf) if m.hints]
    assert told == [{"crm": 1}, {"crm": 2}], "those that came meanwhile are one"
    assert desk.source.windows == []


def test_a_hint_that_the_peer_heard_is_acted_upon_on_duty_and_never_passed_back():
    desk = Desk().start()
    desk.tell(HintsHeard(("crm",)))
    desk.advance(10)
    assert desk.source.windows == []
    assert not [m for m in desk.link.of(DescribeSelf) if m.hints]
    desk.grant()
    desk.tell(HintsHeard(("other",)))
    desk.run()
    assert desk.status.polls == 1
    desk.tell(HintsHeard(("other", "crm")))
    desk.run()
    assert desk.status.polls == 2
