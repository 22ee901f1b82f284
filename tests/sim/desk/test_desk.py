"""The desk that figures and tests are made on: what it shows, who takes it, who plays it, who rings."""

import asyncio

import mss
import numpy as np
import pytest

from recorder.adapters.dynamics.agent_rows import Teller
from recorder.adapters.dynamics.sessions import SessionMemory
from recorder.adapters.dynamics.settings import DynamicsSettings
from recorder.adapters.dynamics.webhook import answer_to
from recorder.scn.model import AgentEventKind, ScreenPacket
from recorder.webhooks import WebhookRequest
from sim.audio import RATE_HZ, encode
from sim.desk import ringing
from sim.desk.crowd import Crowd
from sim.desk.display import MISSING, Display, can_show
from sim.desk.office import PHASES, Office
from sim.desk.on_the_phone import BAR_LEFT, BAR_TOP, RIGHT_PX, Phone, PhoneCall, levels_of
from sim.desk.ringing import Ringing
from sim.desk.sink import Sink
from sim.desk.window import Window
from tests.waiting import wait_until

needs_display = pytest.mark.skipif(not can_show(), reason=MISSING)
AGENT = "00000000-0000-0000-0000-0000000000a1"
NOW_US = 1_700_000_000_000_000


def shown(display):
    with mss.MSS(display=display.name) as screen:
        return bytes(screen.grab(screen.monitors[0]).raw)


def worked(seed, phase, steps=12):
    with Display(480, 500) as display, Window(display.name, 480, 500) as window:
        office = Office(window, seed)
        before = shown(display)
        for _ in range(steps):
            office.step(phase)
        return before, shown(display)


@needs_display
def test_same_seed_draws_the_same_and_another_one_something_else():
    assert worked(1, "scrolling") == worked(1, "scrolling")
    assert worked(1, "idle") != worked(2, "idle")


@needs_display
@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_but_idleness_changes_the_screen(phase):
    before, after = worked(1, phase)
    assert (before != after) is (phase != "idle")


def bar_px(display):
    """How long the yellow bar is."""
    with mss.MSS(display=display.name) as screen:
        shot = screen.grab(screen.monitors[0])
    row = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[BAR_TOP + 2]
    return int((row[:, 2] > 200).sum() - (row[:, 0] > 200).sum())


@needs_display
def test_a_call_is_shown_as_loud_as_it_is_while_it_is_heard():
    width = 900
    room = width - RIGHT_PX - BAR_LEFT
    with Display(width, 500) as display, Window(display.name, width, 500) as window:
        Office(window)
        phone = Phone(window)
        phone.call(PhoneCall(begins_us=NOW_US, levels=(1.0, 0.25)))
        lengths = []
        for ms in (-100, 0, 100, 200):
            phone.draw(NOW_US + ms * 1000)
            window.show()
            lengths.append(bar_px(display))
    assert lengths == [0, room, room // 4, 0]


def test_levels_are_those_of_the_sound():
    quiet_then_loud = np.concatenate([np.zeros(RATE_HZ), np.full(RATE_HZ, 9000)])
    tone = (quiet_then_loud * np.sin(np.arange(2 * RATE_HZ))).astype(np.int16)
    levels = levels_of(b"".join(encode(tone)))
    assert 18 <= len(levels) <= 21
    assert max(levels[:8]) < 0.1
    assert min(levels[12:18]) > 0.8


def test_window_on_no_display_is_told():
    if not can_show():
        pytest.skip(MISSING)
    with pytest.raises(OSError, match="no display"):
        Window(":9999", 10, 10)


def test_crowd_plays_its_clip_over_and_over_and_all_of_it_is_taken():
    clip = [ScreenPacket(seq, 100 * seq, seq == 0, b"x" * 50) for seq in range(3)]
    sink = Sink(0.0)
    try:
        crowd = Crowd(sink.url, "t", clip, wall_us=NOW_US)
        asyncio.run(crowd.play(3, 1.0))
        assert crowd.connected == sink.desktops == 3
        wait_until(lambda: sink.frames == crowd.sent, 5, "the last ones are read")
        assert crowd.sent == 3 * len([0, 100, 200, 400, 500, 600, 800, 900, 1000])
        assert sink.bytes == crowd.sent_bytes
        assert sink.key_frames == sink.frames / 3
    finally:
        sink.close()


class Posted:
    """A client that takes the posts of a ringing call to the adapter's own reading of them."""

    def __init__(self):
        self.events = []
        self._sessions = SessionMemory()

    def post(self, url, *, json, timeout):
        del timeout
        _, _, code = url.partition("?code=")
        body = ringing.httpx.Request("POST", url, json=json).content
        settings = DynamicsSettings(
            org_url="https://a.crm.dynamics.com", tenant="a", client_id="c", client_secret="env:S",
            webhook_secret="env:H",
        )  # fmt: skip
        answer = answer_to(
            WebhookRequest({}, body, {"code": code}), settings=settings, secret="hook",
            sessions=self._sessions, teller=Teller("dynamics", NOW_US),
        )  # fmt: skip
        self.events += answer.agent_events
        return ringing.httpx.Response(answer.status, request=ringing.httpx.Request("POST", url))


def test_ringing_call_is_understood_as_one_and_its_refusal_too():
    posted = Posted()
    call = Ringing(posted, "http://node", "hook", AGENT)
    call.begin()
    assert posted.events == []
    call.ring(NOW_US)
    (rang,) = posted.events
    assert (rang.kind, rang.agent, rang.call) == (AgentEventKind.RINGING, AGENT, call.call)
    assert rang.at_us == NOW_US
    call.refuse(NOW_US + 1_000_000)
    assert posted.events[-1].kind is AgentEventKind.NOT_RESPONDING


def test_ringing_with_a_wrong_secret_is_an_error():
    with pytest.raises(ringing.httpx.HTTPStatusError):
        Ringing(Posted(), "http://node", "wrong", AGENT).begin()
