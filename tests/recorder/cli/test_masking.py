import pytest

from recorder.cli.masking import masked


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://tandem:hunter2@db/x", "postgresql://tandem:***@db/x"),
        ("postgresql://tandem:h@nter2@db/x", "postgresql://tandem:***@db/x"),
        ("postgresql://tandem@db/x", "postgresql://tandem@db/x"),
        ("postgresql://db/x?user=a&password=hunter2&b=c", "postgresql://db/x?user=a&password=***&b=c"),
        ("sqlite:///center/contacts.db", "sqlite:///center/contacts.db"),
        ("value:hunter2", "value:***"),
        ("env:TANDEM_TOKEN", "env:TANDEM_TOKEN"),
        ("https://h/a?sig=hunter2", "https://h/a?sig=***"),
    ],
)  # fmt: skip
def test_what_is_written_in_clear_is_hidden_and_references_stay(given, shown):
    assert masked({"database": given}) == {"database": shown}


@pytest.mark.parametrize("name", ["client_secret", "password", "api_key", "refreshToken"])
def test_a_value_under_the_name_of_a_secret_is_hidden(name):
    assert masked({"sources": {"x": {name: "hunter2"}}}) == {"sources": {"x": {name: "***"}}}
    assert masked({name: "env:X"}) == {name: "env:X"}


def test_lists_are_looked_into_and_numbers_stay():
    assert masked({"urls": ["a://u:p@h", 5], "n": 1.5, "on": True}) == {
        "urls": ["a://u:***@h", 5],
        "n": 1.5,
        "on": True,
    }
