"""The OData subset as a client sees it."""

import re
from contextlib import suppress
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.dynamics.errors import Refusal
from sim.ucaas.dynamics.lexer import instant_text, instant_us, tokens
from sim.ucaas.dynamics.parser import Binary, Literal, Negation, Path, parse
from sim.ucaas.dynamics.scripts import Leg, RecordingScript
from tests.sim.ucaas.fakes import AUDIO, START_US, Fake

USERS = "systemusers?$select=fullname,employeeid,isdisabled,accessmode"


@pytest.fixture(scope="module")
def fake():
    fake = Fake()
    for number in range(7):
        fake.place(
            RecordingScript(AUDIO), RecordingScript(AUDIO, file_delay_s=None), customer=number
        )
    return fake


def names(fake, condition):
    return [
        row["employeeid"] for row in fake.rows(f"{USERS}&$filter={condition}&$orderby=employeeid")
    ]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("employeeid eq 'e0003'", ["E0003"]),
        ("employeeid+eq+'E0003'", ["E0003"]),
        ("employeeid%20lt%20'E0002'", ["E0000", "E0001"]),
        ("employeeid ge 'E0038'", ["E0038", "E0039"]),
        (
            "(employeeid eq 'E0001' or employeeid eq 'E0002') and isdisabled eq false",
            ["E0001", "E0002"],
        ),
        ("not (employeeid gt 'E0001')", ["E0000", "E0001"]),
        ("startswith(employeeid,'E001') and endswith(employeeid,'7')", ["E0017"]),
        ("contains(fullname,'ADA') and employeeid lt 'E0005'", ["E0000"]),
        ("employeeid eq null", []),
        ("fullname eq 'O''Neill'", []),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='employeeid',PropertyValues=[\"E0005\",'e0006'])",
            ["E0005", "E0006"],
        ),
        (
            "Microsoft.Dynamics.CRM.Between(PropertyName='employeeid',PropertyValues=['E0011','E0012'])",
            ["E0011", "E0012"],
        ),
        ("accessmode eq 0 and employeeid le 'E0000'", ["E0000"]),
    ],
)
def test_filters_select_the_right_rows(fake, condition, wanted):
    assert names(fake, condition) == wanted


def test_rows_with_null_are_dropped_by_every_comparison(fake):
    every = len(fake.rows("msdyn_ocrecordings"))
    some = len(fake.rows("msdyn_ocrecordings?$filter=msdyn_recording ne null"))
    none = len(fake.rows("msdyn_ocrecordings?$filter=msdyn_recording eq null"))
    assert (every, some, none) == (14, 7, 7)
    assert fake.rows("msdyn_ocrecordings?$filter=msdyn_recording_name ne 'x'&$count=true")
    assert len(fake.rows("msdyn_ocrecordings?$filter=not (msdyn_recording_name eq 'x')")) == 7


def test_multi_select_choices_are_filtered_with_contain_values(fake):
    path = "msdyn_ocliveworkitems?$filter=Microsoft.Dynamics.CRM.ContainValues(PropertyName='msdyn_channel',PropertyValues=['192440000'])"
    assert len(fake.rows(path)) == 7


def test_relative_periods_use_the_clock_of_the_service(fake):
    path = "msdyn_ocrecordings?$filter=Microsoft.Dynamics.CRM.LastXHours(PropertyName='modifiedon',PropertyValue=1)"
    assert len(fake.rows(path)) == 14


def test_filter_through_a_lookup(fake):
    call = fake.rows("msdyn_ocliveworkitems?$top=1")[0]
    path = f"msdyn_ocsessions?$filter=msdyn_liveworkitemid_msdyn_ocsession/subject eq '{call['subject']}'"
    assert [row["_msdyn_liveworkitemid_value"] for row in fake.rows(path)] == [call["activityid"]]


def test_encoded_option_names_are_options(fake):
    rows = fake.rows("systemusers?%24select=fullname&%24top=2")
    assert len(rows) == 2
    assert set(rows[0]) == {"@odata.etag", "fullname", "systemuserid"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("systemusers?$select=nosuch", "nosuch"),
        ("systemusers?$filter=nosuch eq 1", "nosuch"),
        ("systemusers?$orderby=nosuch", "nosuch"),
        ("systemusers?$expand=nosuch", "nosuch"),
        ("systemusers?$skip=5", "Skip"),
        ("systemusers?$apply=x", "$apply"),
        ("systemusers?$top=x", "$top"),
        ("systemusers?$filter=fullname eq 'open", "unterminated literal at position 12"),
        ("systemusers?$filter=fullname eq", "Expression expected"),
        ("systemusers?$filter=fullname eq 'a' 'b'", "Syntax error"),
        ("systemusers?$filter=employeeid eq 5", "incompatible types"),
        ("systemusers?$filter=createdon ge 'x'", "incompatible types"),
        ("systemusers?$filter=accessmode gt null", "null"),
        ("systemusers?$filter=floor(accessmode) eq 1", "comparison needs a property"),
        ("systemusers?$filter=nosuch(fullname)", "unknown function"),
        ("msdyn_ocrecordings?$filter=msdyn_liveworkitemid eq null", "msdyn_liveworkitemid"),
        ("systemusers?$skiptoken=rubbish", "Paging Cookie"),
    ],
)
def test_malformed_queries_are_refused_with_400(fake, path, words):
    answer = fake.get(path)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert answer.json()["error"]["code"].startswith("0x")


def test_unknown_sets_and_rows_are_404_with_their_codes(fake):
    assert fake.get("nosuchset").json()["error"]["code"] == "0x8006088a"
    missing = fake.get("systemusers(11111111-2222-3333-4444-555555555555)")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "0x80040217")


def test_other_methods_are_405(fake):
    assert (
        fake.http.delete("https://contoso.crm.dynamics.com/api/data/v9.2/systemusers").status_code
        == 405
    )


def test_count_and_totals(fake):
    body = fake.get("systemusers?$count=true&$top=3").json()
    assert (body["@odata.count"], len(body["value"])) == (40, 3)
    body = fake.get("systemusers?$top=1", Prefer='odata.include-annotations="*"').json()
    assert body["@Microsoft.Dynamics.CRM.totalrecordcount"] == -1


def test_order_is_stable_and_descending_where_asked(fake):
    rows = fake.rows(
        "systemusers?$select=fullname,employeeid&$orderby=fullname desc,employeeid asc"
    )
    keys = [(row["fullname"], row["employeeid"]) for row in rows]
    assert keys == sorted(sorted(keys, key=lambda k: k[1]), key=lambda k: k[0], reverse=True)


def follow(fake, path, size):
    answer = fake.get(path, Prefer=f"odata.maxpagesize={size}").json()
    pages = [answer["value"]]
    while "@odata.nextLink" in answer:
        link = answer["@odata.nextLink"]
        answer = fake.http.get(link, headers={"Prefer": f"odata.maxpagesize={size}"}).json()
        pages.append(answer["value"])
    return pages


def test_pages_follow_the_next_link_to_the_end(fake):
    pages = follow(fake, "systemusers?$select=fullname&$orderby=fullname", 7)
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 5]
    assert len({row["systemuserid"] for page in pages for row in page}) == 40


def test_next_link_has_the_shape_of_a_paging_cookie(fake):
    link = fake.get("systemusers?$select=fullname", Prefer="odata.maxpagesize=2").json()[
        "@odata.nextLink"
    ]
    token = unquote(link.partition("$skiptoken=")[2])
    assert re.fullmatch(
        r'<cookie pagenumber="2" pagingcookie="%253Ccookie[^"]+" istracking="False" />', token
    )


def test_top_is_ignored_beside_a_page_size(fake):
    body = fake.get("systemusers?$top=1", Prefer="odata.maxpagesize=3").json()
    assert len(body["value"]) == 3


def test_preference_applied_is_echoed(fake):
    answer = fake.get(
        "systemusers?$top=1", Prefer='odata.include-annotations="*",odata.maxpagesize=1'
    )
    assert (
        answer.headers["Preference-Applied"] == 'odata.include-annotations="*",odata.maxpagesize=1'
    )
    assert answer.headers["OData-Version"] == "4.0"


def test_page_size_is_capped():
    capped = Fake(page_cap=10)
    assert [len(page) for page in follow(capped, "systemusers", 5000)] == [10, 10, 10, 10]


@pytest.mark.parametrize(
    "order", ["modifiedon asc", "modifiedon desc", "msdyn_name", "_ownerid_value"]
)
def test_rows_inserted_between_pages_neither_repeat_nor_hide_others(order):
    fake = Fake()
    before = {key for _ in range(9) for key in fake.place().recordings}
    path = f"msdyn_ocrecordings?$select=modifiedon&$orderby={order}"
    answer = fake.get(path, Prefer="odata.maxpagesize=2").json()
    seen = [row["msdyn_ocrecordingid"] for row in answer["value"]]
    while "@odata.nextLink" in answer:
        fake.place(RecordingScript(AUDIO, stamp_us=START_US))
        headers = {"Prefer": "odata.maxpagesize=2"}
        answer = fake.http.get(answer["@odata.nextLink"], headers=headers).json()
        seen += [row["msdyn_ocrecordingid"] for row in answer["value"]]
        if len(seen) > 60:
            break
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_annotations_come_only_on_request(fake):
    path = "msdyn_ocliveworkitems?$top=1&$select=statuscode,msdyn_channel,_msdyn_activeagentid_value,createdon"
    plain = fake.rows(path)[0]
    assert not [name for name in plain if "@" in name and name != "@odata.etag"]
    rich = fake.rows(path, Prefer='odata.include-annotations="*"')[0]
    shown = "@OData.Community.Display.V1.FormattedValue"
    assert rich[f"statuscode{shown}"] == {4: "Closed", 5: "Wrap-up"}[rich["statuscode"]]
    assert rich[f"msdyn_channel{shown}"] == "Voice call"
    lookup = "_msdyn_activeagentid_value"
    assert rich[f"{lookup}@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert rich[f"{lookup}{shown}"] == "Ada Albers"
    assert rich["msdyn_channel"] == "192440000"


def test_unquoted_preference_is_read_too(fake):
    rows = fake.rows("systemusers?$top=1&$select=isdisabled", Prefer="odata.include-annotations=*")
    assert rows[0]["isdisabled@OData.Community.Display.V1.FormattedValue"] == "No"


def test_keys_and_etags_are_always_there(fake):
    row = fake.rows("msdyn_ocliveworkitems?$top=1&$select=subject")[0]
    assert set(row) == {"@odata.etag", "subject", "activityid"}
    assert re.fullmatch(r'W/"\d+"', row["@odata.etag"])


def test_expand_of_a_lookup_and_of_children():
    fake = Fake()
    placed = fake.place(legs=(Leg(3, 20.0),))
    row = fake.get(
        f"msdyn_ocliveworkitems({placed.conversation})?$select=subject&$expand=msdyn_activeagentid_msdyn_ocliveworkitem($select=fullname),msdyn_msdyn_ocliveworkitem_msdyn_ocrecording_liveworkitemid($select=msdyn_name)"
    ).json()
    assert row["msdyn_activeagentid_msdyn_ocliveworkitem"]["fullname"] == "Dario Dumont"
    children = row["msdyn_msdyn_ocliveworkitem_msdyn_ocrecording_liveworkitemid"]
    assert [child["msdyn_ocrecordingid"] for child in children] == list(placed.recordings)
    assert row["@odata.context"].endswith("/$entity")


def test_expand_shows_the_files_of_a_recording(fake):
    key = fake.rows("msdyn_ocrecordings?$filter=msdyn_recording ne null&$top=1")[0][
        "msdyn_ocrecordingid"
    ]
    row = fake.get(
        f"msdyn_ocrecordings({key})?$select=msdyn_ocrecordingid&$expand=msdyn_ocrecording_FileAttachments($select=createdon,mimetype,filesizeinbytes,filename,regardingfieldname)"
    ).json()
    files = {file["regardingfieldname"]: file for file in row["msdyn_ocrecording_FileAttachments"]}
    assert set(files) == {"msdyn_recording", "msdyn_recordingmetadata"}
    assert files["msdyn_recording"]["mimetype"] == "audio/mpeg"
    assert files["msdyn_recording"]["filesizeinbytes"] == len(AUDIO.data) + 128


def test_older_schema_lacks_the_newer_columns():
    fake = Fake(newer_schema=False)
    fake.place()
    assert fake.get("msdyn_ocrecordings?$select=_msdyn_recordingtarget_value").status_code == 400
    assert len(fake.rows("msdyn_ocrecordings")) == 1


def test_instants_travel_as_utc_in_whole_seconds(fake):
    row = fake.rows("msdyn_ocrecordings?$top=1&$select=modifiedon")[0]
    assert re.fullmatch(r"2026-01-01T\d\d:\d\d:\d\dZ", row["modifiedon"])
    same = fake.rows(f"msdyn_ocrecordings?$filter=modifiedon eq {row['modifiedon']}")
    assert row["msdyn_ocrecordingid"] in {r["msdyn_ocrecordingid"] for r in same}


@given(st.integers(0, 4_000_000_000))
def test_instants_survive_the_wire(seconds):
    assert instant_us(instant_text(seconds * 1_000_000)) == seconds * 1_000_000


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused_but_never_breaks(text):
    with suppress(Refusal):
        parse(text)


@given(st.text(max_size=20))
def test_every_string_literal_keeps_its_text(text):
    quoted = "'" + text.replace("'", "''") + "'"
    assert next(tokens(quoted)).value == text


def test_and_binds_tighter_than_or_and_not_tightest():
    tree = parse("not a eq 1 or b eq 2 and c eq 3")
    assert isinstance(tree, Binary)
    assert tree.operator == "or"
    assert tree.left == Negation(Binary("eq", Path(("a",)), Literal("number", 1)))
    assert isinstance(tree.right, Binary)
    assert tree.right.operator == "and"
