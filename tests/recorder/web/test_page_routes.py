"""The files of the pages as they are served, and what every answer tells a browser."""

import re
from pathlib import Path

import pytest

from recorder.web.page_routes import page_files
from tests.recorder.fake_node import TOKEN, FakeNode

PAGES = ["/app/", "/app/contact", "/app/pair", "/login"]
TITLES = ["Contacts", "Contact", "Pair", "log in"]
SOURCE = Path("recorder/web/pages")


@pytest.fixture
def client():
    return FakeNode().client()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_served_without_a_login_and_takes_nothing_from_elsewhere(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("path", "title"), list(zip(PAGES, TITLES, strict=True)))
def test_a_page_has_a_title_and_every_file_that_it_names_is_served(client, path, title):
    text = client.get(path).text
    assert f"<title>Tandem · {title}</title>" in text
    assert "{" not in text
    named = re.findall(r'(?:href|src)="(/app/static/[^"]+)"', text)
    assert len(named) >= 3
    assert {client.get(one).status_code for one in named} == {200}


def test_the_nonce_of_styles_is_another_one_in_each_answer(client):
    node = FakeNode().client()
    found = [re.search(r'"style-nonce" content="(\w+)"', node.get("/app/").text)[1] for _ in "12"]
    assert found[0] != found[1]
    answer = client.get("/app/")
    nonce = re.search(r'"style-nonce" content="(\w+)"', answer.text)[1]
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]


def test_the_front_door_leads_to_the_list(client):
    for path in ("/", "/app"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/app/")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("search.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_files_have_their_type_and_are_asked_for_again_only_when_changed(client, name, kind):
    answer = client.get(f"/app/static/{name}")
    assert answer.headers["content-type"].startswith(kind)
    tag = answer.headers["etag"]
    again = client.get(f"/app/static/{name}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(f"/app/static/{name}").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["", "nothing.js", "shell.html", "../auth.py", "%2e%2e/auth.py", "package.json", ".npmrc",
     "vendor/../../auth.py", "node_modules/x", "//etc/passwd", "package-lock.json"],
)  # fmt: skip
def test_nothing_but_the_files_of_the_pages_is_served(client, name):
    assert client.get(f"/app/static/{name}").status_code == 404


def test_a_page_that_is_none_says_which_there_are(client):
    answer = client.get("/app/nothing")
    assert answer.status_code == 404
    assert "/app/pair" in answer.json()["error"]["hint"]


def test_answers_of_the_api_are_not_kept_and_are_no_documents(client):
    for answer in (client.get("/api/v1/contacts"), client.get("/health")):
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_script_and_no_style_of_their_own_and_no_other_host():
    for path in SOURCE.glob("*.*"):
        text = path.read_text("utf-8")
        if path.suffix == ".html":
            assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", text) == []
        if path.suffix in {".html", ".js", ".css"}:
            hosts = set(re.findall(r"https?://[^\"'\s)]+", text)) - {"http://www.w3.org/2000/svg"}
            assert hosts == set(), path.name
            assert "innerHTML" not in text
            assert "eval(" not in text


def test_every_module_that_is_imported_is_there():
    files = page_files(SOURCE)
    for path in SOURCE.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', path.read_text("utf-8")):
            assert name in files
    for path in SOURCE.glob("*.html"):
        for name in re.findall(r'/app/static/([\w.]+)"', path.read_text("utf-8")):
            assert name in files


def test_the_lock_file_holds_hashes_and_no_address():
    text = (SOURCE / "package-lock.json").read_text("utf-8")
    assert "sha512-" in text
    assert "://" not in text


def test_a_replayed_request_with_a_token_needs_no_page_header():
    assert FakeNode().client(TOKEN).post("/api/v1/pause").status_code == 200
