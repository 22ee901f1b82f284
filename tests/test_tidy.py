"""The rules of the house, as tests: what no linter checks and every reader relies on."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.port_implementations import (
    IMPLEMENTATIONS,
    PARTS_OF_OTHER_PORTS,
    PORT_FILES,
    PORT_MODULES,
)

ROOT = Path(__file__).parent.parent
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


# Written in pieces, so that this file does not break its own rules.
BANNED_WORDS = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "NotImpl" + "ementedError")) + r")\b"
)  # fmt: skip
MACHINE_PATHS = re.compile(
    r"(?<![\w.~-])/(" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers")) + r")/"
)
REGISTRY_HOSTS = re.compile(
    "|".join(
        (r"pypi\." + "org", "python" + "hosted", r"npm" + r"js\.", r"proxy\.gol" + "ang", r"crates\." + "io")
    )
)  # fmt: skip

RUNTIMES = {"cluster/adapters/thread_runtime.py", "sim/clockwork/runtime.py"}

NOT_IN_A_UNION = {
    "Job": "a value inside Distribute and RunJob",
    "RunJob": "the only command to a worker of jobs",
    "Ping": "every watched actor takes it beside its own union",
    "CommandAnswer": "a reply, to whoever commanded",
}

OVER_WORLDS = {
    "DataSource": "each adapter runs unmodified in the simulator, so worlds take turns, not code"
}


def tracked(suffix=""):
    """Files under version control that exist, or every file of a copy without its history."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode == 0:
        names = listing.stdout.split("\0")
    else:
        names = [
            str(path.relative_to(ROOT))
            for folder in ("cluster", "recorder", "sim", "tests", "docs")
            for path in (ROOT / folder).rglob("*")
        ]
    files = [name for name in names if name.endswith(suffix) and (ROOT / name).is_file()]
    assert files, f"no {suffix} file found below {ROOT}"
    return sorted(files)


def text_of(name):
    """None for files that are no text."""
    try:
        return (ROOT / name).read_text("utf-8")
    except UnicodeDecodeError:
        return None


def findings(pattern, *, suffix=""):
    return [
        f"{name}:{number}: {found.group()}"
        for name in tracked(suffix)
        for number, line in enumerate((text_of(name) or "").splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def assert_none(wrong, rule):
    assert not wrong, f"{rule}:\n" + "\n".join(wrong)


def test_no_file_is_too_long():
    lengths = {name: len(text_of(name).splitlines()) for name in tracked(".py")}
    wrong = [f"{name}: {lines}" for name, lines in lengths.items() if lines > FILE_LINES_MAX]
    assert_none(wrong, f"at most {FILE_LINES_MAX} lines a file")


def test_no_function_is_too_long():
    wrong = [
        f"{name}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1}"
        for name in tracked(".py")
        for node in ast.walk(ast.parse(text_of(name)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert_none(wrong, f"at most {FUNCTION_LINES_MAX} lines a function")


def test_nothing_is_left_to_be_done():
    assert_none(findings(BANNED_WORDS), "do it, or write an issue")


def test_nothing_points_to_somebodys_machine():
    assert_none(findings(MACHINE_PATHS), "no absolute paths of a machine")


def test_nothing_points_to_a_package_registry():
    assert_none(findings(REGISTRY_HOSTS), "no hosts of package registries")


@pytest.mark.parametrize(
    ("pattern", "wrong", "right"),
    [
        (BANNED_WORDS, "# TO" + "DO: later", "# nothing to do"),
        (BANNED_WORDS, "raise NotImpl" + "ementedError", "raise ValueError"),
        (MACHINE_PATHS, "open('/ho" + "me/me/x')", "https://example.com/ho" + "me/x"),
        (MACHINE_PATHS, "cd /wo" + "rk/main", "/var/lib/tandem"),
        (REGISTRY_HOSTS, "https://py" + "pi.org/simple", "https://example.org/simple"),
    ],
)
def test_the_patterns_find_what_they_should(pattern, wrong, right):
    assert pattern.search(wrong)
    assert not pattern.search(right)


def imported_packages(name):
    for node in ast.walk(ast.parse(text_of(name))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_only_the_two_runtimes_import_the_actor_library():
    importing = {
        name
        for name in tracked(".py")
        if not name.startswith("tests/")
        and "pykka" in text_of(name)
        and "pykka" in imported_packages(name)
    }
    assert importing == RUNTIMES


def is_dataclass(node):
    return isinstance(node, ast.ClassDef) and any(
        "dataclass" in ast.unparse(decorator) for decorator in node.decorator_list
    )


def memberships(module):
    """How often each name stands in a union of the module; a union inside another counts for itself."""
    unions = [
        node.value
        for node in module.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"
    ]
    assert unions, "no union found"
    return Counter(
        name.id for union in unions for name in ast.walk(union) if isinstance(name, ast.Name)
    )


@pytest.mark.parametrize(
    "name", ["cluster/messages.py", "cluster/work_messages.py", "recorder/messages.py"]
)
def test_every_message_belongs_to_exactly_one_receiver(name):
    module = ast.parse(text_of(name))
    counts = memberships(module)
    wrong = [
        f"{node.name} is in {counts[node.name]} unions"
        for node in module.body
        if is_dataclass(node) and counts[node.name] != (node.name not in NOT_IN_A_UNION)
    ]
    assert_none(wrong, f"every message of {name} is in one union")


def protocols():
    for name in PORT_FILES:
        for node in ast.parse(text_of(name)).body:
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base).startswith("Protocol") for base in node.bases
            ):
                yield node.name


PORTS = sorted([*IMPLEMENTATIONS, *OVER_WORLDS])


def contract_test(port):
    return f"test_{re.sub(r'(?<!^)(?=[A-Z])', '_', port).lower()}.py"


def loaded(dotted):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def methods_of(port):
    for module in map(importlib.import_module, PORT_MODULES):
        if hasattr(module, port):
            names = vars(getattr(module, port)).items()
            return {name for name, value in names if callable(value) and not name.startswith("_")}
    raise AssertionError(port)


def test_every_port_is_known_here():
    assert sorted(protocols()) == sorted([*PORTS, *PARTS_OF_OTHER_PORTS])


@pytest.mark.parametrize("port", sorted(IMPLEMENTATIONS))
def test_every_port_has_a_real_implementation_and_one_for_the_simulator(port):
    real, other = IMPLEMENTATIONS[port]
    assert not real.startswith("sim.")
    assert loaded(real) is not loaded(other)
    for dotted in (real, other):
        missing = sorted(name for name in methods_of(port) if not hasattr(loaded(dotted), name))
        assert_none(missing, f"{dotted} lacks")


def test_every_contract_test_is_of_a_port():
    """A large contract may have several files: test_contact_db.py, test_contact_db_contacts.py."""
    stems = tuple(contract_test(port).removesuffix(".py") for port in PORTS)
    present = {path.stem for path in (ROOT / "tests/contract").glob("test_*.py")}
    of_none = sorted(name for name in present if not name.startswith(stems))
    assert_none(of_none, "a contract test of no port")


def text_with_helpers(name):
    """A contract test and the helpers beside it that it draws on, to any depth."""
    names = [f"tests/contract/{name}", "tests/contract/conftest.py"]
    for known in names:
        found = re.findall(r"from tests\.contract\.(\w+) import", text_of(known))
        names += [path for one in found if (path := f"tests/contract/{one}.py") not in names]
    return "\n".join(text_of(known) for known in names)


@pytest.mark.parametrize("port", sorted(IMPLEMENTATIONS))
def test_every_contract_test_makes_both_implementations(port):
    text = text_with_helpers(contract_test(port))
    missing = [one for one in IMPLEMENTATIONS[port] if one.rpartition(".")[2] not in text]
    assert_none(missing, f"{contract_test(port)} does not know")


@pytest.fixture(scope="module")
def collected():
    """Parameters of each contract test: file, then function, then the set of its ids."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/contract"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    tests = {}
    for file, function, given in re.findall(
        r"(?m)^tests/contract/(\w+\.py)::(?:\w+::)?(\w+)(?:\[(.*)\])?$", done.stdout
    ):
        tests.setdefault(file, {}).setdefault(function, set()).add(given)
    assert tests, done.stdout + done.stderr
    return tests


@pytest.mark.parametrize("port", PORTS)
def test_every_contract_test_runs_over_both_implementations(port, collected):
    """What several tests of the file are run with are its implementations: two or more of them."""
    tests = collected[contract_test(port)]
    worlds = Counter(word for ids in tests.values() for word in set("-".join(ids).split("-")))
    common = [word for word, times in worlds.items() if word and times >= 3]
    assert len(common) >= 2, f"{contract_test(port)} runs over {common}"


PURE = {
    name
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    if contract["name"] == "the pure files of the pair know nothing of the world"
    for name in contract["source_modules"]
}  # fmt: skip


def is_held_to_it(module):
    """By its own name or with the whole room it is in."""
    return bool({module, module.rpartition(".")[0]} & PURE)


def test_what_says_that_it_is_pure_is_held_to_it():
    says_so = {
        name.removesuffix(".py").replace("/", ".")
        for name in tracked(".py")
        if name.startswith("cluster/")
        and re.search(
            r"\bPure\.|\bpure machine\b", ast.get_docstring(ast.parse(text_of(name))) or ""
        )
    }
    assert says_so
    assert_none(
        sorted(one for one in says_so if not is_held_to_it(one)),
        "pure by its own word, and in no contract of pyproject.toml",
    )
