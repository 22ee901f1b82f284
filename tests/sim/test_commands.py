"""What `tandem up` and `tandem demo` make of their options."""

import pytest

from recorder.cli.errors import CliError, Exit
from sim import commands
from sim.served.sources import KINDS


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ("dynamics", ("dynamics",)),
        (" dynamics , dynamics,", ("dynamics",)),
        (",".join(KINDS), KINDS),
    ],
)
def test_sources_are_named_with_commas(given, kinds):
    assert commands._kinds(given) == kinds


@pytest.mark.parametrize("given", ["telegraph", "dynamics,telegraph", "", ","])
def test_a_source_without_a_fake_is_refused_with_those_there_are(given):
    with pytest.raises(CliError) as refused:
        commands._kinds(given)
    assert refused.value.code == Exit.USAGE
    assert "dynamics" in refused.value.hint


@pytest.mark.parametrize("command", [commands.UP, commands.DEMO])
def test_both_commands_refuse_before_anything_is_started(command, tmp_path):
    words = ["--sources", "telegraph", "--directory", str(tmp_path / "show")]
    with pytest.raises(CliError):
        command(words, exit_on_error=False, result_action="return_value")
    assert not (tmp_path / "show").exists()


def test_screens_without_the_service_of_their_agents_are_refused(tmp_path):
    words = ["--screens", "--sources", "zoom", "--directory", str(tmp_path / "show")]
    with pytest.raises(CliError) as refused:
        commands.UP(words, exit_on_error=False, result_action="return_value")
    assert refused.value.hint == "--sources dynamics,zoom"
    assert not (tmp_path / "show").exists()
