"""The life of conversations as the API shows it, and the truth kept about it."""

import pytest

from sim.ucaas.dynamics.mix import CallMix, MixOptions
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.faults import Fault, FaultKind, Target
from tests.sim.ucaas.fakes import API, AUDIO, START_US, Fake


@pytest.fixture
def fake():
    return Fake()


def call_row(fake, placed):
    return fake.get(f"msdyn_ocliveworkitems({placed.conversation})").json()


def truth_of(fake, key):
    return [item for item in fake.service.truth() if item.key == key]


def test_a_conversation_opens_becomes_active_wraps_up_and_closes(fake):
    script = CallScript(START_US + 30_000_000, (Leg(0, 20.0, ring_s=4.0),), (), wrap_up_s=10.0)
    (placed,) = fake.service.place([script])
    path = f"msdyn_ocliveworkitems({placed.conversation})"
    assert fake.get(path).status_code == 404
    seen = []
    for seconds in (11, 4, 16, 10):
        fake.clock.go(seconds)
        row = fake.get(path).json()
        seen.append((row["statecode"], row["statuscode"]))
    assert seen == [(0, 1), (0, 2), (0, 5), (1, 4)]
    assert row["msdyn_wrapupinitiatedon"] == "2026-01-01T00:00:30Z"
    assert row["msdyn_closedon"] == "2026-01-01T00:00:40Z"
    assert row["msdyn_ocliveworkitemid"] == placed.conversation


def test_transfer_rejection_and_consultation_leave_their_sessions_and_participants(fake):
    legs = (Leg(1, 5.0, "rejected"), Leg(2, 30.0, consult=7), Leg(3, 20.0))
    placed = fake.place(legs=legs)
    sessions = fake.rows(
        f"msdyn_ocsessions?$filter=_msdyn_liveworkitemid_value eq {placed.conversation}&$orderby=msdyn_sessioncreatedon"
    )
    assert [row["msdyn_closurereason"] for row in sessions] == [192350001, 192350006, 192350021]
    people = [
        fake.rows(
            f"msdyn_sessionparticipants?$filter=_msdyn_omnichannelsession_value eq {row['activityid']}"
        )
        for row in sessions
    ]
    assert [len(part) for part in people] == [1, 2, 1]
    assert people[0][0]["msdyn_leftonreason"] == "AgentReject"
    assert people[0][0]["msdyn_joinedon"] is None
    assert sorted(row["msdyn_mode"] for row in people[1]) == [192350002, 192350003]
    row = call_row(fake, placed)
    assert row["msdyn_transfercount"] == 1
    assert row["_msdyn_activeagentid_value"] == people[2][0]["_msdyn_agentid_value"]
    agent = fake.get(f"systemusers({row['_msdyn_activeagentid_value']})").json()
    assert agent["employeeid"] == "E0003"


def test_numbers_are_in_the_phone_context(fake):
    placed = fake.place(customer=42)
    (row,) = fake.rows(
        f"msdyn_ocphonecallengagementctxes?$filter=_msdyn_liveworkitemid_value eq {placed.conversation}"
    )
    assert (row["msdyn_fromphone"], row["msdyn_tophone"]) == ("+12025550042", "+12025550000")


def test_row_first_and_file_later(fake):
    script = CallScript(
        START_US, (Leg(0, 10.0),), (RecordingScript(AUDIO, row_delay_s=2, file_delay_s=60),)
    )
    (placed,) = fake.service.place([script])
    fake.clock.go(3)
    row = fake.get(f"msdyn_ocrecordings({placed.recordings[0]})").json()
    assert row["msdyn_recording"] is None
    assert fake.service.truth() == ()
    fake.clock.go(60)
    row = fake.get(f"msdyn_ocrecordings({placed.recordings[0]})").json()
    assert row["msdyn_recording"] is not None
    assert row["createdon"] == "2026-01-01T00:00:02Z"
    assert row["modifiedon"] == "2026-01-01T00:01:02Z"
    (item,) = fake.service.truth()
    assert item.version == row["msdyn_recording"]
    assert item.session_key == placed.conversation == row["_msdyn_liveworkitemid_value"]
    assert item.must_be_archived


def test_several_recordings_hang_on_one_conversation(fake):
    placed = fake.place(RecordingScript(AUDIO), RecordingScript(AUDIO, row_delay_s=3))
    rows = fake.rows(
        f"msdyn_ocrecordings?$filter=_msdyn_liveworkitemid_value eq {placed.conversation}"
    )
    assert {row["msdyn_ocrecordingid"] for row in rows} == set(placed.recordings)


def test_a_row_that_never_gets_a_file_is_known_to_be_absent(fake):
    key = fake.place(RecordingScript(AUDIO, file_delay_s=None)).recordings[0]
    (item,) = truth_of(fake, key)
    assert item.absent
    assert not item.must_be_archived


def test_a_bump_moves_the_stamp_and_leaves_the_file(fake):
    key = fake.place(RecordingScript(AUDIO, bumps_s=(100.0, 200.0))).recordings[0]
    before = fake.get(f"msdyn_ocrecordings({key})").json()
    fake.clock.go(300)
    after = fake.get(f"msdyn_ocrecordings({key})").json()
    assert after["modifiedon"] > before["modifiedon"]
    assert after["@odata.etag"] != before["@odata.etag"]
    assert after["msdyn_recording"] == before["msdyn_recording"]
    (item,) = truth_of(fake, key)
    assert item.changed_us > item.offered_us - 5_000_000 + 190_000_000


def test_a_replaced_file_is_a_new_version_and_excuses_the_old_one(fake):
    key = fake.place(RecordingScript(AUDIO, replace_after_s=100.0)).recordings[0]
    fake.clock.go(120)
    old, new = truth_of(fake, key)
    assert old.version != new.version
    assert old.sha256 != new.sha256
    assert (old.must_be_archived, new.must_be_archived) == (False, True)


def test_deletion_is_recorded_with_its_instant(fake):
    key = fake.place(RecordingScript(AUDIO, delete_after_s=50.0)).recordings[0]
    fake.clock.go(60)
    assert fake.get(f"msdyn_ocrecordings({key})").status_code == 404
    (item,) = truth_of(fake, key)
    assert item.deleted_us == item.offered_us + 50_000_000


def test_orphans_lose_the_link_to_a_removed_conversation(fake):
    placed = fake.place(removed_after_s=30.0)
    fake.clock.go(40)
    row = fake.get(f"msdyn_ocrecordings({placed.recordings[0]})").json()
    assert row["_msdyn_liveworkitemid_value"] is None
    assert fake.get(f"msdyn_ocliveworkitems({placed.conversation})").status_code == 404


def test_backdated_rows_appear_after_their_stamp(fake):
    key = fake.place(RecordingScript(AUDIO, backdate_s=120.0), ends_in_s=0).recordings[0]
    assert fake.rows("msdyn_ocrecordings") == []
    fake.clock.go(125)
    row = fake.get(f"msdyn_ocrecordings({key})").json()
    assert row["modifiedon"] == "2026-01-01T00:00:03Z"
    assert truth_of(fake, key)[0].late


def test_equal_stamps_can_be_had(fake):
    for _ in range(3):
        fake.place(RecordingScript(AUDIO, stamp_us=START_US + 1_000_000))
    rows = fake.rows("msdyn_ocrecordings?$select=modifiedon")
    assert {row["modifiedon"] for row in rows} == {"2026-01-01T00:00:01Z"}


def test_listing_is_noted_in_the_truth(fake):
    key = fake.place().recordings[0]
    assert truth_of(fake, key)[0].first_listed_us is None
    fake.rows("msdyn_ocrecordings?$filter=msdyn_recording ne null")
    fake.service.add_fault(Fault(FaultKind.EMPTY, Target(("list",)), count=1))
    fake.get("msdyn_ocrecordings?$filter=modifiedon ge 2026-01-01T00:00:00Z")
    assert truth_of(fake, key)[0].first_listed_us is None
    fake.rows("msdyn_ocrecordings?$filter=modifiedon ge 2026-01-01T00:00:00Z")
    assert truth_of(fake, key)[0].first_listed_us == fake.clock.now_us


def test_transcripts_and_their_notes(fake):
    placed = fake.place(transcript=True)
    (row,) = fake.rows(
        f"msdyn_transcripts?$filter=_msdyn_liveworkitemidid_value eq {placed.conversation}"
    )
    notes = fake.rows(
        f"annotations?$filter=objecttypecode eq 'msdyn_transcript' and _objectid_value eq {row['msdyn_transcriptid']}"
    )
    assert len(notes) == 1


def test_presence_and_its_history_follow_the_call(fake):
    fake.place(legs=(Leg(5, 20.0),))
    history = fake.rows("msdyn_agentstatushistories?$orderby=msdyn_starttime")
    assert len(history) == 2
    assert len(fake.rows("msdyn_agentstatuses")) == 40
    assert len(fake.rows("msdyn_presences")) == 5


def test_a_mix_is_the_same_for_the_same_seed_and_in_order():
    def scripts(seed):
        return list(CallMix(bank=(AUDIO,), seed=seed).over(START_US, 600, 50))

    assert scripts(3) == scripts(3) != scripts(4)
    ends = [script.end_us for script in scripts(3)]
    assert ends == sorted(ends)
    assert START_US <= ends[0] <= ends[-1] < START_US + 600_000_000


def test_a_mix_reaches_every_kind_of_call():
    options = MixOptions(late=0.3, deleted=0.3, replaced=0.3, unrecorded=0.2)
    calls = list(CallMix(bank=(AUDIO,), seed=1, options=options).over(START_US, 60, 200))
    legs = [leg for call in calls for leg in call.legs]
    recordings = [item for call in calls for item in call.recordings]
    assert {leg.answer for leg in legs} == {"accepted", "rejected", "timed_out"}
    assert any(leg.consult is not None for leg in legs)
    assert any(len(call.recordings) == 2 for call in calls)
    for name in ("backdate_s", "bumps_s", "replace_after_s", "delete_after_s"):
        assert any(getattr(item, name) for item in recordings), name
    assert any(item.file_delay_s is None for item in recordings)


def test_a_feed_brings_calls_at_its_rate_until_it_is_stopped(fake):
    fake.service.feed(CallMix(bank=(AUDIO,), seed=1), 60)
    fake.clock.go(600)
    offered = len(fake.service.truth())
    assert 480 < offered < 760
    fake.service.feed(None, 0)
    fake.clock.go(30)
    settled = len(fake.service.truth())
    fake.clock.go(600)
    assert len(fake.service.truth()) == settled


def test_one_random_hour_runs_through_and_agrees_with_the_api(fake):
    options = MixOptions(late=0.1, deleted=0.1, replaced=0.1, unrecorded=0.1)
    fake.service.place(CallMix(bank=(AUDIO,), seed=9, options=options).over(START_US, 3600, 300))
    fake.clock.go(2 * 3600)
    fake.login()
    there = {
        row["msdyn_recording"]
        for row in fake.rows(
            "msdyn_ocrecordings?$select=msdyn_recording&$filter=msdyn_recording ne null"
        )
    }
    assert there == {item.version for item in fake.service.truth() if item.must_be_archived}


def test_change_tracking_gives_everything_then_changes_and_deletions():
    fake = Fake(tracked_tables=frozenset({"msdyn_ocrecording"}))
    one, two = fake.place().recordings[0], fake.place().recordings[0]
    headers = {"Prefer": "odata.track-changes"}
    body = fake.get("msdyn_ocrecordings?$select=msdyn_name", **headers).json()
    assert len(body["value"]) == 2
    link = body["@odata.deltaLink"]
    assert "%21" in link
    three = fake.place().recordings[0]
    fake.service.delete_recording(one)
    body = fake.http.get(link).json()
    assert body["@odata.context"].endswith("/$delta")
    assert [
        row.get("msdyn_ocrecordingid") or (row["id"], row["reason"]) for row in body["value"]
    ] == [three, (one, "deleted")]
    assert fake.http.get(body["@odata.deltaLink"]).json()["value"] == []
    fake.clock.go(8 * 86_400)
    fake.login()
    assert fake.http.get(link).status_code == 400
    assert two


def test_change_tracking_refuses_filters_and_tables_without_it():
    fake = Fake()
    headers = {"Prefer": "odata.track-changes"}
    answer = fake.get("msdyn_ocrecordings", **headers)
    assert "Change tracking is not enabled" in answer.json()["error"]["message"]
    for option in ("$filter=subject eq 'x'", "$orderby=subject", "$top=1", "$expand=x"):
        answer = fake.get(f"msdyn_ocliveworkitems?{option}", **headers)
        assert option.partition("=")[0] in answer.json()["error"]["message"]


def test_schema_questions_are_answered(fake):
    base = f"{API}/EntityDefinitions"
    (row,) = fake.http.get(
        f"{base}?$filter=LogicalName eq 'msdyn_ocrecording'&$select=EntitySetName,ChangeTrackingEnabled"
    ).json()["value"]
    assert row["EntitySetName"] == "msdyn_ocrecordings"
    assert row["ChangeTrackingEnabled"] is False
    one = fake.http.get(
        f"{base}(LogicalName='msdyn_ocliveworkitem')?$select=PrimaryIdAttribute"
    ).json()
    assert one["PrimaryIdAttribute"] == "activityid"
    names = {
        row["LogicalName"]
        for row in fake.http.get(
            f"{base}(LogicalName='msdyn_ocrecording')/Attributes?$select=LogicalName"
        ).json()["value"]
    }
    assert {"msdyn_recording", "msdyn_liveworkitemid", "msdyn_recordingtarget"} <= names
    assert fake.http.get(f"{base}(LogicalName='msdyn_ocrecording')/Keys").json()["value"] == []
    many = fake.http.get(f"{base}(LogicalName='msdyn_ocrecording')/OneToManyRelationships").json()[
        "value"
    ]
    assert many[0]["SchemaName"] == "msdyn_ocrecording_FileAttachments"
    ones = fake.http.get(f"{base}(LogicalName='msdyn_ocsession')/ManyToOneRelationships").json()[
        "value"
    ]
    assert "msdyn_liveworkitemid_msdyn_ocsession" in {
        row["ReferencingEntityNavigationPropertyName"] for row in ones
    }
    assert fake.http.get(f"{base}(LogicalName='nosuch')").status_code == 404
