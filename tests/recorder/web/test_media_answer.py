"""Originals and renditions over HTTP: whole, by range, once on record for each replay."""

import hashlib

import pytest

from recorder.errors import ArchiveError
from tests.recorder.fake_node import TOKEN
from tests.recorder.fakes import MP3
from tests.recorder.pages.script import timeline
from tests.recorder.pages.stage import Stage, peaks

HASH = hashlib.sha256(MP3).hexdigest()
WEBM = bytes(range(256)) * 8


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def original(stage):
    contact = stage.record("one", original=MP3)
    return f"/api/v1/contacts/{contact}/media/0"


@pytest.fixture
def rendition(stage):
    contact = stage.record("one", original=MP3)
    stage.stitch(contact, timeline(contact), WEBM, peaks(1))
    return f"/api/v1/contacts/{contact}/renditions/1"


@pytest.fixture
def client(stage):
    return stage.client(TOKEN)


def reads(stage):
    return [what for what, *_more in stage.trail.told].count("media_read")


def test_an_original_comes_whole_with_its_hash(client, original):
    answer = client.get(original)
    assert (answer.status_code, answer.content) == (200, MP3)
    assert answer.headers["x-content-sha256"] == HASH
    assert answer.headers["etag"] == f'"{HASH}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["cache-control"] == "no-store"


def test_a_range_comes_alone(client, original):
    answer = client.get(original, headers={"Range": "bytes=100-199"})
    assert (answer.status_code, answer.content) == (206, MP3[100:200])
    assert answer.headers["content-range"] == f"bytes 100-199/{len(MP3)}"
    assert answer.headers["content-length"] == "100"
    tail = client.get(original, headers={"Range": "bytes=-7"})
    assert tail.content == MP3[-7:]


def test_a_range_that_is_not_there_says_how_long_the_file_is(client, original):
    answer = client.get(original, headers={"Range": f"bytes={len(MP3)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(MP3)}"


def test_a_range_of_what_was_another_file_is_the_whole(client, original):
    headers = {"Range": "bytes=0-9", "If-Range": '"older"'}
    assert client.get(original, headers=headers).status_code == 200
    headers["If-Range"] = f'"{HASH}"'
    assert client.get(original, headers=headers).status_code == 206


def test_a_head_tells_and_gives_nothing(client, stage, original):
    answer = client.head(original)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(MP3))
    assert reads(stage) == 0


def test_a_download_has_the_name_of_its_file(client, original):
    answer = client.get(f"{original}?download=true")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''one.mp3"


def test_one_replay_is_one_entry_however_many_ranges(client, stage, original):
    for first in range(0, 900, 100):
        headers = {"Range": f"bytes={first}-{first + 99}"}
        assert client.get(f"{original}?replay=abc", headers=headers).status_code == 206
    assert reads(stage) == 1
    client.get(f"{original}?replay=def")
    assert reads(stage) == 2
    stage.clock.now_ns += 3601 * 1_000_000_000
    client.get(f"{original}?replay=abc")
    assert reads(stage) == 3


def test_what_is_read_without_a_replay_is_on_record_each_time(client, stage, original):
    client.get(original)
    client.get(original, headers={"Range": "bytes=5-"})
    assert reads(stage) == 2


def test_files_of_a_rendition_are_served(client, rendition):
    answer = client.get(f"{rendition}/media", headers={"Range": "bytes=0-99"})
    assert (answer.status_code, answer.content) == (206, WEBM[:100])
    assert answer.headers["content-type"] == "video/webm"
    assert client.get(f"{rendition}/peaks").json()["format"] == "tandem-peaks"
    assert client.get(f"{rendition}/timeline").json()["format"] == "tandem-timeline"
    listed = client.get(rendition.removesuffix("/1")).json()["renditions"]
    assert [(one["number"], one["size_bytes"]) for one in listed] == [(1, len(WEBM))]


def test_a_screen_by_itself_is_served_by_its_number(client, stage, rendition):
    stage.objects.objects["renditions/x/screen-2.webm"] = b"screen two"
    contact = rendition.split("/")[4]
    made = timeline(contact)
    held = {
        "object_key": "renditions/x/screen-2.webm",
        "media_type": "video/webm",
        "size_bytes": 10,
        "sha256": "0" * 64,
    }
    both = [
        made.screens[0].model_dump(),
        {**made.screens[0].model_dump(), "number": 2, "file": held},
    ]
    stage.stitch(
        contact, made.model_validate({**made.model_dump(), "screens": both}), WEBM, peaks(1)
    )
    place = f"{rendition.removesuffix('/1')}/2"
    assert client.get(f"{place}/screen-2").content == b"screen two"
    assert client.get(f"{place}/screen-1").status_code == 404
    assert client.get(f"{place}/screen-3").status_code == 404


@pytest.mark.parametrize("path", ["/2/media", "/1/nothing", "/0/peaks"])
def test_what_a_contact_has_not_is_not_found(client, rendition, path):
    assert client.get(rendition.removesuffix("/1") + path).status_code == 404


def test_renditions_are_for_readers(stage, rendition):
    assert stage.client().get(f"{rendition}/media").status_code == 401
    assert stage.client("bi-token").get(f"{rendition}/media").status_code == 403
    assert stage.client("coach-token").get(f"{rendition}/media").status_code == 200


def test_an_original_that_is_gone_says_so(client, stage, original):
    stage.objects.objects.clear()
    answer = client.get(original)
    assert answer.status_code == 500
    assert "archive" in answer.json()["error"]["message"]


@pytest.mark.parametrize("file", ["media", "peaks", "timeline", "screen-1"])
def test_a_rendition_that_was_taken_away_says_how_to_have_another(client, stage, rendition, file):
    stage.objects.objects.clear()
    answer = client.get(f"{rendition}/{file}")
    assert answer.status_code == 410
    assert "contact replay" in answer.json()["error"]["hint"]
    assert reads(stage) == 0


def test_an_archive_that_is_away_is_a_503(client, stage, rendition, monkeypatch):
    def away(_key):
        raise ArchiveError("the archive is away")

    monkeypatch.setattr(stage.archive, "info", away)
    assert client.get(f"{rendition}/media").status_code == 503
