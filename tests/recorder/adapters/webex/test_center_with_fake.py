"""Contact Center of the simulator's fake organisation: events, and what is found by asking."""

import pytest

from recorder.errors import SourceError
from recorder.model import Window
from recorder.screen.legs import Limits, fold
from recorder.webhooks import WebhookRequest
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.webex.center import Subscription, agent_of
from sim.ucaas.webex.people import owner
from sim.ucaas.webex.scripts import Leg
from tests.recorder.adapters.webex.scripted import SIGNING
from tests.recorder.adapters.webex.test_with_fake import Bench

URLS = ("https://a.example/x", "https://b.example/x")
SETTINGS = {"contact_center_url": "https://api.wxcc-us1.cisco.com"}
LIMITS = Limits.of(ringing_s=180, talking_s=14_400, wrap_up_s=900)
ANN = agent_of(owner(1, 0).key)


class Heard(Bench):
    def __init__(self, urls=URLS[:1], **manner):
        subscriptions = tuple(Subscription(url, SIGNING, **manner) for url in urls)
        super().__init__(
            SETTINGS | {"contact_center_secret": "env:HOOK"}, contact_center=subscriptions
        )
        self.source._secrets.values["env:HOOK"] = SIGNING

    def heard(self):
        """What came of the posts so far."""
        answers = []
        for post in self.fake.deliveries():
            headers = {name.lower(): value for name, value in post.headers}
            answers.append(self.source.hear(WebhookRequest(headers, post.body)))
        assert {answer.status for answer in answers} <= {200}
        return [event for answer in answers for event in answer.agent_events]

    def asked(self):
        now_us = self.clock.wall_us()
        return self.source.agent_events(Window(now_us - 600_000_000, now_us))

    def verdicts(self, events):
        mine = [event for event in events if event.agent == ANN]
        known = fold(mine, LIMITS, self.clock.wall_us())
        return [(leg.verdict.value, leg.ended_by) for leg in known.legs]


def test_a_call_is_heard_and_found_alike():
    bench = Heard()
    bench.place(legs=(Leg(0, 60.0, hold_s=10.0),))
    heard, asked = bench.heard(), bench.asked()
    assert bench.verdicts(heard) == bench.verdicts(asked) == [("kept", "available")]
    assert {one.event_id for one in heard} == {one.event_id for one in asked}


def test_what_is_late_twice_or_lost_ends_alike_as_soon_as_somebody_asks():
    bench = Heard(URLS, late=0.5, repeated=0.5, lost=0.4)
    bench.place(legs=(Leg(0, 60.0),))
    assert bench.verdicts([*bench.heard(), *bench.asked()]) == [("kept", "available")]


def test_nobody_answers():
    bench = Heard()
    bench.place(legs=(Leg(0, 20.0, answered=False),), wait_s=60)
    assert bench.verdicts(bench.heard()) == [("deleted", "not_responding")]


def test_without_an_address_nobody_is_asked():
    bench = Bench()
    assert bench.source.agent_events(Window(0, 1)) == ()
    bench.source.close()


def test_a_service_that_does_not_answer_is_an_error():
    bench = Heard()
    bench.fake.add_fault(Fault(FaultKind.DROP))
    with pytest.raises(SourceError):
        bench.asked()
    bench.source.close()
