"""A login that somebody logged out of is over, on both nodes, for whoever has a copy of it."""

import threading

import pytest

from cluster.board import Board
from recorder.desk.logins import LOOK_S, MADE_MAX, LoginDesk
from sim.tables.logins import LoginStore, MemoryLoginDb
from tests.recorder.fake_node import pair_status
from tests.recorder.hand_clock import HandClock

HOUR_US = 3_600_000_000


class Node:
    def __init__(self, store, clock):
        self.db, self.board, self.clock = MemoryLoginDb(store), Board(), clock
        self.start()

    def start(self):
        self.desk = LoginDesk(self.clock, self.board, self.db)

    def end(self, login_id):
        return self.desk.end(login_id, self.clock.wall_us() + HOUR_US)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def nodes(clock):
    store = LoginStore()
    return Node(store, clock), Node(store, clock)


def test_a_login_lasts_until_somebody_ends_it(nodes):
    alpha, beta = nodes
    assert not alpha.desk.is_over("a")
    assert alpha.end("a")
    assert alpha.desk.is_over("a")
    assert beta.desk.is_over("a")
    assert not beta.desk.is_over("another")


def test_the_other_node_knows_within_seconds(nodes, clock):
    alpha, beta = nodes
    assert not beta.desk.is_over("a")
    alpha.end("a")
    assert not beta.desk.is_over("a"), "it asked a moment ago"
    clock.advance(LOOK_S)
    assert beta.desk.is_over("a")


def test_a_node_that_was_started_anew_knows_what_was_ended(nodes):
    alpha, _beta = nodes
    alpha.end("a")
    alpha.start()
    assert alpha.desk.is_over("a")


def test_while_the_data_center_is_away_the_logout_holds_here_and_is_told_later(nodes, clock):
    alpha, beta = nodes
    assert not alpha.desk.is_over("a")
    alpha.db.down = True
    assert not alpha.end("a")
    assert alpha.desk.is_over("a")
    assert not beta.desk.is_over("a")
    alpha.db.down = False
    clock.advance(LOOK_S)
    assert not alpha.desk.is_over("another")
    assert beta.desk.is_over("a")


def test_a_node_that_asked_before_goes_on_with_what_it_knows(nodes, clock):
    alpha, beta = nodes
    alpha.end("a")
    assert beta.desk.is_over("a")
    beta.db.down = True
    clock.advance(LOOK_S)
    assert beta.desk.is_over("a")
    assert not beta.desk.is_over("b")


def test_a_node_that_could_never_ask_knows_only_logins_made_on_it(nodes, clock):
    alpha, _beta = nodes
    alpha.db.down = True
    alpha.desk.made("mine")
    assert alpha.desk.is_over("mine") is False
    assert alpha.desk.is_over("whose") is None
    alpha.db.down = False
    clock.advance(LOOK_S)
    assert alpha.desk.is_over("whose") is False


def test_a_node_that_just_started_asks_although_it_does_not_know_yet_what_it_sees(nodes):
    alpha, beta = nodes
    alpha.end("a")
    beta.board.publish("pair", pair_status(sees_data_center=False))
    assert beta.desk.is_over("a") is True
    assert beta.desk.is_over("b") is False


def test_nobody_waits_for_a_data_center_that_is_known_to_be_away(nodes, clock):
    alpha, _beta = nodes
    assert not alpha.desk.is_over("a")
    clock.advance(LOOK_S)
    alpha.board.publish("pair", pair_status(sees_data_center=False))
    asked = []
    alpha.db.ended_logins = asked.append
    assert not alpha.desk.is_over("a")
    assert asked == []


def test_only_one_request_asks_while_others_go_on(nodes, clock):
    alpha, _beta = nodes
    assert not alpha.desk.is_over("a")
    clock.advance(LOOK_S)
    asked, may_go, found = threading.Event(), threading.Event(), alpha.db.ended_logins

    def slow(now_us):
        asked.set()
        assert may_go.wait(30)
        return found(now_us)

    alpha.db.ended_logins = slow
    first = threading.Thread(target=alpha.desk.is_over, args=("a",))  # noqa: TID251 - as the web server's
    first.start()
    assert asked.wait(30)
    assert not alpha.desk.is_over("a")
    may_go.set()
    first.join(30)


def test_without_a_database_it_knows_what_happened_here(clock):
    desk = LoginDesk(clock, Board(), None)
    assert not desk.is_over("a")
    assert desk.end("a", clock.wall_us() + HOUR_US)
    assert desk.is_over("a")


def test_what_is_remembered_is_bounded(clock):
    desk = LoginDesk(clock, Board(), None)
    for number in range(MADE_MAX + 5):
        desk.made(str(number))
    assert len(desk._made) == MADE_MAX
    desk.end("a", clock.wall_us() - 1)
    desk.end("b", clock.wall_us() + HOUR_US)
    assert list(desk._ended) == ["b"]
