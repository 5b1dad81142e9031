"""How an announcement reads before it is made: in the group's own words, for nobody in
particular.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.router.incidents.incident import Incident
from services.router.incidents.views import WordsView
from shared.codes.spoken import spoken_time
from shared.policy.policy import Policy
from shared.policy.templates import FIELDS, Language

_BETWEEN: Final[Mapping[Language, str]] = {"zh": "、", "en": ", "}
_BLANK: Final[Mapping[Language, str]] = {"zh": "……", "en": "..."}
"""Where each household reads its own number."""


def draft_of(incident: Incident, policy: Policy, language: Language) -> WordsView:
    """The words of an outage's notice as they would be sent now; `policy` is that of its estate."""
    estate = policy.group.find_estate(incident.estate)
    areas = {area.id: area for area in policy.taxonomy.areas}
    area, due = areas.get(incident.area), incident.restore_by
    fields = dict.fromkeys(FIELDS, "") | {
        "number": _BLANK[language],
        "group": getattr(policy.group, language),
        "desk": _BETWEEN[language].join(policy.rules.desk_numbers),
        "estate": getattr(estate, language) if estate else "",
        "area": getattr(area, language) if area else "",
        "due": spoken_time(due, policy.calendar.zone, language) if due else "",
    }
    subject, body = policy.templates.words("outage", language).render(fields)
    return WordsView(subject=subject, body=body)
