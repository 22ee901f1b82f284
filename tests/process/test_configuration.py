"""Configurations that are wrong: real commands say where, exit with 2, and nothing was started."""

import socket

import pytest

from sim.served.local_pair import LocalPair, PairPlan
from sim.served.sources import dynamics_plan
from sim.ucaas.dynamics.serving import Urls
from tests.process.looking import command, command_here, source_of

pytestmark = pytest.mark.process

NOWHERE = Urls(*["http://127.0.0.1:1"] * 4, "contoso")
USAGE = 2
WRONG = (
    (
        "[poll]",
        "[poll]\nintervall_s = 1",
        "poll.intervall_s: unknown key (did you mean interval_s?)",
    ),
    ("interval_s = 0.5", 'interval_s = "soon"', "poll.interval_s: Input should be a valid number"),
    ('id = "alpha"', "", "node.id: missing"),
    ("[web]", "[pair]\nsuspect_s = 9.0\n[web]", "pair: suspect_s must be below dead_s"),
    ("resume_bytes = 100663296", "resume_bytes = 1", "buffer: resume_bytes must be at least"),
)
"""What to replace in the file, by what, and what is said of it: all at once."""
WRONG_SOURCE = (
    ('tenant = "contoso"', 'tenant = "contoso"\ntennant = "x"', "tennant: unknown key"),
    ('"env:TANDEM_DYNAMICS_CLIENT_SECRET"', '"s3cret"', "client_secret: must be a reference"),
)


class Node:
    """One node of a pair that nobody started; its configuration may be edited."""

    def __init__(self, directory):
        self.directory = directory
        self.pair = LocalPair(PairPlan(directory, (dynamics_plan(NOWHERE),)))
        self.process = self.pair.nodes["alpha"]
        self.file = self.process.config

    def edit(self, old, new):
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def check(self, **env):
        given = {"TANDEM_DYNAMICS_CLIENT_SECRET": "x", **env}
        return command_here("config", "check", self.file, **given)

    def run(self):
        return command("node", "run", "--config", str(self.file), TANDEM_DYNAMICS_CLIENT_SECRET="x")

    def left_nothing(self):
        names = {path.name for path in self.directory.iterdir()}
        return names == {"alpha.toml", "beta.toml", "token"} and self.process.view() is None

    def port(self, table):
        listens = self.file.read_text().partition(f'[{table}]\nlisten = "127.0.0.1:')[2]
        return int(listens.partition('"')[0])


@pytest.fixture
def node(tmp_path):
    node = Node(tmp_path)
    with node.pair:
        yield node


def refused(node, done, *said):
    assert done.returncode == USAGE, done.stderr
    for line in said:
        assert f"{node.file}: {line}" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert node.left_nothing()


def test_everything_that_is_wrong_is_said_at_once_with_its_exact_path(node):
    for old, new, _ in WRONG:
        node.edit(old, new)
    for done in (node.check(), node.run()):
        refused(node, done, *[said for _, _, said in WRONG])


def test_what_is_wrong_with_a_source_is_said_with_its_exact_path_and_without_its_secret(node):
    for old, new, _ in WRONG_SOURCE:
        node.edit(old, new)
    done = node.check()
    refused(node, done, *[f"sources.dynamics.{said}" for _, _, said in WRONG_SOURCE])
    assert "s3cret" not in done.stderr


def test_a_file_that_is_no_toml_is_refused(node):
    node.edit("[poll]", "[poll")
    refused(node, node.run(), "not valid TOML")


def test_a_file_that_is_not_there_is_refused(node):
    node.file.unlink()
    done = node.run()
    assert done.returncode == USAGE
    assert f"{node.file}: cannot be read" in done.stderr


def test_secrets_that_are_not_there_are_named_by_their_references(node):
    node.pair.token_file.unlink()
    done = node.check(TANDEM_DYNAMICS_CLIENT_SECRET="")
    assert done.returncode == USAGE
    assert f"{node.file}: web.token: file:{node.pair.token_file}" in done.stderr
    assert (
        f"{node.file}: sources.dynamics.client_secret: env:TANDEM_DYNAMICS_CLIENT_SECRET"
        in done.stderr
    )


def test_a_web_listener_for_everybody_needs_a_token(node):
    node.edit(f'listen = "127.0.0.1:{node.port("web")}"', 'listen = "0.0.0.0:0"')
    node.edit("token = ", "# token = ")
    refused(node, node.run(), "web.token: missing: other hosts reach web.listen 0.0.0.0:0")


@pytest.mark.parametrize("table", ["web", "peer"])
def test_a_port_that_is_taken_is_named_and_nothing_runs(node, table):
    with socket.create_server(("127.0.0.1", node.port(table))):
        done = node.run()
    assert done.returncode == USAGE, done.stderr
    assert f"{table}.listen: cannot listen on 127.0.0.1:{node.port(table)}" in done.stderr
    assert f"Choose another {table}.listen" in done.stderr
    assert "Traceback" not in done.stderr
    assert node.process.view() is None


def test_a_source_of_an_unknown_kind_is_a_fault_of_the_file_but_stops_no_node(node):
    node.edit('kind = "dynamics"', 'kind = "dynamix"')
    refused(node, node.check(), "sources.dynamics.kind: there is no adapter 'dynamix'")
    node.process.start()
    node.process.wait_for_role("primary")
    source = source_of(node.process)
    assert (source["kind"], source["state"]) == ("dynamix", "stopped_by_config_error")
    assert "dynamix" in source["last_error"]
    assert source["next_step"]


def test_a_good_configuration_is_good(node):
    done = node.check()
    assert (done.returncode, done.stdout) == (0, f"{node.file}: ok\n")
    assert node.left_nothing()
