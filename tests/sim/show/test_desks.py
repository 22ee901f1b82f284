"""When agents at desks get calls, and what is told of them."""

from dataclasses import dataclass, field

import pytest

from sim.audio import Recording
from sim.desk.on_the_phone import PhoneCall
from sim.show import desks
from sim.show.desks import APART_S, PAUSE_S, RING_S, Desks, Show, agent_of
from sim.ucaas.dynamics.orders import CallBody

S = 1_000_000
NOW_US = 1_763_700_000_400_000


@dataclass
class FakeDesk:
    is_known: bool = True
    heard: list = field(default_factory=list)

    def hear(self, call):
        self.heard.append(call)


class Office:
    """Two desks, a fake that takes calls, and a clock that is set."""

    def __init__(self):
        self.now_us, self.events, self.calls, self.ready = NOW_US, [], [], {}
        self.desks = [FakeDesk(), FakeDesk()]
        show = Show(
            bank=(Recording("short", 5.0, b"5"), Recording("fit", 15.012, b"15")),
            admin=self,
            event=self.events.append,
            replayed=self.ready.get,
            page="http://127.0.0.1:8441",
            wall_us=lambda: self.now_us,
        )
        self.show = Desks(show, self.desks)

    def place_calls(self, call):
        self.calls.append(CallBody.model_validate(call))
        return [{"conversation": f"call-{len(self.calls)}", "recordings": ["r"]}]

    def look(self, later_s=0.0):
        self.now_us += round(later_s * S)
        self.show.look()


@pytest.fixture
def office(monkeypatch):
    monkeypatch.setattr(desks, "levels_of", lambda data: (0.5,) * len(data))
    return Office()


def test_a_call_is_heard_from_a_whole_second_on_after_it_rang(office):
    office.look()
    (call,) = office.calls
    (leg,), (recording,) = call.legs, call.recordings
    begins_us = office.desks[0].heard[0].begins_us
    assert begins_us % S == 0
    assert recording.audio == 1
    assert leg.seconds == pytest.approx(15.012 + RING_S)
    rings_us = NOW_US + call.ends_in_s * S - leg.seconds * S
    assert rings_us - NOW_US > S
    assert begins_us - RING_S * S == pytest.approx(rings_us, abs=10_000)


def test_each_agent_has_the_next_call_after_a_pause_and_the_second_one_begins_later(office):
    office.look()
    office.look(APART_S)
    assert [call.legs[0].agent for call in office.calls] == list(desks.AGENTS)
    office.look(10)
    assert len(office.calls) == 2
    office.look(15 + PAUSE_S)
    assert len(office.calls) == 4
    assert len({call.customer for call in office.calls}) == 4


def test_nobody_calls_an_agent_whose_desk_no_node_knows(office):
    office.desks[0].is_known = False
    office.look()
    office.look(60)
    assert [call.legs[0].agent for call in office.calls] == [desks.AGENTS[1]]


def test_the_first_replay_of_each_agent_is_told_once_with_its_address(office):
    office.look()
    office.look(60)
    office.look(60)
    assert office.events == []
    office.ready["call-1"] = "c-1"
    office.look()
    office.ready["call-2"] = "c-2"
    office.look()
    _, name = agent_of(desks.AGENTS[0])
    assert office.events == [f"replay of {name}: http://127.0.0.1:8441/app/contact?id=c-1"]


def test_a_call_has_a_level_only_while_it_is_heard():
    call = PhoneCall(begins_us=NOW_US, levels=(0.1, 0.9))
    told = [call.level(NOW_US + ms * 1000) for ms in (-1, 0, 99, 100, 199, 200)]
    assert told == [None, 0.1, 0.1, 0.9, 0.9, None]
