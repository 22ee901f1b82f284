"""What a simulated desktop has left after its death, as a real one would."""

from sim.world.screens.spool import SimSpool
from tests.screens import a_stream, packets

FILM = packets(6, keys=(0, 3))


def spool_with(film=FILM, *, away, kept=None):
    spool = SimSpool()
    spool.without_nodes(away=away)
    spool.begin(a_stream("s-1"))
    for packet in film:
        spool.add("s-1", packet)
    if kept is not None:
        spool.kept("s-1", kept)
    return spool


def left(spool):
    return [one.seq for one in spool.read("s-1", 0, 10_000)]


def test_what_was_captured_while_no_node_was_there_is_on_the_disk():
    spool = spool_with(away=True)
    spool.crash(power=False)
    assert left(spool) == [0, 1, 2]
    assert [(one.seq_last, one.ended) for one in spool.streams()] == [(5, "restarted")]
    assert not spool.dropped


def test_what_was_in_memory_is_lost_but_for_what_a_node_has():
    spool = spool_with(away=False, kept=1)
    spool.crash(power=False)
    assert spool.streams() == ()
    assert spool.dropped == {("s-1", seq) for seq in range(2, 6)}


def test_power_takes_the_disk_too():
    spool = spool_with(away=True)
    spool.crash(power=True)
    assert spool.streams() == ()
    assert len(spool.dropped) == len(FILM)


def test_what_went_to_the_disk_stays_there_when_a_node_is_back():
    spool = spool_with(FILM[:3], away=True)
    spool.without_nodes(away=False)
    for packet in FILM[3:]:
        spool.add("s-1", packet)
    spool.crash(power=False)
    assert [one.seq_last for one in spool.streams()] == [2]
    assert spool.dropped == {("s-1", seq) for seq in range(3, 6)}


def test_a_stream_that_was_taken_up_is_sent_whole_and_then_forgotten():
    spool = spool_with(away=True, kept=1)
    spool.crash(power=False)
    assert spool.resume_at("s-1", None) == 0
    spool.kept("s-1", 5)
    spool.end_told("s-1")
    assert spool.streams() == ()
