from importlib.metadata import EntryPoint

import pytest
from pydantic import BaseModel, ConfigDict

from recorder.adapters.registry import PluginRegistry
from recorder.errors import AuthRefused, ConfigError, Throttled
from recorder.model import Finding, Level
from recorder.plugins import DATA_SOURCE_GROUP
from recorder.source_check import check_config, check_sources

GOOD = """
[node]
id = "alpha"
data = "alpha"

[web]
token = "value:t"

[data_center]
database = "sqlite:///center/contacts.db"
archive = "center/archive"

[sources.crm]
kind = "toy"
secret = "value:s"
"""


class ToySettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    secret: str
    size: int = 1
    token_file: str = ""


class Toy:
    """A data source whose check answers what a test wants."""

    kind = "toy"
    settings = ToySettings
    answer: object = ()
    closed = 0

    def open(self, _settings, _deps):
        return self

    def check(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self):
        self.closed += 1


TOY = Toy()


@pytest.fixture
def registry():
    TOY.answer, TOY.closed = (), 0
    entries = [
        EntryPoint("toy", f"{__name__}:TOY", DATA_SOURCE_GROUP),
        EntryPoint("broken", "no.such.module:PLUGIN", DATA_SOURCE_GROUP),
    ]
    return PluginRegistry(found=lambda: entries)


@pytest.fixture
def write(tmp_path):
    def _write(text):
        path = tmp_path / "node.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def faults(path, registry):
    with pytest.raises(ConfigError) as caught:
        check_config(path, registry=registry)
    assert caught.value.hint
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]


def test_a_good_file_has_no_faults_and_its_sources_are_closed_again(write, registry):
    assert check_config(write(GOOD), registry=registry) == ()
    assert TOY.closed == 1


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"value:t"', '"env:NOBODY_SET_THIS"', "web.token: env:NOBODY_SET_THIS is not set"),
        ('"value:s"', '"env:NOBODY_SET_THIS"', "sources.crm.secret: env:NOBODY_SET_THIS is not set"),
        ('"value:s"', '"file:/nowhere/x"', "sources.crm.secret: file:/nowhere/x: No such file"),
        ('"sqlite:///center/contacts.db"', '"env:NOBODY_SET_THIS"', "data_center.database: env:"),
        ('"sqlite:///center/contacts.db"', '"mysql://u:hunter2@h/d"', "data_center.database: the"),
        ('"sqlite:///center/contacts.db"', '"contacts.db"', "data_center.database: the URL"),
        ('"toy"', '"zoom"', "sources.crm.kind: there is no adapter 'zoom' (installed: broken, toy)"),
        ('"toy"', '"broken"', "sources.crm: no.such.module:PLUGIN cannot be imported"),
        ('secret = "value:s"', "", "sources.crm.secret: missing"),
        ('"value:s"', '"value:s"\nsize = "big"', "sources.crm.size: "),
        ('"value:s"', '"value:s"\ncolour = 1', "sources.crm.colour: unknown key"),
        ("[sources", "[hooks]\non_role_change = ['/nowhere/h']\n[sources", "hooks.on_role_change: /"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_exact_path(write, registry, old, new, line):
    found = faults(write(GOOD.replace(old, new)), registry)
    assert len(found) == 1
    assert found[0].startswith(line)
    assert "hunter2" not in found[0]


def test_every_fault_is_told_at_once(write, registry):
    text = GOOD.replace('"value:t"', '"env:NOBODY_A"').replace('"value:s"', '"env:NOBODY_B"')
    assert len(faults(write(text), registry)) == 2


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("[peer]\naddress = 'beta'\n", "peer.address: must be"),
        ("[web]\nlisten = '0.0.0.0:8440'\n", "web.token: missing"),
        ("[pair]\ndead_s = 3.1\n", "pair: dead_s must be above"),
    ],
)
def test_what_is_wrong_elsewhere_hides_nothing_that_is_wrong_in_a_source(
    write, registry, broken, line
):
    text = GOOD.replace('[web]\ntoken = "value:t"\n', "").replace('secret = "value:s"', "size = 1")
    found = faults(write(broken + text), registry)
    assert [one[: len(line)] for one in found[:1]] == [line]
    assert found[1:] == ["sources.crm.secret: missing"]


def test_a_secret_of_a_source_is_looked_at_although_the_file_is_wrong(write, registry):
    text = GOOD.replace('"value:s"', '"env:NOBODY_SET_THIS"')
    found = faults(write("[peer]\naddress = 'beta'\n" + text), registry)
    assert [line.partition(":")[0] for line in found] == ["peer.address", "sources.crm.secret"]


def test_sources_that_cannot_be_read_at_all_are_told_once(write, registry):
    found = faults(write(GOOD.replace('kind = "toy"', "")), registry)
    assert found == ["sources.crm.kind: missing"]


def test_an_override_counts_for_a_file_that_is_wrong_elsewhere(write, registry, monkeypatch):
    monkeypatch.setenv("TANDEM__SOURCES__CRM__SECRET", "value:s")
    text = GOOD.replace('secret = "value:s"', "")
    assert len(faults(write("[peer]\naddress = 'beta'\n" + text), registry)) == 1


def test_certificates_that_cannot_be_used_are_told(write, registry, tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    text = (
        "[ingest]\nca_file = 'none.pem'\n[peer.tls]\nca = 'none.pem'\ncertificate = 'bad.pem'\nkey = 'bad.pem'\n"
        + GOOD.replace("[web]", "[web]\ntls_certificate = 'none.pem'\ntls_key = 'none.key'")
    )
    found = faults(write(text), registry)
    assert [line.partition(":")[0] for line in found] == [
        "peer.tls.ca",
        "ingest.ca_file",
        "web.tls_certificate",
        "peer.tls.certificate",
    ]


def test_a_disabled_source_is_not_looked_at(write, registry):
    text = GOOD.replace('"toy"', '"zoom"\nenabled = false')
    assert check_config(write(text), registry=registry) == (
        "sources: none is enabled: this node has nothing to record",
    )
    assert check_sources(write(text), None, registry=registry) == []


def test_what_is_allowed_but_unwise_is_advice(write, registry):
    text = GOOD.replace("[web]", "[web]\nlisten = '10.0.0.5:8440'")
    advice = check_config(write("[peer]\nlisten = '10.0.0.5:7440'\n" + text), registry=registry)
    assert [line.partition(":")[0] for line in advice] == ["peer.tls", "web.tls_certificate"]
    advice = check_config(write(GOOD.replace('token = "value:t"', "")), registry=registry)
    assert [line.partition(":")[0] for line in advice] == ["web.token"]


TWIN = GOOD + GOOD[GOOD.index("[sources.crm]") :].replace("crm", "copy")


def test_a_token_that_all_desktops_share_is_advice(write, registry):
    desks = "\n[web.tokens.desks]\ntoken = 'value:x'\nroles = ['desktop']\n"
    assert not check_config(write(GOOD + desks), registry=registry)
    (advice,) = check_config(write(f"{GOOD}{desks}shared = true\n"), registry=registry)
    assert advice.startswith("web.tokens.desks.shared: ")
    assert "agent-desktop token" in advice


def test_two_sources_that_are_the_same_are_advice(write, registry):
    (advice,) = check_config(write(TWIN), registry=registry)
    assert advice.startswith("sources.copy: the same as sources.crm")


@pytest.mark.parametrize("change", ['secret = "value:s2"', 'secret = "value:s"\nenabled = false'])
def test_two_sources_of_a_kind_with_settings_of_their_own_are_well(write, registry, change):
    text = change.join(TWIN.rsplit('secret = "value:s"', 1))
    assert check_config(write(text), registry=registry) == ()


def test_a_token_file_that_two_sources_share_is_advice(write, registry):
    ours = 'secret = "value:s"\ntoken_file = "/var/token"'
    text = ours.replace('"value:s"', '"value:s2"').join(TWIN.rsplit('secret = "value:s"', 1))
    (advice,) = check_config(write(text.replace('secret = "value:s"', ours, 1)), registry=registry)
    assert advice.startswith("sources.copy.token_file: also that of sources.crm")


def test_a_source_is_really_tried(write, registry):
    TOY.answer = (Finding("clock_offset", Level.WARNING, "crm", "90 s off", "Set up NTP."),)
    (checked,) = check_sources(write(GOOD), None, registry=registry)
    assert checked.ok
    assert checked.as_json() == {
        "source": "crm",
        "ok": True,
        "findings": [
            {
                "code": "clock_offset",
                "level": "warning",
                "subject": "crm",
                "what": "90 s off",
                "hint": "Set up NTP.",
            }
        ],
    }
    assert TOY.closed == 1


@pytest.mark.parametrize(
    ("error", "code", "temporary"),
    [
        (AuthRefused("the secret is wrong", hint="Renew it."), "auth_refused", False),
        (Throttled("too many calls"), "throttled", True),
    ],
)
def test_a_source_that_refuses_is_told(write, registry, error, code, temporary):
    TOY.answer = error
    (checked,) = check_sources(write(GOOD), "crm", registry=registry)
    assert not checked.ok
    assert checked.temporary is temporary
    assert [finding.code for finding in checked.findings] == [code]
    assert TOY.closed == 1


def test_a_source_whose_adapter_is_broken_is_a_finding(write, registry):
    text = GOOD.replace('"toy"', '"broken"')
    (checked,) = check_sources(write(text), None, registry=registry)
    assert checked.findings[0].code == "stopped_by_load_error"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('"value:s"', '"env:NOBODY_SET_THIS"', "sources.crm.secret: env:NOBODY_SET_THIS"),
        ('"toy"', '"zoom"', "sources.crm.kind"),
        ('secret = "value:s"', "", "sources.crm.secret: missing"),
    ],
)
def test_a_source_is_not_tried_with_a_wrong_configuration(write, registry, old, new, text):
    with pytest.raises(ConfigError, match=text):
        check_sources(write(GOOD.replace(old, new)), None, registry=registry)


def test_an_unknown_source_is_named_with_those_that_are_known(write, registry):
    with pytest.raises(LookupError, match=r"no source 'zoom' \(it has: crm"):
        check_sources(write(GOOD), "zoom", registry=registry)
