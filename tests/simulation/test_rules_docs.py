"""The table of rules in docs/world.md is what the rules say of themselves."""

import sys
from pathlib import Path

from sim.world.rules import RULES

DOCS = Path(__file__).parents[2] / "docs" / "world.md"


def table() -> list[str]:
    """The lines that ought to be there; `python -m tests.simulation.test_rules_docs` prints them."""
    rows = ["| Rule | Target | Options | What it does |", "|---|---|---|---|"]
    for kind, rule in RULES.items():
        options = "; ".join(f"`{name}`: {option.what}" for name, option in rule.options.items())
        rows.append(f"| `{kind}` | {rule.hits.value} | {options} | {rule.what} |")
    return rows


def test_the_table_of_rules_is_complete_and_true():
    written = [line for line in DOCS.read_text().splitlines() if line.startswith("|")]
    missing = [row for row in table() if row not in written]
    assert not missing
    about_rules = [line for line in written if line.startswith("| `") and line.count("|") == 5]
    assert about_rules == table()[2:]


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
