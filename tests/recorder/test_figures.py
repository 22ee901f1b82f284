from cluster.board import Board
from recorder.figures import figures, lag_s, sources
from tests.recorder.fake_node import BEGAN_US, FakeNode, source_status


def test_a_node_tells_what_its_peer_shows_of_it():
    assert figures(FakeNode().board, BEGAN_US) == {
        "queue_depth": 3,
        "queue_depth_max": 24,
        "archived": 98,
        "found": 120,
        "since_us": BEGAN_US,
        "lag_s": 12.0,
    }


def test_what_is_unknown_is_absent():
    assert figures(Board(), 0) == {}
    assert lag_s(Board(), 0) is None


def test_the_worst_lag_counts_and_finds_add_up():
    board = Board()
    board.publish("source:b", source_status("b", lag_s=3.0, found=2))
    board.publish("source:a", source_status("a", lag_s=None, watermark_us=None, found=5))
    assert [source.name for source in sources(board)] == ["a", "b"]
    assert figures(board, BEGAN_US) == {"found": 7, "lag_s": 3.0}


def test_a_standby_that_does_not_know_the_sources_clock_uses_its_own():
    board = Board()
    board.publish("source:a", source_status("a", lag_s=None, watermark_us=BEGAN_US))
    assert lag_s(board, BEGAN_US + 9_000_000) == 9.0
    assert lag_s(board, BEGAN_US - 9_000_000) == 0.0
