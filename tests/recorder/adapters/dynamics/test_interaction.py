"""Rows as one interaction, without a service: who spoke, when, on which channel, and what is said of gaps."""

import pytest

from recorder.adapters.dynamics.interaction import (
    CHANNEL_WORDS,
    CLOSURE_WORDS,
    MODE_ROLES,
    Rows,
    closure_word,
    interaction,
)
from recorder.adapters.dynamics.records import (
    AcsMetadata,
    Conversation,
    Participant,
    PhoneContext,
    Recording,
    Session,
    User,
)
from recorder.adapters.http.values import parse

CALL = "11111111-1111-4111-8111-111111111111"
REC = "22222222-2222-4222-8222-222222222222"
FILE = "33333333-3333-4333-8333-333333333333"
ADA = "44444444-4444-4444-8444-444444444444"
BEN = "55555555-5555-4555-8555-555555555555"
PRIMARY, CONSULT, MONITOR, PREVIEW = 192350002, 192350003, 192350004, 192350005
VOICE_CALL, VOICE, CHAT = 192440000, 192370000, 192360000
SECOND = 1_000_000
T0_US = 1_775_000_000 * SECOND


def at(second):
    """An instant as the service writes it, so many seconds after 2026-03-31T23:33:20Z."""
    minutes, seconds = divmod(20 + second, 60)
    assert 33 + minutes < 60
    return f"2026-03-31T23:{33 + minutes:02d}:{seconds:02d}Z"


def us(second):
    return T0_US + second * SECOND


def recording(**more):
    row = {
        "msdyn_ocrecordingid": REC,
        "modifiedon": at(100),
        "createdon": at(99),
        "msdyn_recording": FILE,
        "_msdyn_liveworkitemid_value": CALL,
    }
    return parse(Recording, row | more)


def conversation(**more):
    return parse(Conversation, {"activityid": CALL} | more)


def session(number=1, **more):
    return parse(Session, {"activityid": f"{number:08d}-0000-4000-8000-000000000000"} | more)


def participant(number=1, agent=ADA, in_session=1, **more):
    row = {
        "msdyn_sessionparticipantid": f"{number:08d}-1111-4000-8000-000000000000",
        "_msdyn_omnichannelsession_value": f"{in_session:08d}-0000-4000-8000-000000000000",
        "_msdyn_agentid_value": agent,
        "msdyn_mode": PRIMARY,
    }
    return parse(Participant, row | more)


def phone(**more):
    row = {"msdyn_ocphonecallengagementctxid": "66666666-6666-4666-8666-666666666666"}
    return parse(PhoneContext, row | more)


def told(channels=None, **rows):
    rows.setdefault("recording", recording())
    rows.setdefault("conversation_id", CALL)
    return interaction(Rows(**rows), "listed-session", channels)


# --- times ---


@pytest.mark.parametrize(
    ("columns", "begin", "end"),
    [
        ({"msdyn_initiatedon": at(1), "msdyn_startedon": at(5)}, us(1), None),
        ({"msdyn_startedon": at(5), "createdon": at(0)}, us(5), None),
        ({"actualstart": at(6), "createdon": at(0)}, us(6), None),
        ({"createdon": at(0)}, us(0), None),
        ({"msdyn_wrapupinitiatedon": at(50), "msdyn_closedon": at(90)}, us(99), us(50)),
        ({"actualend": at(60), "msdyn_closedon": at(90)}, us(99), us(60)),
        ({"msdyn_closedon": at(90)}, us(99), us(90)),
    ],
)
def test_a_call_ends_with_its_wrap_up_and_not_when_it_is_closed(columns, begin, end):
    found = told(conversation=conversation(**columns))
    assert (found.started_us, found.ended_us) == (begin, end)


def test_sessions_tell_begin_and_end_where_the_conversation_does_not():
    sessions = (
        session(1, msdyn_sessioncreatedon=at(3), msdyn_sessionclosedon=at(20)),
        session(2, msdyn_agentacceptedon=at(22), msdyn_sessionclosedon=at(70)),
    )
    found = told(conversation=conversation(), sessions=sessions)
    assert (found.started_us, found.ended_us) == (us(3), us(70))


def test_a_session_that_is_open_yet_leaves_the_end_open():
    sessions = (
        session(1, msdyn_sessioncreatedon=at(3), msdyn_sessionclosedon=at(20)),
        session(2, msdyn_agentacceptedon=at(22)),
    )
    assert told(conversation=conversation(), sessions=sessions).ended_us is None


@pytest.mark.parametrize(
    ("status", "ended"), [(1, False), (2, False), (3, False), (4, True), (5, True)]
)
def test_a_call_between_two_sessions_has_not_ended(status, ended):
    sessions = (session(1, msdyn_sessioncreatedon=at(3), msdyn_sessionclosedon=at(20)),)
    found = told(conversation=conversation(statuscode=status), sessions=sessions)
    assert found.ended_us == (us(20) if ended else None)


def test_an_orphan_lasts_as_long_as_its_recording():
    metadata = parse(AcsMetadata, {"chunkStartTime": at(10), "chunkDuration": 30_000})
    found = told(conversation_id=None, recording=recording(), metadata=metadata)
    assert (found.started_us, found.ended_us) == (us(10), us(40))


@pytest.mark.parametrize("length", [None, 0, -5, "soon"])
def test_a_recording_of_unknown_length_has_no_end(length):
    metadata = parse(AcsMetadata, {"chunkStartTime": at(10), "chunkDuration": length})
    found = told(conversation_id=None, metadata=metadata)
    assert (found.started_us, found.ended_us) == (us(10), None)
    assert found.media[0].duration_ms is None


def test_where_nothing_tells_a_begin_the_row_does():
    found = told(conversation_id=None)
    assert (found.started_us, found.ended_us) == (us(99), None)
    assert (found.key, found.session_key) == (REC, "listed-session")


# --- channels ---


@pytest.mark.parametrize(
    ("of_call", "of_session", "word"),
    [
        ("192440000", None, "voice_call"),
        ("192360000,192440000", None, "voice_call"),
        ("192360000,192370000", None, "voice"),
        ("192360000", VOICE_CALL, "voice_call"),
        ("192360000", None, "live_chat"),
        ("19241000", None, "teams"),
        ("192999999", None, "channel_192999999"),
        (None, None, "unknown"),
        ("", VOICE, "voice"),
        ("rubbish", None, "unknown"),
    ],
)
def test_what_was_recorded_is_the_channel_one_can_hear(of_call, of_session, word):
    found = told(
        conversation=conversation(msdyn_channel=of_call),
        sessions=(session(msdyn_channel=of_session),),
    )
    assert found.channel == word


@pytest.mark.parametrize(
    ("channel", "kept"), [(VOICE_CALL, True), (CHAT, False), (192999999, False), (None, True)]
)
def test_only_what_is_known_to_be_unwanted_is_left_out(channel, kept):
    """A recording whose channel nobody knows is recorded: nothing is lost for want of a number."""
    found = told((VOICE_CALL, VOICE), conversation=conversation(msdyn_channel=str(channel or "")))
    assert bool(found.media) == kept
    assert bool(found.not_recordable) != kept


def test_every_number_of_the_product_has_a_word_of_its_own():
    for words, prefix in ((CLOSURE_WORDS, "1923500"), (CHANNEL_WORDS, "192")):
        assert len(set(words.values())) == len(words)
        assert all(str(number).startswith(prefix) for number in words)
    assert sorted(CLOSURE_WORDS) == list(range(192350000, 192350023))
    assert set(MODE_ROLES) == {PRIMARY, CONSULT, MONITOR, PREVIEW}


def test_a_closure_nobody_knows_is_shown_and_none_is_none():
    assert closure_word(192350077) == "closure_192350077"
    assert closure_word(None) == ""


# --- people ---


@pytest.mark.parametrize(
    ("mode", "role"),
    [(PRIMARY, "agent"), (CONSULT, "consultant"), (MONITOR, "monitor"), (PREVIEW, "monitor"), (None, "agent"), (7, "agent")],
)  # fmt: skip
def test_people_have_the_role_of_their_mode(mode, role):
    one = participant(msdyn_mode=mode, msdyn_joinedon=at(5))
    (party,) = told(participants=(one,), users={}).parties
    assert party.role == role


@pytest.mark.parametrize(
    ("columns", "heard"),
    [
        ({"msdyn_joinedon": at(5)}, True),
        ({"msdyn_joinedon": at(5), "msdyn_leftonreason": "AgentReject"}, True),
        ({"msdyn_lefton": at(9), "msdyn_leftonreason": "AgentReject"}, False),
        ({"msdyn_lefton": at(9), "msdyn_leftonreason": "AGENTTIMEOUT"}, False),
        ({"msdyn_lefton": at(9)}, True),
        ({"msdyn_externalparticipantchannel": "+4930222"}, True),
        ({}, False),
    ],
)
def test_who_rejected_a_call_or_let_it_ring_was_not_on_it(columns, heard):
    found = told(sessions=(session(),), participants=(participant(**columns),))
    assert bool(found.parties) == heard
    assert bool(found.segments[0].party_keys) == heard


def test_a_person_who_comes_twice_is_there_twice_each_with_the_own_time():
    stretches = (
        participant(2, msdyn_joinedon=at(40), msdyn_lefton=at(50)),
        participant(1, msdyn_joinedon=at(5), msdyn_lefton=at(20)),
    )
    user = parse(User, {"systemuserid": ADA, "fullname": "Ada Albers"})
    parties = told(participants=stretches, users={ADA: user}).parties
    assert [(p.name, p.joined_us, p.left_us) for p in parties] == [
        ("Ada Albers", us(5), us(20)),
        ("Ada Albers", us(40), us(50)),
    ]
    assert len({party.key for party in parties}) == 2


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"fullname": "Ada", "domainname": "ada@x"}, "Ada"),
        ({"domainname": "ada@x", "internalemailaddress": "mail@x"}, "ada@x"),
        ({"internalemailaddress": "mail@x"}, "mail@x"),
        ({}, "as joined"),
    ],
)
def test_an_agent_is_named_by_the_best_that_is_known(user, name):
    one = participant(msdyn_name="as joined", msdyn_joinedon=at(5))
    users = {ADA: parse(User, {"systemuserid": ADA} | user)}
    assert told(participants=(one,), users=users).parties[0].name == name


def test_somebody_who_joined_by_telephone_is_external_whatever_the_mode():
    one = participant(agent=None, msdyn_externalparticipantchannel="+4930222", msdyn_joinedon=at(9))
    (party,) = told(participants=(one,)).parties
    assert (party.role, party.number) == ("external", "+4930222")
    assert party.key.startswith("external:")


def test_the_last_agent_stands_in_only_where_nobody_else_is_known():
    call = conversation(_msdyn_activeagentid_value=BEN)
    assert [p.key for p in told(conversation=call).parties] == [BEN]
    joined = participant(msdyn_joinedon=at(5))
    keys = [p.key for p in told(conversation=call, participants=(joined,)).parties]
    assert all(BEN not in key for key in keys)


# --- the customer ---


@pytest.mark.parametrize(
    ("outbound", "number", "service"),
    [(False, "+491", "+492"), (True, "+492", "+491"), (None, "+491", "+492")],
)
def test_the_customers_number_depends_on_who_called(outbound, number, service):
    found = told(
        conversation=conversation(msdyn_isoutbound=outbound),
        phone=(phone(msdyn_fromphone="+491", msdyn_tophone="+492"),),
    )
    assert (found.parties[0].role, found.parties[0].number) == ("customer", number)
    assert found.attributes["service_number"] == service
    words = {False: "inbound", True: "outbound", None: "unknown"}
    assert found.direction == words[outbound]


@pytest.mark.parametrize(
    ("caller", "name", "number"),
    [
        ("+49 30 (123) 45-6", "", "+49 30 (123) 45-6"),
        ("Carl Customer", "Carl Customer", ""),
        ("0", "0", ""),
        ("", "", ""),
    ],
)
def test_a_callers_name_that_is_a_number_serves_as_one(caller, name, number):
    (party,) = told(conversation=conversation(), phone=(phone(msdyn_callername=caller),)).parties
    assert (party.name, party.number) == (name, number)


def test_of_several_phone_rows_the_one_with_a_number_counts():
    rows = (phone(msdyn_callername="nobody"), phone(msdyn_fromphone="+491"))
    assert told(conversation=conversation(), phone=rows).parties[0].number == "+491"


# --- what is said of the rest ---


def test_what_could_not_be_read_is_on_record_by_recording():
    found = told(missing=("msdyn_ocsessions", "systemusers"))
    assert found.attributes[f"not_read:{REC}"] == "msdyn_ocsessions,systemusers"


def test_pauses_are_kept_to_map_audio_to_the_clock():
    pauses = [{"startTime": at(12), "duration": 4000}, "rubbish", {"startTime": "x"}]
    metadata = parse(AcsMetadata, {"chunkStartTime": at(10), "pauseResumeIntervals": pauses})
    found = told(metadata=metadata)
    assert found.attributes[f"pauses:{REC}"] == f"[[{us(12)}, 4000], [null, null]]"


def test_a_recording_of_an_appointment_names_its_target():
    row = recording(
        _msdyn_liveworkitemid_value=None,
        **{
            "_msdyn_recordingtarget_value": BEN,
            "_msdyn_recordingtarget_value@Microsoft.Dynamics.CRM.lookuplogicalname": "appointment",
        },
    )
    found = told(recording=row, conversation_id=None)
    assert found.attributes[f"target:{REC}"] == f"appointment {BEN}"
    assert row.conversation_id is None


def test_nothing_unknown_is_written_down_as_if_it_were_known():
    assert "" not in told(conversation=conversation()).attributes.values()
    assert "None" not in told(conversation=conversation()).attributes.values()
