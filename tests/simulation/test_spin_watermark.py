"""The watermark model says what recorder/poll/watermark.py does: the same story, the same marks."""

import pytest

from sim.spin.catalogue import WATERMARK, Case
from sim.spin.checker import missing_programs, walk
from tests.simulation.spin_watermark import Diverged, Replay
from tests.simulation.spun import searched

pytestmark = pytest.mark.skipif(
    bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}"
)

WALKS = 40


def told(story):
    replay = Replay()
    for line in story:
        replay.tell(line)
    return replay


@pytest.mark.parametrize(
    "defines", [(), ("STRAY", "CRASHES=2", "REIGNS=4"), ("ITEMS=3", "REIGNS=3")]
)
def test_random_walks_of_the_model_are_walks_of_the_code(defines):
    case = Case(WATERMARK, defines=defines)
    stories = [walk(case, seed=seed) for seed in range(1, WALKS + 1)]
    compared = sum(told(story).compared for story in stories)
    assert compared > 10 * WALKS
    happened = {line.split()[0] for story in stories for line in story}
    assert {"page_2", "final", "heard", "shared", "forgot", "crashed", "gained"} <= happened
    assert ("rewound" in happened) is ("STRAY" in defines)


@pytest.mark.parametrize(
    ("flag", "defines"),
    [
        ("NEWEST_COMPLETED", ()),
        ("MOVE_BEFORE_FOUND", ()),
        ("LATE_END", ()),
        ("REWIND_NO_EPOCH", ("STRAY", "CRASHES=0")),
        ("GAP_ACCEPTED", ("STRAY", "CRASHES=0")),
    ],
)
def test_the_code_leaves_the_model_where_the_model_errs(flag, defines):
    with pytest.raises(Diverged):
        told(searched(Case(WATERMARK, flag, defines)).story)


@pytest.mark.parametrize("flag", ["DONE_BEFORE_COMMIT", "CLAIM_KEPT", "TOKEN_KEPT"])
def test_what_others_do_wrong_the_watermark_cannot_see(flag):
    assert told(searched(Case(WATERMARK, flag)).story).compared > 0
