import pytest
from pydantic import ValidationError

from recorder.adapters.zoom.settings import ZoomSettings

GOOD = {"account_id": "abcDEF_123", "client_id": "xyz", "client_secret": "env:ZOOM_SECRET"}


def made(**changes):
    return ZoomSettings.model_validate(GOOD | changes)


def test_defaults_are_the_public_service_and_the_safe_choice():
    settings = made()

    assert settings.token_url == "https://zoom.us/oauth/token"
    assert settings.allowed_hosts == (".zoom.us", "zoom.us", "api.zoom.us")
    assert settings.verify_fingerprint == "refuse"
    assert settings.webhook_secret is None
    assert (settings.budget.requests, settings.budget.per_s) == (50, 5.0)


def test_regions_and_this_machine_can_be_spoken_to():
    assert made(api_url="https://api-eu.zoom.us/").api_url == "https://api-eu.zoom.us"
    here = made(api_url="http://127.0.0.1:8801", oauth_url="http://127.0.0.1:8801")
    assert "127.0.0.1" in here.allowed_hosts


@pytest.mark.parametrize(
    "changes",
    [
        {"account_id": ""},
        {"account_id": "a b"},
        {"client_id": "a:b"},
        {"client_secret": "the-secret-itself"},
        {"client_secret": 5},
        {"webhook_secret": "the-secret-itself"},
        {"api_url": "http://api.zoom.us"},
        {"api_url": "https://api.zoom.us/v2"},
        {"oauth_url": "zoom.us"},
        {"page_size": 0},
        {"page_size": 301},
        {"media_hosts": ["https://x"]},
        {"verify_fingerprint": "ignore"},
        {"retention_days": 0},
        {"retention_days": 31},
        {"requests_per_s": 0},
        {"requests_per_s": 81},
        {"timeouts": {"total_s": float("inf")}},
        {"page_sise": 5},
    ],
)
def test_what_cannot_work_is_refused(changes):
    with pytest.raises(ValidationError) as caught:
        made(**changes)

    assert "the-secret-itself" not in str(caught.value)


def test_no_repr_shows_a_reference():
    assert "ZOOM_SECRET" not in repr(made(webhook_secret="env:ZOOM_SECRET_TOO"))
