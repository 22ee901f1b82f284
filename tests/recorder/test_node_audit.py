"""The audit trail of whole nodes in this process: starts, roles, commands, media, configuration."""

import json

import pytest

from recorder.audit.canonical import from_line
from recorder.audit.chain import verify
from recorder.records.audit import AuditHead
from sim.served.local_pair import LocalPair, PairPlan
from tests.recorder.running_node import QUICK, running
from tests.waiting import wait_until


@pytest.fixture
def pair(tmp_path):
    made = LocalPair(PairPlan(tmp_path / "pair", (), tables=QUICK))
    for node in made.nodes.values():
        node.close()
    return made


@pytest.fixture
def crashes():
    fallen = []
    yield fallen
    assert fallen == []


def lines(node):
    answer = node.get("/api/v1/audit/lines")
    assert answer.status_code == 200, answer.text
    return [from_line(line) for line in answer.text.splitlines()]


def deeds(node):
    return [record.entry.what for record in lines(node)]


def test_starts_roles_and_the_schema_are_on_record_and_the_chain_is_whole(pair, crashes):
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        wait_until(lambda: "role_changed" in deeds(alpha), 10.0, "the role is on record")
        wait_until(lambda: "schema_migrated" in deeds(alpha), 10.0, "the schema is on record")
        with running(pair, "beta", crashes) as beta:
            beta.wait_for_role("secondary")
            wait_until(lambda: deeds(beta).count("node_started") == 2, 10.0, "both starts")
            found = lines(beta)
        assert verify(found, after=AuditHead()).broken is None
        assert deeds(alpha).count("schema_migrated") == 1
        assert {record.entry.node for record in found} == {"alpha", "beta"}


def test_a_changed_key_is_on_record_at_the_next_start_and_an_unchanged_one_is_not(pair, crashes):
    path = pair.nodes["alpha"].config
    for text in ("", "", "\n[retry]\nparked_every_s = 777\n"):
        path.write_text(path.read_text() + text)
        with running(pair, "alpha", crashes) as alpha:
            alpha.wait_for_role("primary")
            found = [r.entry for r in lines(alpha) if r.entry.what == "configuration_changed"]
    first, second = found
    assert "before" not in first.detail
    assert second.detail["changed"] == ["retry.parked_every_s"]
    assert "777" not in json.dumps(dict(second.detail))


def test_an_order_over_the_api_is_on_record_before_it_is_answered(pair, crashes):
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        node = alpha.node
        assert node.control.audited("media_read", "c1", "anna", {"n": 1})
        wait_until(lambda: "media_read" in deeds(alpha), 5.0, "the access is on record")
