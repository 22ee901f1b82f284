from cluster.frames import PRIORITY_USUAL, Mark
from cluster.links.beats import Beats
from cluster.links.wire import encode
from cluster.messages import DescribeSelf


def test_a_heartbeat_carries_the_priority_that_was_described():
    beats = Beats()
    assert beats.next_beat(0).priority == PRIORITY_USUAL
    beats.describe(DescribeSelf(priority=150))
    beats.describe(DescribeSelf(term=3))
    assert beats.next_beat(1).priority == 150


def test_a_mark_that_no_frame_can_carry_does_not_silence_the_beats():
    beats = Beats()
    beats.describe(
        DescribeSelf(marks={"old": Mark(0, -1), "far": Mark(2**40, 1), "fine": Mark(1, 2)})
    )
    assert encode(beats.next_beat(0))
    assert beats.marks() == {"fine": Mark(1, 2)}
