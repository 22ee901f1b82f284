import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.webex.ids import bare_id, is_masked, is_number, join_value, number_of

UUID = "7ee40776-7792-43b4-b3da-448d941b34dc"


def in_base64(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "written",
    [
        UUID,
        UUID.upper(),
        UUID.replace("-", ""),
        f" {UUID}\n",
        in_base64(f"ciscospark://us/RECORDING/{UUID}"),
        in_base64(f"ciscospark://urn:TEAM:us-west-2_r/PEOPLE/{UUID}") + "==",
        in_base64(UUID),
        base64.b64encode(f"ciscospark://us/RECORDING/{UUID}".encode()).decode(),
    ],
)
def test_every_spelling_of_an_id_is_the_same_id(written):
    assert bare_id(written) == UUID


def test_a_call_is_the_same_in_events_metadata_and_records():
    event = in_base64("ciscospark://us/CALL/callhalf-9605420294:0")

    assert bare_id(event) == "callhalf-9605420294:0"
    assert join_value(event) == join_value("callhalf-9605420294:0") == "9605420294:0"


@pytest.mark.parametrize(
    "value", [None, 5, "", " ", "a/b", "../../etc", "a\x00b", "a b", "x" * 101, [], {}, "ä", "?q"]
)
def test_what_is_no_id_is_none(value):
    assert bare_id(value) is None
    assert join_value(value) == ""


@given(st.text() | st.binary().map(lambda b: base64.b64encode(b).decode()))
def test_an_id_never_holds_what_could_leave_its_place_in_an_address(text):
    found = bare_id(text)

    assert found is None or (found.isascii() and not set(found) & set("/?#%\\ \t\r\n\x00"))
    assert found is None or bare_id(found) == found or found != text.strip()


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("sip:4060@X.X.X.X;user=phone", "4060"),
        ("sip:+14085551234@10.0.0.1;user=phone", "+14085551234"),
        ("SIPS:%2B4930123@example.com", "+4930123"),
        ("tel:+1-408-555-1234;ext=5", "+14085551234"),
        ("+49 (30) 123.45", "+493012345"),
        ("sip:vqfedfdrpl@", "vqfedfdrpl"),
        ("sip:####PII-EXPOSURE####@X.X.X.X", "####PII-EXPOSURE####"),
        ("+1408555XXXX", "+1408555XXXX"),
        ("4060", "4060"),
        ("", ""),
        (None, ""),
        (17, ""),
        ("sip:\x00+49\r\n30@x", "+4930"),
    ],
)
def test_a_sip_address_becomes_a_number(address, number):
    assert number_of(address) == number


def test_masks_are_told_from_numbers():
    assert is_masked("####PII-EXPOSURE####")
    assert is_masked("+1408555XXXX")
    assert not is_masked("+14085551234")
    assert is_number("+14085551234")
    assert is_number("4060")
    assert not is_number("vqfedfdrpl")
    assert not is_number("")


@given(st.text())
def test_a_number_is_short_and_on_one_line(text):
    shown = number_of(text)

    assert len(shown) <= 100
    assert not set(shown) & set("\r\n\x00")
