"""Tokens of desktops: of one each, worked out again from the secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.scn.desktop_tokens import desktop_named, desktop_token, is_token_of

IDS = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
SECRETS = st.text(min_size=1, max_size=80).filter(str.isprintable)


@given(SECRETS, IDS)
def test_a_token_is_that_of_its_desktop_and_fits_into_a_header(secret, desktop):
    token = desktop_token(secret, desktop)
    assert desktop_named(token) == desktop
    assert is_token_of(secret, token)
    assert token.isascii()
    assert " " not in token


@given(SECRETS, IDS, IDS)
def test_the_token_of_one_desktop_is_not_that_of_another(secret, one, other):
    _, _, code = desktop_token(secret, one).partition("~")
    assert is_token_of(secret, f"{other}~{code}") is (one == other)


@given(SECRETS, SECRETS, IDS)
def test_another_secret_makes_another_token(secret, other, desktop):
    assert is_token_of(other, desktop_token(secret, desktop)) is (secret == other)


@pytest.mark.parametrize(
    "token", ["", "~", "d-1", "~ab", "d 1~ab", "d-1~", "d-1~é", "x" * 65 + "~a"]
)
def test_what_is_no_token_is_nobodys(token):
    assert not is_token_of("a secret", token)


def test_nothing_is_a_token_under_an_empty_secret():
    assert not is_token_of("", desktop_token("", "d-1"))


@pytest.mark.parametrize("desktop", ["", "a b", "a~b", "a/b", "x" * 65])
def test_what_is_no_id_has_no_token(desktop):
    with pytest.raises(ValueError, match="letters"):
        desktop_token("a secret", desktop)


def test_the_way_it_is_worked_out_stays():
    """Tokens are given to a thousand computers: another way would lock all of them out."""
    assert desktop_token("s", "d-1") == EXPECTED


EXPECTED = "d-1~f53d32f3b926a8dac20be3ca73f6f71a4a9584ec3ab451253f63a93d0bdf66a5"
