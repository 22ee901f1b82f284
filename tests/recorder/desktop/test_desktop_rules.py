from hypothesis import given
from hypothesis import strategies as st

from recorder.desktop.choice import Tried, failed, left, next_node
from recorder.desktop.spool_rules import Extent, needless, resume_at, too_much

NS = 1_000_000_000


def groups_of(lengths, first=0):
    found = []
    for length in lengths:
        found.append(Extent(first, first + length - 1, length * 10))
        first += length
    return found


GROUPS = st.builds(groups_of, st.lists(st.integers(1, 9), max_size=8), st.integers(0, 50))
SEQS = st.integers(-1, 120)


@given(GROUPS, SEQS, st.booleans())
def test_what_is_forgotten_a_node_has_and_nothing_else(groups, kept, ended):
    gone = needless(groups, kept, ended=ended)
    assert all(group.last <= kept for group in groups[:gone])
    rest = groups[gone:]
    if ended:
        assert not rest or rest[0].last > kept
    else:
        assert not groups or rest, "the group that goes on stays"


@given(GROUPS, SEQS, st.none() | st.integers(0, 120))
def test_resumption_begins_at_a_key_frame_and_leaves_out_nothing_wanted(groups, kept, next_seq):
    at = resume_at(groups, kept, next_seq)
    wanted = kept + 1 if next_seq is None else next_seq
    if not groups:
        assert at == wanted
        return
    assert at in {group.first for group in groups}
    assert at <= max(wanted, groups[0].first)
    later = [group.first for group in groups if at < group.first <= wanted]
    assert not later, "nothing is sent again without need"


@given(st.lists(st.integers(1, 500), max_size=12), st.integers(0, 3000))
def test_no_more_goes_than_must(sizes, limit):
    gone = too_much(sizes, limit)
    rest = sizes[gone:]
    assert sum(rest) <= limit or len(rest) == 1 or not sizes
    if gone:
        assert sum(sizes[gone - 1 :]) > limit
        assert rest


def test_nodes_are_tried_in_order_at_the_start():
    tried = (Tried(), Tried())
    assert next_node(tried, -1, 0).node == 0
    tried = failed(tried, 0, 0, cap_s=15, chance=1.0)
    assert next_node(tried, 0, 0) == type(next_node(tried, 0, 0))(1, 0.0)


def test_node_that_was_lost_leads_to_the_other_one_at_once():
    tried = (Tried(), Tried(fails=7, not_before_ns=10 * NS))
    tried = left(tried, 0, 0, served_s=60)
    choice = next_node(tried, 0, 0)
    assert (choice.node, choice.wait_s) == (1, 0.0)


def test_desktop_of_one_node_comes_back_to_it_soon():
    tried = left((Tried(),), 0, 0, served_s=60)
    assert 0 < next_node(tried, 0, 0).wait_s <= 1


EVENTS = st.lists(
    st.tuples(st.sampled_from(["failed", "refused", "left", "let go"]), st.floats(0, 1)),
    max_size=40,
)


@given(EVENTS, st.integers(1, 3))
def test_tries_never_come_in_a_rush_and_never_stop(events, nodes):
    """However nodes behave, ten tries take a while, and the next one is never more than a bound away."""
    tried, last, now = (Tried(),) * nodes, -1, 0
    quick = 0
    for event, chance in events:
        choice = next_node(tried, last, now)
        assert choice.wait_s <= 60.5
        quick = 0 if choice.wait_s > 0 else quick + 1
        assert quick <= 2 * nodes + 1
        now += round(choice.wait_s * NS)
        last = choice.node
        match event:
            case "failed":
                tried = failed(tried, last, now, cap_s=15, chance=0.5 + chance / 2)
            case "refused":
                tried = failed(tried, last, now, cap_s=15, chance=chance, retry_s=60.0)
            case "left":
                now += 60 * NS
                quick = 0
                tried = left(tried, last, now, served_s=60)
            case _:
                tried = left(tried, last, now, served_s=0.01)
