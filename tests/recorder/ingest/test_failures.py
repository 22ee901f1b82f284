"""What a failure means for its item."""

import pytest

from recorder.errors import (
    AuthRefused,
    CallBufferError,
    ConfigError,
    ItemGone,
    NotMedia,
    Throttled,
)
from recorder.ingest.failures import failure_of
from recorder.model import ItemState


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (ItemGone("x"), ItemState.GONE, "gone"),
        (NotMedia("x"), ItemState.FAILED, "not_media"),
        (AuthRefused("x"), ItemState.FAILED, "auth_refused"),
        (CallBufferError("x"), ItemState.FAILED, "call_buffer"),
        (ConfigError("x"), ItemState.FAILED, "node_error"),
        (KeyError("x"), ItemState.FAILED, "adapter_error"),
    ],
)
def test_every_failure_has_a_state_and_a_stable_code(error, state, code):
    failure = failure_of(error, "zoom")
    assert (failure.state, failure.code) == (state, code)
    assert failure.is_bug is (code == "adapter_error")


def test_the_patience_a_source_asks_for_is_passed_on():
    assert failure_of(Throttled("x", retry_after_s=17), "zoom").retry_after_s == 17


def test_the_text_of_a_foreign_exception_is_not_repeated():
    failure = failure_of(ValueError("https://host/?sig=s3cret"), "zoom")
    assert failure.message == "ValueError while fetching from zoom"
