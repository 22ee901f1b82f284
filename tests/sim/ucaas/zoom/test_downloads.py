"""Downloads: every way to the bytes, who may go it, and what goes wrong on it."""

import hashlib
from urllib.parse import urlsplit

import httpx
import pytest

from sim.ucaas.faults import FaultKind
from sim.ucaas.zoom.scripts import FileScript
from tests.sim.ucaas.zoom.fakes import SOUND, Fake


class Placed:
    """A fake with one file: its address, its key and its bytes."""

    def __init__(self, *files, **options):
        self.zoom = Fake(**options)
        (self.key,) = self.zoom.place(*files).files
        ((file,),) = [meeting["archive_files"] for meeting in self.zoom.meetings()]
        self.url = file["download_url"]
        self.sha256 = self.zoom.truth()[self.key].sha256

    def get(self, url=None, client=None, **headers):
        return (client or self.zoom.http).get(url or self.url, headers=headers)

    def leaks(self):
        return self.zoom.service.statistics()["credential_leaks"]

    def onward(self):
        """Where the address leads on to."""
        answer = self.get()
        assert answer.status_code == 302
        return answer.headers["location"]


@pytest.fixture
def direct():
    return Placed(way="direct")


@pytest.fixture
def signed():
    return Placed(way="signed")


@pytest.fixture
def bearer():
    return Placed(way="bearer")


def is_true(placed, answer):
    return hashlib.sha256(answer.content).hexdigest() == placed.sha256


def test_a_direct_download_gives_the_bytes_for_a_token(direct):
    answer = direct.get()

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mp4"
    assert is_true(direct, answer)
    assert answer.content.startswith(SOUND.data)


@pytest.mark.parametrize("way", ["direct", "signed", "bearer"])
def test_without_a_good_token_it_is_refused(way):
    placed = Placed(way=way)
    unknown = {"Authorization": "Bearer none"}

    assert placed.get(client=placed.zoom.bare).status_code == 401
    assert placed.get(client=placed.zoom.bare, **unknown).json()["code"] == 124
    placed.zoom.clock.go(3600)
    assert placed.get().status_code == 401


@pytest.mark.parametrize("way", ["direct", "signed"])
def test_some_accounts_show_a_page_instead(way):
    placed = Placed(way=way, sign_in=True)

    answer = placed.get(client=placed.zoom.bare)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<html" in answer.content


def test_a_signed_address_at_another_host_needs_no_token(signed):
    onward = signed.onward()

    assert urlsplit(onward).netloc != urlsplit(signed.url).netloc
    assert {"Policy", "Signature", "Key-Pair-Id"} == set(httpx.URL(onward).params)
    assert is_true(signed, signed.get(onward, signed.zoom.bare))
    assert signed.leaks() == 0


def test_a_token_that_is_sent_there_is_refused_and_counted(signed):
    answer = signed.get(signed.onward())

    assert answer.status_code == 400
    assert signed.leaks() == 1


def test_a_signature_runs_out_and_serves_one_file_alone(signed):
    onward = signed.onward()
    altered = onward.replace("/archive/", "/archive/x")

    assert signed.get(altered, signed.zoom.bare).status_code == 403
    assert signed.get(onward.partition("?")[0], signed.zoom.bare).status_code == 403
    signed.zoom.clock.go(3600)
    assert signed.get(onward, signed.zoom.bare).status_code == 403


def test_an_address_may_lead_on_to_one_that_demands_the_token_again(bearer):
    onward = bearer.onward()

    assert "?" not in onward
    assert bearer.get(onward, bearer.zoom.bare).status_code == 401
    assert is_true(bearer, bearer.get(onward))
    assert bearer.leaks() == 0


def test_ranges_are_honoured_unless_the_service_has_none(direct):
    part = direct.get(Range="bytes=5-99")
    assert (part.status_code, len(part.content)) == (206, 95)
    assert part.headers["content-range"].startswith("bytes 5-99/")
    assert direct.get(Range="bytes=99999999-").status_code == 416

    whole = Placed(way="direct", ranges=False).get(Range="bytes=5-99")
    assert whole.status_code == 200


def test_every_file_has_bytes_of_its_own(direct):
    other = direct.zoom.place()

    truth = direct.zoom.truth()

    assert truth[direct.key].sha256 != truth[other.files[0]].sha256


def test_a_repeated_body_is_served_without_being_copied():
    placed = Placed(FileScript(media=SOUND, repeat=50), way="direct")

    answer = placed.get()

    assert len(answer.content) > 50 * len(SOUND.data)
    assert is_true(placed, answer)
    stored = placed.zoom.service._env.archive.file(placed.key)
    assert len({id(part) for part in stored.body.content.parts}) == 2


def test_what_is_not_ready_failed_or_gone_cannot_be_had(direct):
    zoom = direct.zoom
    zoom.place(FileScript("CHAT", fails=True), FileScript("CC", ready_s=None))
    urls = [file["download_url"] for file in zoom.meetings()[0]["archive_files"]]

    assert [zoom.http.get(url).status_code for url in urls] == [404, 404]
    zoom.service.delete_recording(direct.key)
    assert direct.get().status_code == 404
    assert zoom.http.get("https://us02web.zoom.us/rec/archive/download/none").status_code == 404


# --- texts ---


@pytest.mark.parametrize(
    ("file_type", "extension", "media_type", "begins"),
    [
        ("CHAT", "TXT", "text/plain", "0"),
        ("CC", "VTT", "text/vtt", "WEBVTT"),
        ("TRANSCRIPT", "JSON", "application/json", '{"uuid"'),
        ("CHAT_MESSAGE", "JSON", "application/json", '{"uuid"'),
        ("SUB_GROUP_MEMBER_LOG", "JSON", "application/json", '{"uuid"'),
        ("AIC_COVERSATION", "JSON", "application/json", '{"uuid"'),
    ],
)
def test_texts_are_of_their_kind(file_type, extension, media_type, begins):
    zoom = Fake(way="direct")
    zoom.place(FileScript(file_type))
    ((file,),) = [meeting["archive_files"] for meeting in zoom.meetings()]

    answer = zoom.http.get(file["download_url"])

    assert file["file_extension"] == extension
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.text.startswith(begins)
    assert ("number_of_messages" in file) == (file_type in {"CHAT", "CHAT_MESSAGE"})


# --- faults ---


@pytest.mark.parametrize("way", ["direct", "signed", "bearer"])
@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (FaultKind.HTML, lambda _, answer: b"<html" in answer.content),
        (FaultKind.EMPTY, lambda _, answer: answer.content == b""),
        (FaultKind.TRUNCATE, lambda placed, answer: not is_true(placed, answer)),
        (FaultKind.SERVER_ERROR, lambda _, answer: answer.status_code == 503),
    ],
)
def test_faults_of_media_strike_the_answer_with_the_bytes(way, kind, check):
    placed = Placed(way=way)
    url = placed.url if way == "direct" else placed.onward()
    client = placed.zoom.bare if way == "signed" else placed.zoom.http
    placed.zoom.fault(kind, item=placed.key, count=1)

    assert check(placed, placed.get(url, client))
    assert is_true(placed, placed.get(url, client))


def test_wrong_bytes_have_the_size_that_was_told(direct):
    direct.zoom.fault(FaultKind.WRONG_BYTES, count=1)

    answer = direct.get()

    assert len(answer.content) == direct.zoom.truth()[direct.key].size_bytes
    assert not is_true(direct, answer)


def test_a_body_may_end_or_reset_in_its_middle(direct):
    for reset, error in ((False, httpx.RemoteProtocolError), (True, httpx.ReadError)):
        direct.zoom.fault(FaultKind.CUT, count=1, at_bytes=100, reset=reset)
        with pytest.raises(error):
            direct.get()


def test_a_slow_body_takes_its_time(direct):
    direct.zoom.fault(FaultKind.SLOW, count=1, bytes_per_s=5_000.0)

    assert is_true(direct, direct.get())
    assert sum(direct.zoom.clock.waits) == pytest.approx(2.0, rel=0.2)


def test_a_redirect_to_elsewhere_counts_what_is_sent_there(signed):
    onward = signed.onward()
    signed.zoom.fault(FaultKind.REDIRECT, count=1)

    away = signed.get(onward, signed.zoom.bare)

    assert away.headers["location"].startswith("https://elsewhere.invalid/")
    signed.get(away.headers["location"])
    assert signed.zoom.service.statistics()["strays"] == ["elsewhere.invalid"]
    assert signed.leaks() == 1


def test_a_link_may_be_refused_however_young(direct, signed):
    direct.zoom.fault(FaultKind.LINK_EXPIRED, count=1)
    onward = signed.onward()
    signed.zoom.fault(FaultKind.LINK_EXPIRED, count=1)

    assert direct.get().json()["code"] == 124
    assert signed.get(onward, signed.zoom.bare).status_code == 403
    assert direct.get().status_code == 200


def test_a_meeting_may_be_deleted_at_the_moment_somebody_asks(signed):
    onward = signed.onward()
    signed.zoom.fault(FaultKind.DELETED_BEFORE_DOWNLOAD, count=1)

    assert signed.get(onward, signed.zoom.bare).status_code == 404
    assert signed.zoom.meetings() == []
