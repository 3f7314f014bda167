"""What a run gives. Owns the made-up outputs of a sales workflow, made from the start variables.

Must not know runs. Equal start variables give equal outputs, so that a result that landed in the
wrong row can be told from the right one.
"""

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from pipeline.simulator.replies import Json

COMPANY: Final = ("company", "firma", "unternehmen", "organi", "account")
PERSON: Final = ("first name", "vorname", "contact", "ansprech", "name")
"""Words by which a start variable is known, the best first."""

LANGUAGES: Final[Mapping[str, re.Pattern[str]]] = {
    "de": re.compile(r"\.(de|at)\b|\b(deutsch|german|germany|deutschland|austria|gmbh|kg)\b"),
    "fr": re.compile(r"\.fr\b|\b(french|français|france|sarl)\b"),
}
"""What in the start variables speaks for a language; without any of it the text is English."""

INDUSTRIES: Final[Mapping[str, re.Pattern[str]]] = {
    "Software": re.compile(r"soft|cloud|data|\.io\b|\.ai\b|\btech"),
    "Manufacturing": re.compile(r"machine|maschin|werk|steel|stahl|factory"),
    "Financial services": re.compile(r"bank|capital|insur|versicher|financ"),
    "Food and drink": re.compile(r"food|bakery|bäckerei|brew|brau|coffee|kaffee"),
    "Logistics": re.compile(r"logist|freight|transport|spedition"),
    "Healthcare": re.compile(r"health|medic|pharma|klinik|clinic"),
}

EMAILS: Final[Mapping[str, str]] = {
    "en": "Hello {person}, I have been following what {company} does in {industry}. "
    "Teams like yours save about {hours} hours a week with us. "
    "Would a short call on Tuesday suit you?",
    "de": "Guten Tag {person}, ich verfolge, was {company} im Bereich {industry} tut. "
    "Teams wie Ihres sparen mit uns etwa {hours} Stunden in der Woche. "
    "Passt Ihnen ein kurzes Gespräch am Dienstag?",
    "fr": "Bonjour {person}, je suis de près ce que fait {company} dans le secteur {industry}. "
    "Des équipes comme la vôtre gagnent environ {hours} heures par semaine avec nous. "
    "Un court appel mardi vous conviendrait-il ?",
}

FITS: Final = ("a poor", "a fair", "a good")
"""What a score means, by thirds of its scale of 0 to 100."""

_SORTED: Final = json.JSONEncoder(sort_keys=True)

SUMMARY_LENGTH: Final = 300
"""Characters; a longer summary is cut off."""


def early_outputs(start_variables: Mapping[str, Json]) -> dict[str, Json]:
    """The outputs that are there before the run ends."""
    return _early(start_variables, _number(start_variables))


def outputs(start_variables: Mapping[str, Json]) -> dict[str, Json]:
    """All outputs of a run that completed."""
    number = _number(start_variables)
    early = _early(start_variables, number)
    company = _find(start_variables, COMPANY, besides=()) or "your company"
    email = EMAILS[str(early["Language"])].format(
        person=_find(start_variables, PERSON, besides=COMPANY) or "there",
        company=company,
        industry=early["Industry"],
        hours=2 + number % 9,
    )
    score = number % 101
    reason = f"{company} is {FITS[score * len(FITS) // 101]} match for {early['Industry']}"
    return early | {
        "Generated email": email,
        "analysis": {"score": score, "reason": reason},
        "Summary": _summary(start_variables),
    }


def _early(start_variables: Mapping[str, Json], number: int) -> dict[str, Json]:
    words = _words(start_variables)
    return {"Language": _language(words), "Industry": _industry(words, number)}


def _summary(start_variables: Mapping[str, Json]) -> str:
    parts = [f"{name}: {_text(value)}" for name, value in start_variables.items()]
    return ("; ".join(parts) or "No start variables")[:SUMMARY_LENGTH]


def _language(words: str) -> str:
    return next((code for code, marks in LANGUAGES.items() if marks.search(words)), "en")


def _industry(words: str, number: int) -> str:
    names = list(INDUSTRIES)
    found = (name for name, marks in INDUSTRIES.items() if marks.search(words))
    return next(found, names[number % len(names)])


def _find(
    start_variables: Mapping[str, Json], hints: tuple[str, ...], besides: tuple[str, ...]
) -> str:
    """The text of the variable whose name holds a hint, and none of `besides`."""
    for hint in hints:
        for name, value in start_variables.items():
            folded = name.casefold()
            if hint in folded and not any(other in folded for other in besides) and _text(value):
                return _text(value)
    return ""


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _words(start_variables: Mapping[str, Json]) -> str:
    return " ".join(map(_text, start_variables.values())).casefold()


def _number(start_variables: Mapping[str, Json]) -> int:
    """A number that is the same for equal start variables, whatever their order."""
    return int.from_bytes(blake2b(_SORTED.encode(start_variables).encode(), digest_size=6).digest())
