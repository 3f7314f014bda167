"""The made-up outputs: of the shape that the demo maps, and made from the inputs."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulator.outputs import early_outputs, outputs
from pipeline.simulator.replies import Json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3)
    ),
    max_leaves=5,
)


@given(start_variables=st.dictionaries(st.text(), JSON, max_size=5))
@settings(deadline=None, max_examples=100)
def test_any_start_variables_give_all_outputs(start_variables: dict[str, Json]) -> None:
    """Whatever the inputs, the outputs have their shape, are equal each time, and are JSON."""
    made = outputs(start_variables)
    assert made == outputs(start_variables)
    assert set(made) == {"Generated email", "analysis", "Industry", "Language", "Summary"}
    assert 0 <= made["analysis"]["score"] <= 100
    assert made["Language"] in {"en", "de", "fr"}
    assert early_outputs(start_variables).items() <= made.items()
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize(
    "start_variables",
    [
        {"Company": "Northwind", "First name": "Ada"},
        {"Company name": "Northwind", "Name": "Ada"},
        {"Firma": "Northwind", "Vorname": "Ada", "Nachname": "Berg"},
        {"Name": "Ada", "COMPANY": "Northwind"},
    ],
)
def test_the_email_names_the_company_and_the_person(start_variables: dict[str, Json]) -> None:
    """A result in the wrong row would be seen: the text names whom it was made for."""
    email = outputs(start_variables)["Generated email"]
    assert "Northwind" in email
    assert "Ada," in email


@pytest.mark.parametrize(
    ("start_variables", "language"),
    [
        ({"Company": "Acme", "Website": "https://acme.com"}, "en"),
        ({"Company": "Acme GmbH"}, "de"),
        ({"Website": "https://acme.de/kontakt"}, "de"),
        ({"Country": "France"}, "fr"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_inputs(start_variables: dict[str, Json], language: str) -> None:
    """Country, legal form and domain decide; English is the rest."""
    assert outputs(start_variables)["Language"] == language


def test_different_inputs_give_different_outputs() -> None:
    """Two rows can be told apart by what they got."""
    many = [json.dumps(outputs({"Company": f"Company {number}"})) for number in range(50)]
    assert len(set(many)) == 50
