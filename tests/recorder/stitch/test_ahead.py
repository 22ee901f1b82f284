from recorder.stitch.ahead import CALLS_MAX, FORGET_S, Ahead
from recorder.stitch.backlog import AHEAD_MAX, Backlog, Wish

S = 1_000_000_000


def test_a_call_is_looked_up_at_once_and_then_ever_more_seldom():
    ahead = Ahead()
    ahead.watch(["call-1"], 0)

    looks = [second for second in range(4 * 3600) if ahead.due(second * S, 10)]

    assert looks[:5] == [0, 15, 45, 105, 225]
    assert looks[-1] - looks[-2] == 3600


def test_a_call_is_done_until_its_contact_changes_or_another_part_comes():
    ahead = Ahead()
    ahead.watch(["call-1"], 0)
    assert ahead.wants("call-1", 1)

    ahead.stitched("call-1", 1)
    assert not ahead.wants("call-1", 1)
    assert ahead.wants("call-1", 2)
    ahead.watch(["call-1"], S)

    assert ahead.wants("call-1", 1)
    assert not ahead.wants("another", 1)


def test_what_was_too_early_is_looked_up_soon():
    ahead = Ahead()
    ahead.watch(["call-1"], 0)
    for second in (0, 15, 45):
        ahead.due(second * S, 10)

    ahead.again("call-1", 45 * S)

    assert ahead.due(60 * S, 10) == ("call-1",)


def test_calls_are_forgotten_after_days_and_when_there_are_too_many():
    ahead = Ahead()
    ahead.watch([f"call-{number}" for number in range(CALLS_MAX + 5)], 0)
    assert len(ahead) == CALLS_MAX
    assert ahead.due(0, 2) == (f"call-{CALLS_MAX + 4}", f"call-{CALLS_MAX + 3}")

    assert ahead.due(int((FORGET_S + 1) * S), 10) == ()
    assert len(ahead) == 0


def test_those_somebody_waits_for_come_first_in_their_order():
    backlog = Backlog()
    backlog.add(Wish("old", "call-1", 1, ahead=True))
    backlog.add(Wish("new", "call-2", 1, ahead=True))
    backlog.want("b")
    backlog.want("a")
    backlog.want("old")

    taken = [backlog.next(ahead=True) for _ in range(4)]

    assert [one.contact_id for one in taken] == ["b", "a", "old", "new"]
    assert [one.ahead for one in taken] == [False, False, False, True]
    assert taken[2].call == "call-1"
    assert backlog.next(ahead=True) is None


def test_nobodys_wishes_wait_for_the_duty_are_bounded_and_the_newest_come_first():
    backlog = Backlog()
    for number in range(AHEAD_MAX + 3):
        backlog.add(Wish(f"c{number}", ahead=True))
    assert backlog.ahead == AHEAD_MAX
    assert backlog.next(ahead=False) is None
    assert backlog.next(ahead=True).contact_id == f"c{AHEAD_MAX + 2}"

    backlog.forget_ahead()

    assert backlog.next(ahead=True) is None


def test_what_could_not_be_begun_is_the_next_of_its_kind_again():
    backlog = Backlog()
    backlog.want("a")
    backlog.want("b")
    first = backlog.next(ahead=False)
    backlog.put_back(first)

    assert backlog.wanted == ("a", "b")
    backlog.add(Wish("c", ahead=True))
    backlog.put_back(backlog.next(ahead=False))
    assert backlog.ahead == 1
