"""The echo in the beats: a link that carries one way only is seen, and nothing else is taken for one."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.links.one_way import EchoWatch

MS = 1_000_000
S = 1_000 * MS
LIMIT, PAUSE = 5 * S, 3 * S


class Pair:
    """An own node that beats every second and a peer that does so half a second later."""

    def __init__(self):
        self.watch = EchoWatch(limit_ns=LIMIT, pause_ns=PAUSE)
        self.now_ns = 100 * S
        self.seq = 0
        self.peer_knows = 0
        self.watch.connected(self.now_ns)

    def second(self, *, there=True, back=True, delay_ms=0):
        """One beat each; whether ours arrives there, and theirs here, `delay_ms` after it was made."""
        self.seq += 1
        self.watch.sent(self.seq, self.now_ns)
        if there:
            self.peer_knows = self.seq
        if back:
            self.watch.heard(self.peer_knows, self.now_ns + 500 * MS + delay_ms * MS)
        self.now_ns += S
        return self.watch.judge(self.now_ns)


def test_beats_that_are_echoed_are_no_one_way_link():
    pair = Pair()
    assert not any(pair.second() for _ in range(100))


def test_beats_that_arrive_and_echo_nothing_new_are_one():
    pair = Pair()
    pair.second()
    verdicts = [pair.second(there=False) for _ in range(8)]
    assert verdicts.index(True) in (5, 6)
    assert all(verdicts[6:])


def test_it_ends_with_the_echo_of_a_later_beat_only():
    pair = Pair()
    for _ in range(9):
        pair.second(there=False)
    assert pair.second(there=False, back=False), "silence does not heal it"
    pair.peer_knows = 1
    assert pair.second(there=False), "an old word on its way does not either"
    assert not pair.second()


def test_another_process_of_the_peer_is_judged_anew():
    pair = Pair()
    for _ in range(9):
        pair.second(there=False)
    pair.watch.forget_peer()
    assert not pair.watch.is_one_way
    assert not pair.second(there=False)


def test_beats_from_before_the_link_came_up_are_not_waited_for():
    pair = Pair()
    for _ in range(4):
        assert not pair.second(there=False)
    pair.watch.connected(pair.now_ns)
    for _ in range(4):
        assert not pair.second(there=False)
    assert not pair.second()


def test_a_node_that_withholds_its_beats_waits_for_no_echo():
    pair = Pair()
    for _ in range(20):
        pair.watch.heard(0, pair.now_ns)
        pair.now_ns += S
        assert not pair.watch.judge(pair.now_ns)


@given(seconds=st.lists(st.tuples(st.booleans(), st.integers(0, 499)), max_size=60))
def test_silence_alone_is_never_one_way(seconds):
    pair = Pair()
    for back, delay_ms in seconds:
        assert not pair.second(back=back, delay_ms=delay_ms)


@given(lost=st.lists(st.booleans(), max_size=80))
def test_a_link_that_loses_fewer_than_five_beats_in_a_row_is_never_one_way(lost):
    pair, row = Pair(), 0
    for loses in lost:
        row = row + 1 if loses and row < 4 else 0
        assert not pair.second(there=row == 0)


@given(
    before=st.integers(0, 20),
    lost=st.lists(st.booleans(), min_size=8, max_size=40),
    after=st.integers(1, 20),
)
def test_whatever_arrives_back_a_deaf_peer_is_found_and_a_healed_one_cleared(before, lost, after):
    pair = Pair()
    for _ in range(before):
        pair.second()
    for back in [*lost, True]:
        deaf = pair.second(there=False, back=back)
    assert deaf
    for _ in range(after):
        healed = pair.second()
    assert not healed


@given(pauses=st.lists(st.integers(4, 600), min_size=1, max_size=5), calm=st.integers(0, 9))
def test_a_pause_of_this_process_is_never_taken_for_a_deaf_peer(pauses, calm):
    pair = Pair()
    for pause_s in pauses:
        for _ in range(calm):
            pair.second()
        pair.seq += 1
        pair.watch.sent(pair.seq, pair.now_ns)
        pair.now_ns += pause_s * S
        # What the peer said meanwhile was waiting in the mailbox, the oldest word first.
        pair.watch.heard(pair.peer_knows, pair.now_ns)
        assert not pair.watch.judge(pair.now_ns)
        pair.peer_knows = pair.seq
        assert not pair.second()
