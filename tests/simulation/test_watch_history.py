"""What led to a violation, in at most twenty lines."""

from sim.world.history import LINES_MAX, History


def test_the_lines_of_the_items_stand_among_those_of_the_world_in_order_of_time():
    history = History()
    history.world(1_000_000_000, "alpha started")
    history.about(2_000_000_000, ("r1",), "found r1")
    history.about(2_500_000_000, ("r2",), "found r2")
    history.world(3_000_000_000, "alpha crashed")
    assert history.of(("r1",)) == (
        "1.000 s  alpha started",
        "2.000 s  found r1",
        "3.000 s  alpha crashed",
    )


def test_a_line_about_two_items_comes_once():
    history = History()
    history.about(1, ("r1", "r2"), "committed both")
    assert len(history.of(("r1", "r2"))) == 1


def test_the_newest_are_kept_and_never_more_than_fit():
    history = History()
    for second in range(100):
        history.world(second * 10**9, f"world {second}")
        history.about(second * 10**9, ("r1",), f"item {second}")
    lines = history.of(("r1",))
    assert len(lines) == LINES_MAX
    assert lines[-2:] == ("99.000 s  world 99", "99.000 s  item 99")
    assert sum("item" in line for line in lines) >= 8
    assert len(history.of(())) == LINES_MAX
