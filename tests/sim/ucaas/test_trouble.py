"""What happens to any answer on its way: each fault does what it says, and several add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import Content, Cut, Pause, Response, steps
from sim.ucaas.trouble import sign_in_page, spoil

PARTS = st.lists(st.binary(max_size=20), max_size=4).map(tuple)


def fault(kind, **parameters):
    return Fault(kind, parameters=parameters)


@given(PARTS, st.integers(0, 100))
def test_wrong_bytes_are_one_byte_that_differs(parts, at_bytes):
    true = b"".join(parts)
    spoilt = spoil(
        Response(content=Content(parts)), [fault(FaultKind.WRONG_BYTES, at_bytes=at_bytes)]
    )

    false = spoilt.content.joined()

    assert len(false) == len(true)
    assert sum(a != b for a, b in zip(true, false, strict=True)) == bool(true)


@given(PARTS, st.floats(0, 1))
def test_a_truncated_body_is_a_beginning_of_the_true_one(parts, share):
    true = b"".join(parts)
    response = Response(content=Content(parts))

    short = spoil(response, [fault(FaultKind.TRUNCATE, at_share=share)])
    announced = spoil(response, [fault(FaultKind.TRUNCATE, at_share=share, announced="full")])

    assert true.startswith(short.content.joined())
    assert short.announced_bytes == short.content.size_bytes
    assert announced.announced_bytes == len(true)
    assert not true or short.content.size_bytes < len(true)


@pytest.mark.parametrize("reset", [True, False])
def test_a_cut_ends_the_body_where_it_says(reset):
    response = Response(content=Content((b"0123456789",)))

    spoilt = spoil(response, [fault(FaultKind.CUT, at_bytes=4, reset=reset)])

    *sent, end = steps(spoilt)
    assert b"".join(map(bytes, sent)) == b"0123"
    assert end == Cut(reset)


def test_several_faults_add_up():
    response = Response(content=Content((b"0123456789",)))

    spoilt = spoil(
        response,
        [
            fault(FaultKind.SLOW, delay_s=2),
            fault(FaultKind.SLOW, delay_s=3),
            fault(FaultKind.STALL, at_bytes=5, seconds=60),
            fault(FaultKind.WRONG_BYTES, at_bytes=0),
        ],
    )

    assert spoilt.trouble.delay_s == 5
    taken = [*steps(spoilt)]
    assert Pause(60.0) in taken
    assert b"".join(bytes(one) for one in taken if isinstance(one, memoryview)) == b"1123456789"


def test_a_page_takes_the_place_of_any_answer_and_keeps_its_trouble():
    response = Response(404, content=Content((b"x",)))

    spoilt = spoil(response, [fault(FaultKind.DROP), fault(FaultKind.HTML)])

    assert (spoilt.status, spoilt.content) == (200, sign_in_page().content)
    assert spoilt.trouble.drop


def test_what_is_no_trouble_of_the_way_changes_nothing():
    response = Response(content=Content((b"x",)))

    assert spoil(response, [fault(FaultKind.THROTTLE), fault(FaultKind.LATE)]) == response
