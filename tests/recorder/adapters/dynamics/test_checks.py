import httpx
import pytest

from recorder.adapters.dynamics.tables import ALL_TABLES
from tests.recorder.adapters.dynamics import calls
from tests.recorder.adapters.dynamics.scripted import (
    FakeClock,
    ScriptedDataverse,
    Story,
    error_answer,
)


@pytest.fixture
def world():
    made = ScriptedDataverse(FakeClock())
    calls.recorded_call(made, Story(made))
    return made


def codes(world, **settings):
    return {(finding.code, finding.subject): finding for finding in world.open(**settings).check()}


def test_a_healthy_environment_has_no_findings(world):
    assert codes(world) == {}


def test_a_wrong_secret_is_named_with_its_number(world):
    world.secret = "other"

    finding = codes(world)["token_refused", "crm"]

    assert "AADSTS7000215" in finding.what
    assert "secret" in finding.hint
    assert finding.level == "error"


def test_a_missing_secret_is_named_by_its_reference(world):
    finding = codes(world, client_secret="env:NOWHERE")["token_refused", "crm"]

    assert "env:NOWHERE" in finding.what


def test_a_missing_application_user_is_told_from_a_refused_token(world):
    world.order("WhoAmI", error_answer(403, "0x80072560", "not a member of the organization"))

    finding = codes(world)["application_user_missing", "crm"]

    assert "application user" in finding.hint


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.logical)
def test_a_missing_right_is_named_by_table(world, table):
    world.closed_sets.add(table.set_name)

    finding = codes(world)["privilege_missing", f"crm/{table.set_name}"]

    assert table.logical in finding.hint
    assert finding.level == ("error" if table.logical == "msdyn_ocrecording" else "warning")


def test_a_missing_table_is_named(world):
    del world.rows["msdyn_ocphonecallengagementctxes"]

    assert ("table_missing", "crm/msdyn_ocphonecallengagementctxes") in codes(world)


def test_an_empty_table_may_be_a_role_that_is_too_small(world):
    world.rows["msdyn_ocrecordings"].clear()

    finding = codes(world)["nothing_visible", "crm"]

    assert "organisation-level" in finding.hint


@pytest.mark.parametrize(
    ("table", "column"),
    [("msdyn_ocrecording", "msdyn_applicationid"), ("msdyn_ocliveworkitem", "msdyn_isoutbound")],
)
def test_absent_columns_are_worth_knowing(world, table, column):
    world.columns[table] -= {column}

    (finding,) = codes(world).values()

    assert (finding.code, finding.level) == ("column_missing", "info")
    assert finding.subject == f"crm/{table}.{column}"


def test_an_absent_column_without_which_nothing_is_recorded_is_an_error(world):
    world.columns["msdyn_ocrecording"] -= {"msdyn_recording"}

    finding = codes(world)["column_missing", "crm/msdyn_ocrecording.msdyn_recording"]

    assert finding.level == "error"


def test_an_unreadable_schema_is_worth_knowing(world):
    world.order("EntityDefinitions", error_answer(403), times=99)

    assert {finding.code for finding in codes(world).values()} == {"schema_unreadable"}


@pytest.mark.parametrize(("offset_s", "word"), [(-600, "ahead of"), (600, "behind")])
def test_a_clock_that_is_off_is_named_with_its_side(world, offset_s, word):
    world.clock_offset_s = offset_s

    finding = codes(world)["clock_offset", "crm"]

    assert f"600 s {word}" in finding.what


def test_a_missing_date_is_a_warning(world):
    world.dated = False

    assert ("no_source_clock", "crm") in codes(world)


def test_customer_managed_keys_are_worth_knowing(world):
    world.links_enabled = False

    finding = codes(world)["signed_link_refused", "crm"]

    assert finding.level == "info"
    assert "customer-managed keys" in finding.hint


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(503), "unreachable"),
        (error_answer(429, retry_after="5"), "throttled"),
        (httpx.Response(302, headers={"location": "https://x.example"}), "check_failed"),
        (httpx.Response(404), "check_failed"),
    ],
)
def test_a_service_that_does_not_answer_ends_the_check_with_one_finding(world, answer, code):
    world.order("WhoAmI", answer)

    (finding,) = codes(world).values()

    assert finding.code == code
    assert finding.hint


def test_a_service_that_fails_half_way_keeps_what_was_found(world):
    world.closed_sets.add("systemusers")
    world.order("EntityDefinitions", httpx.Response(503))

    assert {finding.code for finding in codes(world).values()} == {
        "privilege_missing",
        "unreachable",
    }


def test_a_recording_row_that_cannot_be_read_is_a_finding(world):
    world.rows["msdyn_ocrecordings"][0]["modifiedon"] = "muddle"
    for _ in range(2):
        world.order("orderby", httpx.Response(200, json={"value": [{"a": 1}]}))

    assert ("recording_unreadable", "crm") in codes(world)
