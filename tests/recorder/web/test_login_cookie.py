import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.web.login_cookie import Login, claimed, holds, signed

LOGIN = Login("coach", "Nora Night", 2_000, "0123abcd")


def test_a_login_holds_until_it_is_over():
    cookie = signed(LOGIN, "a-token")
    assert claimed(cookie) == LOGIN
    assert holds(cookie, "a-token", 1_999)
    assert not holds(cookie, "a-token", 2_000)


def test_a_login_of_another_token_does_not_hold():
    assert not holds(signed(LOGIN, "a-token"), "another-token", 0)
    assert not holds(signed(LOGIN, ""), "", 0)


def test_nothing_of_a_login_can_be_changed():
    body, _dot, signature = signed(LOGIN, "a-token").partition(".")
    other, _dot, _signature = signed(Login("admin", "", 9_000, "0123abcd"), "x").partition(".")
    assert not holds(f"{other}.{signature}", "a-token", 0)
    assert not holds(f"{body}.{signature[:-2]}", "a-token", 0)
    assert not holds(body, "a-token", 0)


def test_the_token_is_not_in_the_cookie():
    assert "a-token" not in signed(LOGIN, "a-token")


@given(st.text(), st.text(max_size=100), st.integers(0, 2**62), st.text(min_size=1))
def test_every_login_comes_back_as_it_was_made(name, user, until_us, token):
    login = Login(name, user, until_us, "0123abcd")
    cookie = signed(login, token)
    if len(cookie) <= 2048:
        assert claimed(cookie) == login
        assert holds(cookie, token, 0) is (until_us > 0)


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda data: data.hex() + ".x"))
def test_what_is_no_login_is_none(text):
    assert not holds(text, "a-token", 0)


@pytest.mark.parametrize(
    "text", ["", ".", "bnVsbA.x", "WzEsMiwzXQ.x", "WyJhIiwiYiIsdHJ1ZV0.x", "WyJhIiwiYiIsMV0.x"]
)
def test_json_that_is_no_login_claims_nothing(text):
    assert claimed(text) is None
