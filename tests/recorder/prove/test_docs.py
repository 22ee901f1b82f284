"""What docs/certificate.md says of the format is true: its own program verifies a real certificate."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.prove.document import to_text
from recorder.records.certificates import Cause, LeafState, Verdict
from tests.recorder.prove.certified import a_leaf, certify

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/certificate.md").read_text("utf-8")


@pytest.fixture
def program(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "verify.py"
    path.write_text(code)

    def run(text):
        file = tmp_path / "certificate.json"
        file.write_text(text, encoding="utf-8")
        return subprocess.run(
            [sys.executable, path, file], capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize("count", [0, 1, 7])
def test_the_program_on_the_page_verifies_certificates(program, count):
    leaves = [
        a_leaf(f"é{n}", LeafState.ARCHIVED if n % 2 else LeafState.GONE) for n in range(count)
    ]
    done = program(to_text(certify(leaves)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("zoom 2024-10-04")


def test_it_refuses_what_was_changed(program):
    text = to_text(certify([a_leaf("a"), a_leaf("b")]))
    assert program(text.replace('"item":"a"', '"item":"A"')).returncode != 0
    assert program(text.replace('"made_by":"alpha"', '"made_by":"beta"')).returncode != 0


def test_every_cause_verdict_and_fault_is_explained():
    causes = [value for name, value in vars(Cause).items() if name.isupper()]
    source = "".join(
        (ROOT / "recorder/prove" / name).read_text("utf-8")
        for name in ("verify.py", "compare.py", "check.py", "inclusion.py")
    )
    faults = re.findall(r'Fault\(\s*"(\w+)"', source)
    assert len(causes) > 8
    assert len(faults) > 15
    for word in [*causes, *faults, *LeafState]:
        assert f"`{word}`" in PAGE, word
    for verdict in Verdict:
        assert f"**{verdict}**" in PAGE
