"""Two thresholds keep the buffer from fluttering."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.buffer.space import Space, after_failure, after_look
from recorder.settings.stages import BufferSettings

SETTINGS = BufferSettings(reserve_bytes=100, resume_bytes=150)
OPEN = Space(open=True, free_bytes=1)
CLOSED = Space(open=False, free_bytes=0, reason="x")


def test_it_is_open_while_anything_is_free_above_the_reserve():
    assert after_look(OPEN, 1, SETTINGS) == OPEN
    assert after_look(None, 1, SETTINGS) == OPEN
    assert not after_look(OPEN, 0, SETTINGS).open
    assert not after_look(None, 0, SETTINGS).open


def test_it_opens_again_only_at_the_resume_mark():
    assert not after_look(CLOSED, 49, SETTINGS).open
    assert after_look(CLOSED, 50, SETTINGS).open


def test_equal_marks_do_not_open_a_full_buffer():
    settings = BufferSettings(reserve_bytes=100, resume_bytes=100)
    assert not after_look(CLOSED, 0, settings).open
    assert after_look(CLOSED, 1, settings).open


def test_a_closed_buffer_says_why():
    assert "MiB free above the reserve" in after_look(OPEN, 0, SETTINGS).reason
    assert after_failure("Input/output error") == Space(
        open=False, free_bytes=0, reason="Input/output error", broken=True
    )


@given(st.lists(st.integers(0, 120), min_size=1))
def test_between_the_marks_it_stays_as_it_was(looks):
    space = None
    for free_bytes in looks:
        before, space = space, after_look(space, free_bytes, SETTINGS)
        if free_bytes >= 50:
            assert space.open
        elif free_bytes == 0:
            assert not space.open
        elif before is not None:
            assert space.open == before.open
