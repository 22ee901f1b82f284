"""Meetings by UUID or number, against the simulator's fake account."""

from urllib.parse import quote

import pytest

from recorder.adapters.zoom import lookup
from recorder.errors import NotAnId, SourceError, Unreachable
from sim.ucaas.faults import FaultKind
from sim.ucaas.zoom.scripts import FileScript
from tests.recorder.adapters.zoom.test_with_fake import SOUND, Bench

SERIES = 85746065002


def place(bench, **more):
    return bench.place(FileScript("M4A", SOUND), FileScript("M4A", SOUND), wait_s=3600.0, **more)


def found(bench, identifier):
    return {ref.key: ref for ref in bench.source.find(identifier)}


def listed(bench, uuid):
    return {ref.key: ref for ref in bench.refs() if ref.session_key == uuid}


def test_a_meeting_is_found_by_its_uuid_as_a_listing_shows_it():
    bench = Bench()
    first, second = place(bench), place(bench)
    for placed in (first, second):
        wanted = listed(bench, placed.meeting)
        assert len(wanted) == 2
        assert found(bench, placed.meeting) == wanted


@pytest.mark.parametrize("uuid", ["/ajXp112QmuoKj4854875==", "a//XpQmuoKj4854875a=="])
@pytest.mark.parametrize("encoded", [0, 1, 2])
def test_a_uuid_with_slashes_is_found_as_it_is_and_as_it_stands_in_an_address(uuid, encoded):
    bench = Bench()
    place(bench, uuid=uuid)
    text = uuid
    for _ in range(encoded):
        text = quote(text, safe="")
    assert found(bench, text) == listed(bench, uuid) != {}


@pytest.mark.parametrize("text", ["85746065002", "857 4606 5002", "857-4606-5002"])
def test_a_number_means_every_meeting_of_its_series(text):
    bench = Bench()
    series = [place(bench, number=SERIES) for _ in range(3)]
    place(bench, number=SERIES + 1)
    wanted = {key for one in series for key in listed(bench, one.meeting)}
    assert set(found(bench, text)) == wanted
    assert len(wanted) == 6


def test_many_numbers_cost_one_walk():
    bench = Bench({"page_size": 2})
    for number in range(5):
        place(bench, number=SERIES + number)
    bench.source.find(str(SERIES))
    before = bench.source.budget().used
    for number in range(1, 5):
        assert len(found(bench, str(SERIES + number))) == 2
    assert bench.source.budget().used <= before + 4


def test_a_walk_is_repeated_after_a_while():
    bench = Bench()
    assert found(bench, str(SERIES)) == {}
    place(bench, number=SERIES)
    bench.pass_time(lookup.AGE_MAX_S)
    assert len(found(bench, str(SERIES))) == 2


def test_an_archive_too_large_to_walk_is_no_absence(monkeypatch):
    monkeypatch.setattr(lookup, "NUMBERS_MAX", 1)
    bench = Bench()
    place(bench, number=SERIES)
    place(bench)
    with pytest.raises(SourceError, match="too many"):
        bench.source.find(str(SERIES))


@pytest.mark.parametrize("identifier", ["nobodyknowsmeatall1234==", "123456789"])
def test_what_nobody_has_is_not_found(identifier):
    bench = Bench()
    place(bench)
    assert bench.source.find(identifier) == ()


@pytest.mark.parametrize("text", ["", "12345", "12345678901234", "..", "two words", "a?b=c&d=e"])
def test_what_is_no_id_is_refused_without_a_call(text):
    bench = Bench()
    with pytest.raises(NotAnId):
        bench.source.find(text)
    assert bench.source.budget().used == 0


def test_an_error_of_the_service_is_no_absence():
    bench = Bench()
    placed = place(bench)
    bench.fault(FaultKind.SERVER_ERROR)
    with pytest.raises(Unreachable):
        bench.source.find(placed.meeting)
