import pytest
from pydantic import ValidationError

from recorder.adapters.webex.settings import WebexSettings
from tests.recorder.adapters.webex.scripted import SECRET

LEAST = {"client_id": "node-a", "client_secret": "env:WEBEX", "refresh_token": "file:/etc/token"}


def made(**settings):
    return WebexSettings.model_validate(LEAST | settings)


def test_three_keys_are_enough():
    settings = made()

    assert settings.base_url == "https://webexapis.com/v1/"
    assert settings.token_url == "https://webexapis.com/v1/access_token"
    assert settings.media_hosts == (".webex.com",)
    assert settings.statuses == ("available", "deleted")
    assert settings.cdr == "off"


def test_what_is_listed_follows_from_two_switches():
    assert made(include_deleted=False).statuses == ("available",)
    assert made(include_purged=True).statuses == ("available", "deleted", "purged")


def test_a_recording_waits_longer_for_the_feed_than_for_the_stream():
    assert made(cdr="stream").record_wait_s == 240
    assert made(cdr="feed").record_wait_s == 600
    assert made(cdr="feed", cdr_wait_s=5).record_wait_s == 5


def test_the_join_is_a_list_of_pairs():
    settings = made(cdr_join=[["ownerId", "User UUID"]])

    assert settings.cdr_join == (("ownerId", "User UUID"),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": SECRET},
        {"refresh_token": SECRET},
        {"webhook_secret": SECRET},
        {"client_id": "a b"},
        {"api_url": "http://webexapis.com"},
        {"api_url": "https://webexapis.com/v1"},
        {"cdr_url": "analytics"},
        {"page_size": 101},
        {"page_size": 0},
        {"token_file": "relative/path"},
        {"media_hosts": ["https://webex.com"]},
        {"service_type": "meetings"},
        {"cdr": "on"},
        {"cdr_wait_s": 0},
        {"cdr_join": [["noSuchField", "User UUID"]]},
        {"cdr_join": [["ownerId", ""]]},
        {"cdr_join": [["ownerId"]]},
        {"requests_per_min": 1},
        {"retention_days": 0},
        {"unknown": 1},
    ],
)
def test_a_wrong_value_is_refused_without_being_shown(wrong):
    with pytest.raises(ValidationError) as caught:
        made(**wrong)

    assert SECRET not in str(caught.value)


def test_no_secret_is_shown():
    assert SECRET not in repr(
        made(client_secret=f"value:{SECRET}", webhook_secret=f"value:{SECRET}")
    )
    assert SECRET not in repr(made(refresh_token=f"value:{SECRET}"))
