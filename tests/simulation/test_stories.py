"""What the search found once: each incident file is a story that must end well for ever."""

from pathlib import Path

import pytest

from recorder.errors import ConfigError
from sim.search.attempt import attempt
from sim.search.corpus import read_stories, save_incident
from sim.world.incident import Incident

STORIES = read_stories(Path(__file__).parent / "incidents")


@pytest.mark.parametrize("name", STORIES)
def test_a_story_that_went_wrong_once_ends_well(name):
    report = attempt(STORIES[name])
    assert report.good, f"{STORIES[name].story} {report.violations}"


def test_a_file_without_a_sentence_is_no_story(tmp_path):
    save_incident(tmp_path / "dumb.json", Incident())
    with pytest.raises(ConfigError, match="says nothing"):
        read_stories(tmp_path)


def test_a_saved_incident_is_read_back_with_its_sentence(tmp_path):
    save_incident(tmp_path / "deep" / "one.json", Incident(seed=7), "It broke.")
    assert read_stories(tmp_path / "deep") == {"one": Incident(seed=7, story="It broke.")}
