"""Whether a desktop does what its node knows to be right, second by second."""

from dataclasses import dataclass, field

import pytest

from recorder.scn.model import Verdict
from sim.clockwork.kernel import Kernel
from sim.world.screens.sight import WRONG_S, Sight
from tests.screens import a_leg

AGENT = "dyn/ag-1"


@dataclass
class ADesktop:
    name: str = "pc-1"
    agent_key: str = AGENT
    node: str = "alpha"
    filming: str = ""
    covered: bool = False
    began_here: bool = False
    welcomes: int = 1


@dataclass
class AMachine:
    paused: bool = False
    is_slow: bool = False


@dataclass
class ASeat:
    legs: dict = field(default_factory=dict)


class ALan:
    cut = False

    def is_cut(self, _node):
        return self.cut


LASTS = (a_leg(),)
OVER = (a_leg(0, 10),)
REFUSED = (a_leg(0, None, Verdict.DELETED),)
MASKED = (a_leg(masks=[(1, None)]),)


def seen(desktop, legs, *, seconds=WRONG_S + 2, machine=None, lan=None, each=None):
    kernel, told = Kernel(seed=1), []
    Sight(
        kernel=kernel, machines={"alpha": machine or AMachine()}, seats={"alpha": ASeat({AGENT: legs})},
        lan=lan or ALan(), desktops=[desktop], broken=told.append,
    ).begin()  # fmt: skip
    for _ in range(seconds):
        kernel.run_for(1.0)
        if each is not None:
            each()
    return {one.what for one in told}


@pytest.mark.parametrize(
    ("legs", "does", "what"),
    [
        (LASTS, {}, "an agent on a call is not recorded"),
        (MASKED, {"filming": "s-1"}, "a desktop shows what is masked"),
        (LASTS, {"filming": "s-1", "covered": True}, "a desktop stays covered, and nothing is masked"),
        (OVER, {"filming": "s-1", "began_here": True}, "an agent without a call is recorded"),
    ],
)  # fmt: skip
def test_what_is_wrong_for_long_is_told(legs, does, what):
    assert seen(ADesktop(**does), legs) == {what}
    assert seen(ADesktop(**does), legs, seconds=WRONG_S) == set()


@pytest.mark.parametrize(
    ("legs", "does"),
    [
        (LASTS, {"filming": "s-1"}),
        (MASKED, {"filming": "s-1", "covered": True}),
        (OVER, {}),
        (OVER, {"filming": "s-1"}),
        (REFUSED, {}),
        (LASTS, {"node": ""}),
        ((), {}),
    ],
)
def test_what_is_right_or_unknown_is_let_be(legs, does):
    assert seen(ADesktop(**does), legs) == set()


@pytest.mark.parametrize("trouble", ["paused", "is_slow"])
def test_a_node_in_trouble_is_let_be(trouble):
    assert seen(ADesktop(), LASTS, machine=AMachine(**{trouble: True})) == set()


def test_nothing_is_told_over_a_cut():
    lan = ALan()
    lan.cut = True
    assert seen(ADesktop(), LASTS, lan=lan) == set()


def test_every_connection_has_its_own_time():
    desktop = ADesktop()

    def again():
        desktop.welcomes += 1

    assert seen(desktop, LASTS, seconds=20, each=again) == set()
