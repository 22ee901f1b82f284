"""Calls as rows of the tables, for tests of what is made of them."""

from __future__ import annotations

from tests.recorder.adapters.dynamics.scripted import ScriptedDataverse, Story, at, guid

CONVERSATION, CUSTOMER, QUEUE = guid(1, 7), guid(1, 8), guid(1, 9)
ANNA, BEN, CARL, BOT = guid(1, 5), guid(2, 5), guid(3, 5), guid(4, 5)
REJECTED, FIRST, SECOND = guid(1, 6), guid(2, 6), guid(3, 6)


def participant(number: int, session: str, **columns) -> dict:
    return {
        "msdyn_sessionparticipantid": guid(number, 4),
        "msdyn_name": f"Participant {number}",
        "_msdyn_omnichannelsession_value": session,
        "msdyn_mode": 192350002,
    } | columns


def user(key: str, name: str, **columns) -> dict:
    return {"systemuserid": key, "fullname": name, "domainname": f"{name}@contoso"} | columns


def transferred_call(world: ScriptedDataverse) -> None:
    """Carl lets it ring, Anna takes the call, consults Ben, transfers to him; a supervisor listens."""
    rows = world.rows
    rows["msdyn_ocliveworkitems"].append(
        {
            "activityid": CONVERSATION,
            "msdyn_ocliveworkitemid": "look-alike",
            "subject": "Billing",
            "statecode": 0,
            "statuscode": 5,
            "msdyn_channel": "192370000,192440000",
            "msdyn_isoutbound": False,
            "msdyn_initiatedon": at(0),
            "msdyn_startedon": at(20),
            "msdyn_wrapupinitiatedon": at(300),
            "msdyn_closedon": at(900),
            "_msdyn_customer_value": CUSTOMER,
            "_msdyn_customer_value@Microsoft.Dynamics.CRM.lookuplogicalname": "contact",
            "_msdyn_activeagentid_value": BEN,
            "_msdyn_cdsqueueid_value": QUEUE,
            "msdyn_transfercount": 1,
            "msdyn_conversationholdtimeinseconds": 12,
        }
    )
    for key, created, accepted, closed, closure in (
        (REJECTED, 2, None, 18, 192350002),
        (FIRST, 19, 20, 150, 192350006),
        (SECOND, 150, 152, 300, 192350022),
    ):
        rows["msdyn_ocsessions"].append(
            {
                "activityid": key,
                "_msdyn_liveworkitemid_value": CONVERSATION,
                "msdyn_channel": 192440000,
                "msdyn_sessioncreatedon": at(created),
                "msdyn_agentacceptedon": at(accepted) if accepted else None,
                "msdyn_sessionclosedon": at(closed),
                "msdyn_closurereason": closure,
            }
        )
    _people_on_it(rows)
    world.columns["msdyn_ocsession"].add("msdyn_liveworkitemid")
    world.columns["msdyn_ocphonecallengagementctx"].add("msdyn_liveworkitemid")


def _people_on_it(rows: dict) -> None:
    rows["msdyn_sessionparticipants"] += [
        participant(1, REJECTED, _msdyn_agentid_value=CARL, msdyn_leftonreason="AgentTimeout"),
        participant(
            2, FIRST, _msdyn_agentid_value=ANNA, msdyn_joinedon=at(20), msdyn_lefton=at(150)
        ),
        participant(
            3,
            FIRST,
            _msdyn_agentid_value=BEN,
            msdyn_mode=192350003,
            msdyn_joinedon=at(120),
            msdyn_lefton=at(150),
        ),
        participant(
            4, SECOND, _msdyn_agentid_value=BEN, msdyn_joinedon=at(152), msdyn_lefton=at(300)
        ),
        participant(
            5, SECOND, _msdyn_agentid_value=CARL, msdyn_mode=192350004, msdyn_joinedon=at(200)
        ),
        participant(6, SECOND, msdyn_externalparticipantchannel="+4930999", msdyn_joinedon=at(210)),
    ]
    rows["systemusers"] += [user(ANNA, "Anna"), user(BEN, "Ben"), user(CARL, "Carl")]
    rows["msdyn_ocphonecallengagementctxes"].append(
        {
            "msdyn_ocphonecallengagementctxid": guid(1, 3),
            "_msdyn_liveworkitemid_value": CONVERSATION,
            "msdyn_callername": "Dora Kunde",
            "msdyn_fromphone": "+4930111",
            "msdyn_tophone": "+4930222",
            "msdyn_callsid": "call-1",
        }
    )


def recorded_call(world: ScriptedDataverse, story: Story) -> str:
    """The call above with one recording; returns the recording's key."""
    transferred_call(world)
    return story.recording(310, conversation=CONVERSATION, body=b"ID3" + b"sound" * 20)
