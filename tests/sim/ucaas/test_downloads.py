"""The ways to the bytes."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.http import Content, byte_range
from tests.sim.ucaas.fakes import API, AUDIO, Fake

SIZE = len(AUDIO.data) + 128


@pytest.fixture(scope="module")
def fake():
    return Fake()


@pytest.fixture(scope="module")
def key(fake):
    return fake.place().recordings[0]


@pytest.fixture(scope="module")
def truth(fake, key):
    return next(item for item in fake.service.truth() if item.key == key)


def test_a_signed_link_leads_to_the_true_bytes_without_a_token(fake, key, truth):
    result = fake.sas(key).json()["Result"]
    assert result["FileName"] == "callRecording.mp3"
    assert result["FileSizeInBytes"] == SIZE == truth.size_bytes
    assert result["MimeType"] == "audio/mpeg"
    answer = fake.bare.get(result["SasUrl"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == truth.sha256
    md5 = base64.b64encode(hashlib.md5(answer.content, usedforsecurity=False).digest()).decode()
    assert answer.headers["Content-MD5"] == md5


@pytest.mark.parametrize(
    "query",
    [
        "GetFileSasUrl(Target=@p1,FileAttributeName=@p2)?@p1={%22@odata.id%22:%22msdyn_ocrecordings(KEY)%22}&@p2=%27msdyn_recording%27",
        "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')?@p1=%7B'%40odata.id'%3A'msdyn_ocrecordings(KEY)'%7D",
    ],
)
def test_both_spellings_of_the_reference_work(fake, key, query):
    assert "SasUrl" in fake.get(query.replace("KEY", key)).json()["Result"]


def test_post_works_as_well_as_get(fake, key):
    path = f"GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')?@p1={{'@odata.id':'msdyn_ocrecordings({key})'}}"
    assert fake.http.post(f"{API}/{path}").status_code == 200


def test_links_honour_ranges(fake, key):
    link = fake.sas(key).json()["Result"]["SasUrl"]
    answer = fake.bare.get(link, headers={"Range": "bytes=100-199"})
    assert (answer.status_code, len(answer.content)) == (206, 100)
    assert answer.headers["Content-Range"] == f"bytes 100-199/{SIZE}"
    assert answer.content == AUDIO.data[100:200]
    rest = fake.bare.get(link, headers={"Range": f"bytes={SIZE - 5}-"})
    assert len(rest.content) == 5
    assert fake.bare.get(link, headers={"Range": f"bytes={SIZE}-"}).status_code == 416


def test_links_expire_after_an_hour_with_an_xml_refusal():
    fake = Fake()
    link = fake.sas(fake.place().recordings[0]).json()["Result"]["SasUrl"]
    fake.clock.go(3598)
    assert fake.bare.get(link).status_code == 200
    fake.clock.go(3)
    answer = fake.bare.get(link)
    assert answer.status_code == 403
    assert b"<Code>AuthenticationFailed</Code>" in answer.content


def test_altered_links_are_refused(fake, key):
    link = fake.sas(key).json()["Result"]["SasUrl"]
    assert fake.bare.get(link.replace("se=2026", "se=2027")).status_code == 403
    assert fake.bare.get(link[:-8]).status_code == 403


def test_the_file_host_rejects_a_bearer_token_and_counts_the_leak():
    fake = Fake()
    link = fake.sas(fake.place().recordings[0]).json()["Result"]["SasUrl"]
    assert fake.http.get(link).status_code == 400
    assert fake.service.statistics()["credential_leaks"] == 1


def test_customer_managed_keys_break_links_and_chunks_but_not_value():
    fake = Fake(customer_managed_keys=True)
    key = fake.place().recordings[0]
    assert fake.sas(key).status_code == 400
    assert len(fake.get(f"msdyn_ocrecordings({key})/msdyn_recording/$value").content) == SIZE
    first = begin(fake, key)
    assert first["IsChunkingSupported"] is False
    refused = block(fake, first, 0, 1000)
    assert refused.json()["error"]["code"] == "0x80090017"
    assert len(base64.b64decode(block(fake, first, 0, SIZE).json()["Data"])) == SIZE


def test_value_whole_and_in_ranges(fake, key):
    path = f"msdyn_ocrecordings({key})/msdyn_recording/$value"
    whole = fake.get(path)
    assert whole.headers["x-ms-file-size"] == str(SIZE)
    assert whole.headers["x-ms-file-name"] == "callRecording.mp3"
    assert whole.headers["mimetype"] == "audio/mpeg"
    part = fake.get(path, Range="bytes=0-4095")
    assert (part.status_code, part.headers["x-ms-chunk-size"]) == (206, "4096")
    assert "Content-Range" not in part.headers
    assert part.content == whole.content[:4096]


def test_value_of_an_empty_column_is_204_and_of_no_file_column_400(fake, key):
    placed = fake.place()
    assert fake.get(f"msdyn_transcripts({key})/msdyn_voicetranscript/$value").status_code == 404
    assert fake.get(f"msdyn_ocrecordings({key})/msdyn_name/$value").status_code == 400
    fake.service._env.store.table("msdyn_ocrecording").put(
        placed.recordings[0], {"msdyn_recording": None}, 0
    )
    path = f"msdyn_ocrecordings({placed.recordings[0]})/msdyn_recording/$value"
    assert fake.get(path).status_code == 204


def test_plain_columns_can_be_read_alone(fake, key):
    assert fake.get(f"msdyn_ocrecordings({key})/msdyn_name").json()["value"].startswith("Recording")


def test_base64_form_gives_chunks_as_json(fake, key):
    answer = fake.get(f"msdyn_ocrecordings({key})/msdyn_recording?size=full", Range="bytes=0-99")
    assert base64.b64decode(answer.json()["value"]) == AUDIO.data[:100]
    assert answer.headers["x-ms-file-size"] == str(SIZE)
    assert "Location" in answer.headers


def begin(fake, key):
    body = {
        "Target": {
            "msdyn_ocrecordingid": key,
            "@odata.type": "Microsoft.Dynamics.CRM.msdyn_ocrecording",
        },
        "FileAttributeName": "msdyn_recording",
    }
    return fake.http.post(f"{API}/InitializeFileBlocksDownload", json=body).json()


def block(fake, first, offset, length):
    body = {
        "Offset": offset,
        "BlockLength": length,
        "FileContinuationToken": first["FileContinuationToken"],
    }
    return fake.http.post(f"{API}/DownloadBlock", json=body)


def test_blocks_join_to_the_whole_file(fake, key, truth):
    first = begin(fake, key)
    assert first["FileSizeInBytes"] == SIZE
    data = b"".join(
        base64.b64decode(block(fake, first, offset, 30_000).json()["Data"])
        for offset in range(0, SIZE, 30_000)
    )
    assert hashlib.sha256(data).hexdigest() == truth.sha256


def test_the_metadata_file_is_the_recorders_own_account(fake, key, truth):
    answer = fake.get(f"msdyn_ocrecordings({key})/msdyn_recordingmetadata/$value")
    assert answer.json()["chunkDuration"] == 9000
    assert truth.other_sha256 == (hashlib.sha256(answer.content).hexdigest(),)


def test_every_recording_has_bytes_of_its_own(fake):
    one, two = (fake.place().recordings[0] for _ in range(2))
    shas = {item.sha256 for item in fake.service.truth() if item.key in {one, two}}
    assert len(shas) == 2


@given(st.integers(1, 500), st.integers(0, 600), st.integers(0, 600))
def test_ranges_are_those_of_a_slice(size, start, last):
    data = bytes(n % 251 for n in range(size))
    span = byte_range(f"bytes={start}-{last}", size)
    wanted = data[start : last + 1]
    assert (span is None) == (not wanted)
    if span is not None:
        assert data[slice(*span)] == wanted


@given(st.lists(st.binary(max_size=20), max_size=5), st.integers(0, 60), st.integers(0, 60))
def test_content_is_cut_like_bytes(parts, start, stop):
    content = Content(tuple(parts))
    whole = b"".join(parts)
    assert content.cut(start, stop).joined() == whole[start:stop]
    assert b"".join(content.pieces(7)) == whole
