"""A recording by its id, against the simulator's fake organisation."""

import base64

import pytest

from recorder.errors import NotAnId, Unreachable
from sim.ucaas.faults import Fault, FaultKind
from tests.recorder.adapters.webex.test_with_fake import Bench

NOBODY = "00000000-0000-4000-8000-000000000000"


def hydra(key):
    return base64.b64encode(f"ciscospark://us/RECORDING/{key}".encode()).decode()


@pytest.mark.parametrize("write", [str, str.upper, " {} ".format, hydra])
def test_a_recording_is_found_by_its_id_in_either_alphabet(write):
    bench = Bench()
    bench.place()
    bench.place()
    listed = bench.refs()
    for ref in listed:
        (found,) = bench.source.find(write(ref.key))
        assert (found.key, found.version, found.changed_us, found.session_key) == (
            ref.key,
            ref.version,
            ref.changed_us,
            ref.session_key,
        )
        assert bench.is_right(found)


@pytest.mark.parametrize("write", [str, hydra])
def test_an_id_nobody_has_is_not_found(write):
    bench = Bench()
    bench.place()
    assert bench.source.find(write(NOBODY)) == ()


@pytest.mark.parametrize("text", ["", "a b", "../people/me", "?max=1"])
def test_what_is_no_id_is_refused_without_a_call(text):
    bench = Bench()
    with pytest.raises(NotAnId):
        bench.source.find(text)
    assert bench.source.budget().used == 0


def test_an_error_of_the_service_is_no_absence():
    bench = Bench()
    bench.place()
    ref = bench.only()
    bench.fake.add_fault(Fault(FaultKind.SERVER_ERROR))
    with pytest.raises(Unreachable):
        bench.source.find(ref.key)
