"""Recordings by an id that people know, against the simulator's fake service."""

import pytest

from recorder.errors import NotAnId, Unreachable
from recorder.lookup import lookup_of
from sim.ucaas.dynamics.scripts import RecordingScript
from sim.ucaas.faults import Fault, FaultKind
from tests.recorder.adapters.dynamics.test_with_fake import AUDIO, Bench

NOBODY = "00000000-0000-4000-8000-000000000000"


def two_recordings(bench):
    return bench.place(RecordingScript(AUDIO), RecordingScript(AUDIO))


def as_listed(bench):
    return {ref.key: ref for ref in bench.refs()}


def found(bench, identifier):
    return {ref.key: ref for ref in bench.source.find(identifier)}


def test_a_recording_is_found_by_its_own_id_as_a_listing_shows_it():
    bench = Bench()
    two_recordings(bench)
    for key, ref in as_listed(bench).items():
        assert found(bench, key) == {key: ref}


@pytest.mark.parametrize("write", [str, str.upper, "{{{}}}".format, "  {} ".format])
def test_a_conversation_leads_to_all_its_recordings_however_it_is_written(write):
    bench = Bench()
    two_recordings(bench)
    bench.place()
    mine = bench.refs()[0].session_key
    wanted = {key: ref for key, ref in as_listed(bench).items() if ref.session_key == mine}
    assert len(wanted) == 2
    assert found(bench, write(mine)) == wanted


def test_the_older_schema_needs_no_newer_column():
    bench = Bench(newer_schema=False)
    bench.place()
    (ref,) = bench.refs()
    assert bench.source.find(ref.session_key) == (ref,)


def test_an_id_nobody_has_is_not_found():
    bench = Bench()
    bench.place()
    assert bench.source.find(NOBODY) == ()


@pytest.mark.parametrize("text", ["", "4711", "' or 1 eq 1", f"{NOBODY}0", "../WhoAmI"])
def test_what_is_no_guid_is_refused_without_a_call(text):
    bench = Bench()
    with pytest.raises(NotAnId):
        bench.source.find(text)
    assert bench.source.budget().used == 0


def test_an_error_of_the_service_is_no_absence():
    bench = Bench()
    bench.place()
    (ref,) = bench.refs()
    bench.fake.add_fault(Fault(FaultKind.SERVER_ERROR))
    with pytest.raises(Unreachable):
        bench.source.find(ref.key)


def test_the_adapter_offers_a_lookup():
    assert lookup_of(Bench().source) is not None
    assert lookup_of(object()) is None
