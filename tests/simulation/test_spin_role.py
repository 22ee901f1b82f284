"""The role model says what the lease, the belief in it, the terms and the role machine do."""

from collections import Counter

import pytest

from sim.spin.catalogue import ROLE, Case
from sim.spin.checker import missing_programs, walk
from tests.simulation.spin_role import RoleReplay
from tests.simulation.spin_watermark import Diverged
from tests.simulation.spun import searched

pytestmark = pytest.mark.skipif(
    bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}"
)

WALKS = 60
STEPS = 600
BUSY = ("FAULTS=8", "TERM_MAX=20")


def told(story):
    replay = RoleReplay()
    for line in story:
        replay.tell(line)
    return replay


def diverges(story):
    try:
        told(story)
    except Diverged:
        return True
    return False


def test_random_walks_of_the_model_are_walks_of_the_code():
    compared, happened = Counter(), Counter()
    for seed in range(1, WALKS + 1):
        story = walk(Case(ROLE, defines=BUSY), seed=seed, steps=STEPS)
        happened.update(line.split()[0] for line in story)
        compared.update(told(story).compared)
    wanted = ("row", "belief", "ask_above", "role machine, answer", "leased duty")
    assert all(compared[what] > 5 for what in (*wanted, "role machine, crown")), compared
    for what in ("hand_over", "give", "take", "stop", "wake", "crash", "start", "unknown", "late"):
        assert happened[what], f"no walk reached `{what}`"


@pytest.mark.parametrize(
    ("flag", "defines"),
    [
        ("FROM_REPLY", ()),
        ("TERM_NOT_SAVED", ("FAULTS=0",)),
        ("STALE_RENEW", ()),
        ("ANY_EVIDENCE", ()),
        ("CLOCK_STOPS", ()),
        ("COUNT_ON_ALONE", ()),
        ("ANY_DIGIT", ("FIRST_TERM=7",)),
    ],
)
def test_the_code_leaves_the_model_where_the_model_errs(flag, defines):
    case = Case(ROLE, flag, (*BUSY, *defines))
    assert any(diverges(walk(case, seed=seed, steps=STEPS)) for seed in range(1, 200))


@pytest.mark.parametrize("flag", ["DUTY_KEPT", "LATE_EVIDENCE", "SPENT_FORGOTTEN"])
def test_what_is_not_mapped_is_not_seen(flag):
    assert told(searched(Case(ROLE, flag)).story).compared["belief"] > 0
