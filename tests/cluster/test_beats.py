from cluster.beats import Beats
from cluster.frames import PRIORITY_USUAL
from cluster.messages import DescribeSelf


def test_a_heartbeat_carries_the_priority_that_was_described():
    beats = Beats()
    assert beats.next_beat(0).priority == PRIORITY_USUAL
    beats.describe(DescribeSelf(priority=150))
    beats.describe(DescribeSelf(term=3))
    assert beats.next_beat(1).priority == 150
