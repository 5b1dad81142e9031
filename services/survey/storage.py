"""How surveys are kept, and what is asked of them."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.survey.domain import Survey
from shared.documents import Shape
from shared.store import CollectionSpec, Order

NEWEST: Final = Order("asked_at", newest=True)
SURVEYS: Final = CollectionSpec(
    name="surveys",
    kind="survey",
    shape=Shape(
        value=Survey,
        flat=("matter",),
        names={Survey: {"made_at": "asked_at"}},
        lean={Survey: ("unreached", "danger")},
    ),
    lane=lambda survey: survey.lane,
    alerts=True,
    indexes=(
        IndexModel(NEWEST.sort, name="surveys_newest"),
        IndexModel([("estate", ASCENDING), *NEWEST.sort], name="surveys_of_estate"),
        IndexModel([("number", ASCENDING), *NEWEST.sort], name="surveys_of_ticket"),
    ),
)
