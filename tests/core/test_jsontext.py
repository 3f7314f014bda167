"""Values to JSON and back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.jsontext import from_json, to_json
from pipeline.core.model import Json

HALF_AN_EMOJI = "\ud83d"
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=100)
@given(VALUES)
def test_what_was_written_is_read_back(value: Json) -> None:
    """Whatever a service gave, or a person wrote: on one line, and the same afterwards."""
    text = to_json(value)
    assert "\n" not in text
    assert from_json(text) == value


@pytest.mark.parametrize("value", [HALF_AN_EMOJI, {HALF_AN_EMOJI: [HALF_AN_EMOJI]}])
def test_half_an_emoji_is_kept(value: Json) -> None:
    """No other program takes it for text, and none of a row is lost for it."""
    assert to_json(value) == json.dumps(value)
    assert from_json(to_json(value)) == value


def test_what_is_no_json_is_not_guessed() -> None:
    """A text that nobody wrote so is an error to whoever asks."""
    with pytest.raises(json.JSONDecodeError):
        from_json("{")
