"""Orders for faults are checked at the door: one that could never strike is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.fault_parameters import checked
from sim.ucaas.faults import DYNAMICS, EVERYTHING, Fault, FaultKind, Manners

GOOD = [
    ("throttle", {"code": "time", "retry_after": "date", "seconds": "5"}),
    ("server_error", {"status": 502, "retry_after_s": "soon"}),
    ("slow", {"delay_s": 0, "bytes_per_s": 500_000.0}),
    ("stall", {"at_bytes": 100, "seconds": 3600}),
    ("cut", {"at_share": "0.25", "reset": "true"}),
    ("cut", {"reset": False}),
    ("truncate", {"announced": "full", "at_bytes": 0}),
    ("redirect", {"to": "http://elsewhere.example/"}),
    ("forbidden", {"why": "privilege"}),
    ("late", {"seconds": 30}),
    ("clock_skew", {"seconds": -600.0}),
    ("drop", {}),
]
BAD = [
    ("throttle", {"code": "often"}, "requests, time, concurrent"),
    ("throttle", {"retry_after": "never"}, "absent"),
    ("throttle", {"seconds": "soon"}, "must be a number"),
    ("throttle", {"seconds": -1}, "not be negative"),
    ("server_error", {"status": 200}, "300 to 599"),
    ("server_error", {"status": 503.5}, "300 to 599"),
    ("slow", {"bytes_per_s": 0}, "above 0"),
    ("slow", {"delay_s": "nan"}, "must be a number"),
    ("slow", {"delay_s": True}, "must be a number"),
    ("stall", {"at_share": 1.5}, "between 0 and 1"),
    ("cut", {"reset": "perhaps"}, "true or false"),
    ("truncate", {"announced": "half"}, "short, full"),
    ("forbidden", {"why": "mood"}, "no_user, privilege"),
    ("clock_skew", {"minutes": 10}, "it takes seconds"),
    ("drop", {"seconds": 1}, "no parameters"),
    ("token_revoked", {"client": "alpha"}, "no parameters"),
]


@pytest.mark.parametrize(("kind", "parameters"), GOOD)
def test_what_a_kind_takes_is_accepted(kind, parameters):
    checked(FaultKind(kind), parameters, ())


@pytest.mark.parametrize(("kind", "parameters", "told"), BAD)
def test_what_it_does_not_take_is_refused_with_what_it_does(kind, parameters, told):
    with pytest.raises(ValueError, match=told):
        checked(FaultKind(kind), parameters, ())


def test_every_kind_of_request_may_be_named_and_no_other():
    checked(FaultKind.SLOW, {}, EVERYTHING)
    with pytest.raises(ValueError, match="'blobs'; there are token"):
        checked(FaultKind.SLOW, {}, ("blob", "blobs"))


@pytest.mark.parametrize("kind", DYNAMICS.hits)
def test_every_kind_may_be_ordered_without_parameters(kind):
    checked(kind, {}, ())


def test_a_service_refuses_faults_requests_and_words_of_another():
    other = Manners(("list", "file"), {FaultKind.THROTTLE: ("list",)}, {"code": ("second", "day")})
    checked(FaultKind.THROTTLE, {"code": "day"}, ("file",), other)
    with pytest.raises(ValueError, match="knows no fault html; it knows throttle"):
        checked(FaultKind.HTML, {}, (), other)
    with pytest.raises(ValueError, match="second, day"):
        checked(FaultKind.THROTTLE, {"code": "time"}, (), other)
    with pytest.raises(ValueError, match="'blob'; there are list, file"):
        checked(FaultKind.THROTTLE, {}, ("blob",), other)


@given(st.sampled_from(list(FaultKind)), st.text(max_size=8), st.text(max_size=8))
def test_whatever_is_accepted_can_be_read_back_as_what_it_is(kind, name, text):
    try:
        checked(kind, {name: text}, ())
    except ValueError:
        return
    fault = Fault(kind, parameters={name: text})
    assert 0 <= fault.offset(1000) < 1000
    if name in {"seconds", "delay_s", "bytes_per_s", "status", "at_bytes", "at_share"}:
        fault.number(name, 0)
