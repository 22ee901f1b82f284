import stat

import pytest

GOOD = """
[node]
id = "alpha"
data = "alpha"

[web]
token = "env:TANDEM_TEST_TOKEN"

[data_center]
database = "postgresql://tandem:hunter2@db.example/tandem"
archive = "archive"

[sources.crm]
kind = "dynamics"
org_url = "https://contoso.crm.dynamics.com"
tenant = "contoso.example"
client_id = "node-a"
client_secret = "value:hunter2"
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("TANDEM_TEST_TOKEN", "the-token")
    path = tmp_path / "node.toml"
    path.write_text(GOOD)
    return path


def test_the_effective_configuration_is_shown_without_secrets(bare, file):
    ended = bare("config", "show", file)
    assert ended.status == 0
    assert "node.id = 'alpha'" in ended.lines
    assert "pair.heartbeat_s = 1.0" in ended.lines
    assert "web.token = 'env:TANDEM_TEST_TOKEN'" in ended.lines
    assert "data_center.database = 'postgresql://tandem:***@db.example/tandem'" in ended.lines
    assert "sources.crm.client_secret = 'value:***'" in ended.lines
    assert "hunter2" not in ended.out
    assert "the-token" not in ended.out


def test_the_effective_configuration_as_json_is_masked_too(bare, file):
    ended = bare("config", "show", file, "--json")
    assert ended.json["sources"]["crm"]["client_id"] == "node-a"
    assert "hunter2" not in ended.out


def test_what_the_environment_overrides_is_shown_as_it_counts(bare, file, monkeypatch):
    monkeypatch.setenv("TANDEM__POLL__INTERVAL_S", "7")
    assert "poll.interval_s = 7.0" in bare("config", "show", file).lines


def test_a_good_file_is_ok(bare, file):
    ended = bare("config", "check", file)
    assert (ended.status, ended.out) == (0, f"{file}: ok\n")
    assert bare("--json", "config", "check", file).json == {
        "file": str(file),
        "ok": True,
        "advice": [],
    }


def test_a_missing_secret_is_told_with_its_exact_path(bare, file, monkeypatch):
    monkeypatch.delenv("TANDEM_TEST_TOKEN")
    ended = bare("config", "check", file)
    assert ended.status == 2
    assert f"{file}: web.token: env:TANDEM_TEST_TOKEN is not set" in ended.err
    assert "hunter2" not in ended.err


def test_advice_goes_to_stderr_and_is_no_failure(bare, file):
    file.write_text(GOOD + '\n[peer]\nlisten = "0.0.0.0:7440"\n')
    ended = bare("config", "check", file)
    assert ended.status == 0
    assert ended.err.startswith("advice: peer.tls: missing")


def test_a_wrong_file_is_not_shown(bare, file):
    file.write_text(GOOD + "\n[pair]\nheartbeat = 2\n")
    ended = bare("config", "show", file)
    assert ended.status == 2
    assert "did you mean heartbeat_s?" in ended.err


def test_an_unknown_source_to_check_is_4(bare, file):
    ended = bare("source", "check", "zoom", "--config", file)
    assert ended.status == 4
    assert "crm" in ended.err


def test_a_source_that_cannot_be_reached_now_is_5(bare, file):
    file.write_text(GOOD.replace("https://contoso.crm.dynamics.com", "https://localhost:1"))
    text = file.read_text()
    file.write_text(text.replace("tenant =", 'authority = "http://127.0.0.1:1"\ntenant ='))
    ended = bare("source", "check", "--config", file)
    assert ended.status == 5
    assert "crm: NOT OK" in ended.out
    (checked,) = bare("source", "check", "crm", "--config", file, "--json").json["sources"]
    assert (checked["source"], checked["ok"]) == ("crm", False)
    assert checked["findings"][0]["code"] == "unreachable"


def test_the_certificates_of_a_pair_are_made_once(bare, tmp_path):
    out = tmp_path / "certs"
    command = ("certs", "--cluster", "emea", "--node", "alpha=10.0.0.5,alpha.example",
               "--node", "beta=10.0.0.6", "--out", out)  # fmt: skip
    ended = bare(*command)
    assert ended.status == 0
    names = ["alpha.key", "alpha.pem", "authority.key", "authority.pem", "beta.key", "beta.pem"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert sorted(ended.lines) == [str(out / name) for name in names]
    assert stat.S_IMODE((out / "alpha.key").stat().st_mode) == 0o600
    again = bare(*command)
    assert again.status == 6
    assert "exist already" in again.err


def test_certificates_as_json(bare, tmp_path):
    out = tmp_path / "certs"
    files = bare("certs", "--node", "alpha=h", "--out", out, "--json").json["files"]
    assert len(files) == 4


@pytest.mark.parametrize("entry", ["alpha", "alpha=", "=host"])
def test_a_node_of_a_certificate_needs_a_name_and_a_host(bare, tmp_path, entry):
    ended = bare("certs", "--node", entry, "--out", tmp_path / "certs")
    assert ended.status == 2
    assert "NAME=HOST" in ended.err


def test_certificates_that_cannot_be_written_are_a_failure(bare, tmp_path):
    (tmp_path / "file").write_text("")
    ended = bare("certs", "--node", "alpha=h", "--out", tmp_path / "file" / "certs")
    assert ended.status == 1
