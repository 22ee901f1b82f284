import pytest
from pydantic import ValidationError

from recorder.adapters.dynamics.settings import DynamicsSettings

GOOD = {
    "org_url": "https://contoso.crm4.dynamics.com",
    "tenant": "11111111-2222-3333-4444-555555555555",
    "client_id": "aaaaaaaa-2222-3333-4444-555555555555",
    "client_secret": "env:DYNAMICS_SECRET",
}


def made(**changes):
    return DynamicsSettings.model_validate(GOOD | changes)


def test_defaults_are_the_public_service():
    settings = made()

    assert settings.api_url == "https://contoso.crm4.dynamics.com/api/data/v9.2/"
    assert settings.scope == "https://contoso.crm4.dynamics.com/.default"
    assert settings.token_url == (
        f"https://login.microsoftonline.com/{GOOD['tenant']}/oauth2/v2.0/token"
    )
    assert settings.allowed_hosts == (".blob.core.windows.net", "contoso.crm4.dynamics.com")
    assert settings.prefer_sas


def test_a_slash_behind_the_address_does_not_double():
    assert made(org_url="https://contoso.crm.dynamics.com/").scope == (
        "https://contoso.crm.dynamics.com/.default"
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:8700", "http://localhost", "http://[::1]:8700"])
def test_http_is_for_this_machine_only(url):
    assert made(org_url=url, authority=url).org_url == url


@pytest.mark.parametrize(
    "changes",
    [
        {"org_url": "http://contoso.crm.dynamics.com"},
        {"org_url": "contoso.crm.dynamics.com"},
        {"org_url": "https://contoso.crm.dynamics.com/api/data"},
        {"org_url": "https://user:pass@contoso.crm.dynamics.com"},
        {"org_url": "https://contoso.crm.dynamics.com?x=1"},
        {"org_url": "https://:x"},
        {"authority": "ftp://login.example"},
        {"tenant": "a/b"},
        {"timeouts": {"total_s": float("inf")}},
        {"timeouts": {"read_s": float("nan")}},
        {"timeouts": {"connect_s": 1e300}},
        {"tenant": ""},
        {"client_secret": "the-secret-itself"},
        {"client_secret": 5},
        {"page_size": 0},
        {"page_size": 5001},
        {"requests_per_5min": 6001},
        {"media_hosts": ["https://x"]},
        {"media_hosts": ["*"]},
        {"api_version": "v9.2/../x"},
        {"page_sise": 5},
        {"timeouts": {"read": 5}},
    ],
)
def test_what_cannot_work_is_refused(changes):
    with pytest.raises(ValidationError) as caught:
        made(**changes)

    assert "the-secret-itself" not in str(caught.value)


def test_hosts_are_compared_in_lower_case():
    assert made(media_hosts=["Store.Example", ".Files.Example"]).media_hosts == (
        "store.example",
        ".files.example",
    )
