"""Logging in with a token, and what the login opens."""

import pytest

from recorder.desk.control import NamedToken
from recorder.desk.logins import LOOK_S, LoginDesk
from tests.recorder.fake_node import TOKEN, FakeNode

PAGE = {"X-Tandem-Page": "1"}
COACH = NamedToken("coach", frozenset({"replay"}), lambda: "coach-token")
BI = NamedToken("bi", frozenset({"das"}), lambda: "bi-token")


@pytest.fixture
def node():
    return FakeNode(tokens=(COACH, BI))


def log_in(node, token=TOKEN, user="", headers=PAGE):
    body = {"token": token, "user": user}
    return node.client().post("/api/v1/login", json=body, headers=headers)


def cookie_of(answer):
    return answer.headers["set-cookie"].split(";")[0]


def ask(node, method, path, cookie, headers=PAGE, **more):
    return node.client().request(method, path, headers={"Cookie": cookie, **headers}, **more)


def test_a_token_opens_a_login_that_programs_cannot_read_and_other_sites_cannot_use(node):
    answer = log_in(node, user="Nora Night")
    assert answer.status_code == 200
    assert answer.json()["roles"] == ["admin"]
    attributes = answer.headers["set-cookie"].lower()
    for word in ("httponly", "samesite=strict", "path=/", "max-age=28800"):
        assert word in attributes
    assert TOKEN not in answer.headers["set-cookie"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_login_reads_and_says_who_it_is(node):
    cookie = cookie_of(log_in(node, "coach-token", "Nora Night"))
    assert ask(node, "GET", "/api/v1/contacts", cookie).status_code == 200
    who = ask(node, "GET", "/api/v1/login", cookie).json()
    assert (who["name"], who["user"], who["roles"]) == ("coach", "Nora Night", ["replay"])
    assert (who["node"], who["anonymous"]) == ("alpha", False)


def test_a_login_may_what_its_token_may(node):
    coach, admin = cookie_of(log_in(node, "coach-token")), cookie_of(log_in(node))
    assert ask(node, "POST", "/api/v1/pause", coach).status_code == 403
    assert ask(node, "GET", "/api/v1/audit", coach).status_code == 403
    assert ask(node, "POST", "/api/v1/pause", admin).status_code == 200
    assert ask(node, "GET", "/api/v1/audit", admin).status_code == 200


def test_a_change_by_login_needs_what_only_the_page_can_send(node):
    cookie = cookie_of(log_in(node))
    answer = ask(node, "POST", "/api/v1/pause", cookie, headers={})
    assert answer.status_code == 403
    assert "only for the page" in answer.json()["error"]["message"]
    assert node.pair.told == []


def test_the_other_node_takes_the_login(node):
    cookie = cookie_of(log_in(node, "coach-token"))
    beta = FakeNode(name="beta", tokens=(COACH,))
    assert ask(beta, "GET", "/api/v1/contacts", cookie).status_code == 200


def test_a_login_ends_with_its_time_its_token_and_its_name(node):
    cookie = cookie_of(log_in(node, "coach-token"))
    renewed = NamedToken("coach", COACH.roles, lambda: "a-new-token")
    for tokens in ((renewed,), (BI,)):
        other = FakeNode(tokens=tokens)
        assert ask(other, "GET", "/api/v1/contacts", cookie).status_code == 401
    node.clock.wall += 8 * 3600 * 1_000_000 + 1
    assert ask(node, "GET", "/api/v1/contacts", cookie).status_code == 401


def test_roles_taken_from_a_token_are_taken_from_its_logins(node):
    cookie = cookie_of(log_in(node, "coach-token"))
    other = FakeNode(tokens=(NamedToken("coach", frozenset({"das"}), lambda: "coach-token"),))
    assert ask(other, "GET", "/api/v1/contacts", cookie).status_code == 403


@pytest.mark.parametrize("cookie", ["tandem_login=", "tandem_login=x.y", "tandem_login=%00", "a=b"])
def test_a_cookie_that_is_no_login_opens_nothing(node, cookie):
    assert ask(node, "GET", "/api/v1/contacts", cookie).status_code == 401


def test_a_token_in_the_header_counts_more_than_a_login(node):
    cookie = cookie_of(log_in(node))
    headers = {"Authorization": "Bearer nobody"}
    assert ask(node, "GET", "/api/v1/contacts", cookie, headers).status_code == 401
    headers = {"Authorization": "Bearer coach-token"}
    assert ask(node, "POST", "/api/v1/pause", cookie, headers).status_code == 403


def test_a_wrong_token_says_what_to_do_and_is_on_record(node):
    answer = log_in(node, "nope")
    assert answer.status_code == 401
    assert "web.token" in answer.json()["error"]["hint"]
    assert "set-cookie" not in answer.headers
    assert "login_refused" in [what for what, *_more in node.trail.told]


def test_guessing_is_slowed_down(node):
    client = node.client()
    body = {"token": "guess"}
    codes = [client.post("/api/v1/login", json=body, headers=PAGE).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    answer = client.post("/api/v1/login", json={"token": TOKEN}, headers=PAGE)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    node.clock.now_ns += 30_000_000_000
    assert client.post("/api/v1/login", json={"token": TOKEN}, headers=PAGE).status_code == 200


def test_a_token_without_a_page_is_told_which_role_it_lacks(node):
    answer = log_in(node, "bi-token")
    assert answer.status_code == 403
    assert "das" in answer.json()["error"]["message"]


def test_another_site_cannot_log_somebody_in(node):
    assert log_in(node, headers={}).status_code == 403


def test_logging_out_forgets_the_login_in_the_browser(node):
    cookie = cookie_of(log_in(node, user="Nora"))
    answer = ask(node, "DELETE", "/api/v1/login", cookie)
    assert answer.status_code == 204
    assert 'tandem_login=""' in answer.headers["set-cookie"]
    told = [(what, actor) for what, _subject, actor, _detail in node.trail.told]
    assert ("login", "admin (Nora)") in told
    assert ("logout", "admin (Nora)") in told


def test_a_stolen_cookie_ends_with_the_logout_on_both_nodes(node):
    cookie, other = (cookie_of(log_in(node, user=name)) for name in ("Nora", "Otto"))
    beta = FakeNode(name="beta", tokens=node.tokens)
    beta.logins = LoginDesk(beta.clock, beta.board, node.login_db)
    assert ask(beta, "GET", "/api/v1/contacts", cookie).status_code == 200
    assert ask(beta, "DELETE", "/api/v1/login", cookie).status_code == 204
    node.clock.advance(LOOK_S)
    for one in (node, beta):
        assert ask(one, "GET", "/api/v1/contacts", cookie).status_code == 401
        assert ask(one, "POST", "/api/v1/pause", cookie).status_code == 401
        assert ask(one, "GET", "/api/v1/contacts", other).status_code == 200


def test_logging_out_while_the_data_center_is_away_says_what_it_means(node):
    cookie = cookie_of(log_in(node))
    assert ask(node, "GET", "/api/v1/login", cookie).status_code == 200
    node.login_db.down = True
    answer = ask(node, "DELETE", "/api/v1/login", cookie)
    assert answer.status_code == 503
    assert "the other node could not be told" in answer.json()["error"]["message"]
    assert 'tandem_login=""' in answer.headers["set-cookie"]
    assert ask(node, "GET", "/api/v1/contacts", cookie).status_code == 401


def test_a_login_that_cannot_be_checked_is_refused_for_now_and_another_one_taken(node):
    cookie = cookie_of(log_in(node))
    beta = FakeNode(name="beta", tokens=node.tokens)
    beta.login_db.down = True
    answer = ask(beta, "GET", "/api/v1/cluster", cookie)
    assert answer.status_code == 503
    assert "log in again" in answer.json()["error"]["hint"]
    assert ask(beta, "GET", "/api/v1/cluster", cookie_of(log_in(beta))).status_code == 200
    beta.login_db.down = False
    beta.clock.advance(LOOK_S)
    assert ask(beta, "GET", "/api/v1/cluster", cookie).status_code == 200


def test_a_node_without_tokens_reads_without_a_login():
    open_node = FakeNode(token=None)
    who = open_node.client().get("/api/v1/login").json()
    assert (who["anonymous"], who["roles"]) == (True, ["replay"])
    answer = log_in(open_node, "anything")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_what_somebody_calls_themselves_is_printable_or_nothing(node):
    cookie = cookie_of(log_in(node, user="a\x07b"))
    assert "user" not in ask(node, "GET", "/api/v1/login", cookie).json()
