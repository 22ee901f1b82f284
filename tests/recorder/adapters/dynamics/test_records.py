import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.dynamics.odata import error_of, parse_page
from recorder.adapters.dynamics.reading import parse_metadata
from recorder.adapters.dynamics.records import (
    AcsMetadata,
    Attachment,
    Conversation,
    Participant,
    PhoneContext,
    Recording,
    Session,
    SignedLinkAnswer,
    User,
)
from recorder.adapters.dynamics.tables import ALL_TABLES
from recorder.adapters.http.json_body import json_object
from recorder.adapters.http.values import clean_text, parse
from recorder.errors import BadAnswer
from tests.recorder.adapters.dynamics.scripted import at, guid, us

KINDS = (
    Recording,
    Conversation,
    Session,
    Participant,
    PhoneContext,
    User,
    AcsMetadata,
    Attachment,
    SignedLinkAnswer,
)
NASTY = st.sampled_from(
    [
        "../../etc/passwd",
        "a\x00b\r\nc",
        "\u202egpj.exe",
        "x" * 5000,
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00Z",
        guid(1),
        "192440000,192370000",
        "٣",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | NASTY,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
COLUMNS = sorted(
    {column for table in ALL_TABLES for column in table.columns}
    | {"msdyn_ocrecording_FileAttachments", "Result", "SasUrl", "FileSizeInBytes", "chunkStartTime"}
    | {"pauseResumeIntervals", "chunkDuration", "filesizeinbytes", "fileattachmentid", "startTime"}
)
ROWS = st.dictionaries(st.sampled_from(COLUMNS), JSON, max_size=12)


@pytest.mark.parametrize("kind", KINDS)
@given(row=ROWS | JSON)
def test_any_json_is_a_row_or_a_bad_answer(kind, row):
    with contextlib.suppress(BadAnswer):
        assert isinstance(parse(kind, row), kind)


@given(ROWS)
def test_a_row_with_its_key_only_needs_what_windows_compare(row):
    sound = row | {"msdyn_ocrecordingid": guid(1), "modifiedon": at(5), "msdyn_recording": guid(2)}

    recording = parse(Recording, sound)

    assert (recording.id, recording.modified_us, recording.file_id) == (guid(1), us(5), guid(2))


@given(ROWS)
def test_a_conversation_with_a_key_always_parses(row):
    assert parse(Conversation, row | {"activityid": guid(3)}).id == guid(3)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_answer_or_a_bad_answer(body):
    for read in (parse_page, json_object, parse_metadata):
        with contextlib.suppress(BadAnswer):
            read(body)
    code, message = error_of(body)
    assert isinstance(code, str)
    assert isinstance(message, str)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"value":' + b"[" * 100_000, b"1" * 5000])
def test_deep_and_huge_json_is_a_bad_answer(body):
    for read in (parse_page, json_object, parse_metadata):
        with pytest.raises(BadAnswer):
            read(body)


@given(st.text())
def test_names_never_hold_control_characters(text):
    shown = clean_text(text)

    assert len(shown) <= 400
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert "\u202e" not in shown
    shown.encode()


def test_a_file_name_with_a_path_is_only_a_name():
    row = {
        "msdyn_ocrecordingid": guid(1),
        "modifiedon": at(5),
        "msdyn_recording_name": "../../etc/\x00passwd\n",
    }

    assert parse(Recording, row).file_name == "../../etc/ passwd"


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"msdyn_ocrecordingid": "1", "modifiedon": at(5)},
        {"msdyn_ocrecordingid": guid(1) + "/../x", "modifiedon": at(5)},
        {"msdyn_ocrecordingid": guid(1)},
        {"msdyn_ocrecordingid": guid(1), "modifiedon": "yesterday"},
        {"msdyn_ocrecordingid": guid(1), "modifiedon": 5},
        {"msdyn_ocrecordingid": guid(1), "modifiedon": "2026-01-01T00:00:00"},
        {"msdyn_ocrecordingid": guid(1), "modifiedon": at(5), "msdyn_recording": ["x"]},
    ],
)
def test_keys_and_instants_of_recordings_are_strict(row):
    with pytest.raises(BadAnswer):
        parse(Recording, row)


def test_an_unreadable_row_names_its_columns_and_not_what_they_hold():
    with pytest.raises(BadAnswer) as caught:
        parse(Recording, {"msdyn_ocrecordingid": "secret", "modifiedon": "hidden"})

    assert "modifiedon, msdyn_ocrecordingid" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "channels"),
    [
        ("192440000", (192440000,)),
        ("192440000,192370000", (192440000, 192370000)),
        (192440000, (192440000,)),
        (19241000, (19241000,)),
        (None, ()),
        ("voice", ()),
        ([], ()),
    ],
)
def test_channels_are_a_number_or_a_list_in_text(value, channels):
    row = {"activityid": guid(1), "msdyn_channel": value}

    assert parse(Conversation, row).channels == channels


def test_keys_are_compared_in_lower_case():
    row = {"activityid": guid(1).upper(), "msdyn_ocliveworkitemid": "something else"}

    assert parse(Conversation, row).id == guid(1)


@pytest.mark.parametrize(
    ("target_type", "conversation"),
    [("msdyn_ocliveworkitem", guid(8)), ("phonecall", None), ("", None)],
)
def test_the_newer_target_counts_only_when_it_is_a_conversation(target_type, conversation):
    row = {
        "msdyn_ocrecordingid": guid(1),
        "modifiedon": at(5),
        "_msdyn_liveworkitemid_value": None,
        "_msdyn_recordingtarget_value": guid(8),
        "_msdyn_recordingtarget_value@Microsoft.Dynamics.CRM.lookuplogicalname": target_type,
    }

    assert parse(Recording, row).conversation_id == conversation


def test_file_details_are_those_of_the_file_in_place():
    def file(file_id, size, column="msdyn_recording"):
        return {"fileattachmentid": file_id, "filesizeinbytes": size, "regardingfieldname": column}

    row = {
        "msdyn_ocrecordingid": guid(1),
        "modifiedon": at(5),
        "msdyn_recording": guid(2),
        "msdyn_ocrecording_FileAttachments": [
            file(guid(9), 1),
            file(guid(2), 7),
            file(guid(3), 5, "msdyn_recordingmetadata"),
            "muddle",
        ],
    }
    assert parse(Recording, row).audio.size_bytes == 7

    row["msdyn_recording"] = guid(4)
    assert parse(Recording, row).audio is None


def test_the_metadata_file_may_carry_a_byte_order_mark_and_seven_decimals():
    body = b'\xef\xbb\xbf{"chunkStartTime": "2026-01-01T00:00:10.1234567Z", "chunkDuration": 1500}'

    metadata = parse_metadata(body)

    assert (metadata.started_us, metadata.duration_ms) == (us(10) + 123_456, 1500)


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59Z", "2200-01-02T00:00:00Z"])
def test_an_instant_beyond_2200_costs_the_row_only_where_windows_compare_it(instant):
    row = {"msdyn_ocrecordingid": guid(1), "modifiedon": at(0), "createdon": instant}

    assert parse(Recording, row).created_us is None
    with pytest.raises(BadAnswer, match="modifiedon"):
        parse(Recording, row | {"modifiedon": instant})


@pytest.mark.parametrize("duration", [-1, 2**53, 4 * 10**11])
def test_a_duration_that_no_call_has_is_not_known(duration):
    found = AcsMetadata.model_validate(
        {"chunkDuration": duration, "pauseResumeIntervals": [{"duration": duration}]}
    )

    assert (found.duration_ms, found.pauses[0].duration_ms) == (None, None)
