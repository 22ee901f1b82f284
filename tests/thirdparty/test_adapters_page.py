"""docs/adapters.md shows the code of the package in tests/thirdparty/tapes, to the letter."""

import re

import pytest

from recorder.ports.recording import DataSource
from tests.thirdparty.stranger import ROOT, TAPES

PAGE = (ROOT / "docs/adapters.md").read_text("utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w+) (\S+)\n(.*?)^```$", PAGE)
SHOWN_MIN = 10


@pytest.mark.parametrize(("language", "path", "code"), BLOCKS)
def test_what_the_page_shows_is_the_code_of_the_package(language, path, code):
    assert (ROOT / path).is_relative_to(TAPES)
    assert code in (ROOT / path).read_text("utf-8")
    assert language == {".py": "python", ".toml": "toml", ".md": "toml"}[(ROOT / path).suffix]


def test_no_code_is_shown_that_is_not_of_the_package():
    assert len(BLOCKS) > SHOWN_MIN
    assert len(BLOCKS) == len(re.findall(r"(?m)^```(?:python|toml)", PAGE))


def test_every_method_of_a_data_source_is_explained():
    methods = [name for name in vars(DataSource) if not name.startswith("_") and name != "name"]
    assert [name for name in methods if f"`{name}" not in PAGE] == []


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_every_anchor_is_a_heading():
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"(?m)^#+ (.+)$", PAGE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
