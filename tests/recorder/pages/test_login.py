"""Logging in and out with a browser."""

from selenium.webdriver.common.by import By

from tests.recorder.fake_node import TOKEN


def test_a_page_asks_for_a_login_and_goes_on_to_where_one_wanted_to_go(node):
    node.go("/app/pair")
    node.wait(lambda: "/login?next=%2Fapp%2Fpair" in node.driver.current_url, "the login")
    node.one("#token").send_keys(TOKEN)
    node.click("#login button")
    node.wait(lambda: node.driver.current_url.endswith("/app/pair"), "the page that was wanted")
    node.ready("pair")


def test_a_wrong_token_says_what_to_do(node):
    node.go("/login")
    node.one("#token").send_keys("nope")
    node.click("#login button")
    node.see("#answer", "No token of this node is like that.")
    assert "web.token" in node.text("#answer")


def test_the_login_never_leads_to_another_host(node):
    node.go("/login?next=https://example.com/")
    node.one("#token").send_keys(TOKEN)
    node.click("#login button")
    node.wait(lambda: node.driver.current_url == f"{node.base}/app/", "the list")


def test_scripts_cannot_read_the_login(page):
    page.go("/app/")
    page.ready("list")
    assert "tandem_login" not in page.run("return document.cookie")
    (cookie,) = page.driver.get_cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
        "tandem_login",
        True,
        "Strict",
    )


def test_logging_out_ends_it(page, stage):
    page.go("/app/")
    page.ready("list")
    page.see(".who", "Nora Night · admin")
    page.click("#logout")
    page.wait(lambda: page.driver.current_url.endswith("/login"), "the login")
    assert page.driver.get_cookies() == []
    page.go("/app/")
    page.wait(lambda: "/login" in page.driver.current_url, "the login again")
    told = [(what, actor) for what, _subject, actor, _detail in stage.trail.told]
    assert ("logout", "admin (Nora Night)") in told


def test_who_may_only_replay_sees_no_commands(node):
    node.log_in("coach-token")
    node.go("/app/pair")
    node.ready("pair")
    node.see("#commands", "changing takes the role admin")
    assert node.driver.find_elements(By.CSS_SELECTOR, "#commands button") == []
    answer = node.driver.execute_async_script(
        "fetch('/api/v1/pause', {method: 'POST', headers: {'X-Tandem-Page': '1'}}).then((a) => arguments[0](a.status))"
    )
    assert answer == 403


def test_a_node_without_tokens_needs_no_login(node, stage):
    stage.token, tokens = None, stage.tokens
    stage.tokens = ()
    try:
        with stage.served() as base:
            node.forget()
            node.driver.get(f"{base}/login")
            node.wait(lambda: node.driver.current_url == f"{base}/app/", "the list")
            node.see(".who", "no login needed")
            node.base = base
            node.go("/app/pair")
            node.see("#commands", "no admin token")
            node.driver.get("about:blank")
    finally:
        stage.token, stage.tokens = TOKEN, tokens
