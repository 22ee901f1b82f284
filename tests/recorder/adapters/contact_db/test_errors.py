"""Values that a driver itself cannot take are an error of the Data Center, never of an actor."""

from dataclasses import replace

import pytest

from recorder.adapters.contact_db import SqlContactDb, migrate, open_engine
from recorder.adapters.contact_db.errors import translated
from recorder.errors import DataCenterError
from recorder.model import ItemState, SourceProgress
from tests.calls import an_event, an_outcome
from tests.recorder.hand_clock import HandClock


@pytest.fixture
def db(tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrate(url)
    db = SqlContactDb(open_engine(url), cluster="pair", node="alpha", clock=HandClock())
    yield db
    db.close()


@pytest.mark.parametrize(
    "odd", [OverflowError("2**64"), ValueError("hush-hush"), UnicodeError("half")]
)
def test_what_the_driver_cannot_take_is_a_data_center_error_without_the_value(odd):
    with pytest.raises(DataCenterError) as caught, translated("saving"):
        raise odd
    assert "saving" in str(caught.value)
    assert str(odd) not in str(caught.value)


def test_an_outcome_with_numbers_beyond_64_bits_is_refused(db):
    for odd in (
        replace(an_outcome(), attempts=2**64),
        replace(an_outcome(), state=ItemState.FAILED, retry_at_us=2**70),
        replace(an_outcome(), events=(replace(an_event(), number=2**64 - 1),)),
    ):
        with pytest.raises(DataCenterError):
            db.record_outcome(odd, 1)


def test_a_progress_or_a_term_beyond_64_bits_is_refused_and_the_database_goes_on(db):
    with pytest.raises(DataCenterError):
        db.save_progress(SourceProgress("crm", 2**63, 2**63, 1), 1)
    with pytest.raises(DataCenterError):
        db.save_progress(SourceProgress("crm", 1, 1, 1), 2**63)
    db.save_progress(SourceProgress("crm", 1, 1, 1), 1)
    assert db.load_progress()
