"""What may be configured: no policy is the default, and none undercuts the legal minimum."""

import pytest
from pydantic import ValidationError

from recorder.records.retention import DAY_US, Match, Rules
from recorder.settings.retention import RetentionPolicy, RetentionSettings


def test_by_default_nothing_is_ever_deleted():
    rules = RetentionSettings().rules()
    assert rules.policies == ()
    assert rules == Rules(recycle_us=30 * DAY_US)


def test_a_policy_that_undercuts_the_legal_minimum_is_refused():
    policy = RetentionPolicy(name="chat", keep_days=30)
    with pytest.raises(ValidationError, match="policy chat keeps 30 days, less than legal_minimum"):
        RetentionSettings(legal_minimum_days=365, policies=(policy,))


def test_two_policies_of_one_name_are_refused():
    policy = RetentionPolicy(name="chat", keep_days=30)
    with pytest.raises(ValidationError, match="two policies are called chat"):
        RetentionSettings(policies=(policy, policy))


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf"), 99_999_999])
def test_a_policy_keeps_a_sensible_time(days):
    with pytest.raises(ValidationError):
        RetentionPolicy(name="chat", keep_days=days)


def test_a_policy_becomes_a_rule():
    policy = RetentionPolicy(
        name="chat", keep_days=1.5, sources=("dyn",), channels=("chat",), attributes={"tenant": "n"}
    )
    (rule,) = RetentionSettings(policies=(policy,), legal_minimum_days=1).rules().policies
    assert rule.match == Match(("dyn",), ("chat",), (), {"tenant": "n"})
    assert rule.keep_us == DAY_US * 3 // 2
