"""Whose outboxes there are, for those who look into all of them: the sweep and the auditor; and
whether a document has said what an event claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.contracts import Event
from shared.contracts.intake import TicketPersonErased
from shared.contracts.privacy import PrivacyRequestGranted
from shared.contracts.survey import SurveyDangerTold, SurveyDissatisfied, SurveyEvent
from shared.documents import Doc
from shared.store import Store
from shared.store.change import SAID

KIND_OF: Final[Mapping[str, str]] = {
    "tickets": "ticket",
    "emergencies": "emergency",
    "messages": "message",
    "surveys": "survey",
    "calls": "call",
    "callbacks": "call_back",
    "lines": "line",
    "parked": "parked",
    "rosters": "roster",
    "shifts": "shift",
    "incidents": "incident",
    "follow_ups": "follow_up",
    "reading_alarms": "reading_alarm",
    "link_tries": "link_tries",
    "privacy_works": "privacy_work",
    "privacy_requests": "privacy_request",
    "policy_announcements": "policy_announcement",
}
"""The collections whose documents have events, and what begins the ids of these. A test compares it
with what the services keep."""
URGENT: Final = ("tickets", "emergencies", "messages", "surveys", "parked", "follow_ups")
"""Those among whose events some may be urgent."""
_COLLECTION_OF: Final = {kind: collection for collection, kind in KIND_OF.items()}


async def has_said(store: Store, id: str, digest: bytes, event: Event) -> bool:
    """Whether the document that an event's id names (`<kind>/<document>/<version>/<n>`) has said
    just this: whoever can publish can claim anything, but only we write the store. An event is
    published after the write, so that what is true is never asked for too early. A document that
    a version of before wrote last has noted nothing: it is believed where that can be undone, and
    where it cannot, its state must bear the event out.
    """
    kind, _, rest = id.partition("/")
    collection = _COLLECTION_OF.get(kind)
    if collection is None:
        return False
    document = rest.rsplit("/", 2)[0]  # a duty list has a stroke in its own id
    found = await store.get(collection, document, fields=(SAID,))
    if found is None or SAID in found:
        return found is not None and digest in found[SAID]
    return not event.must_be_founded or bears_out(await store.get(collection, document), event)


def bears_out(doc: Doc | None, event: Event) -> bool:
    """Whether the state of a document, as it is now, is what an event that cannot be undone says of
    it: this request is granted, this answer was given, this person was erased. What was added since
    documents note what they say, none of before can have said.
    """
    if doc is None:
        return False
    match event:
        case PrivacyRequestGranted():
            granted = {"_id": event.request, "status": "granted"}
            return _has(doc, granted | event.model_dump(include=_REQUESTED))
        case SurveyDissatisfied():
            answer = doc.get("answer") or {}
            is_their_score = _has(answer, {"dissatisfied": True, "score": event.score})
            return is_their_score and _has(doc, _of_survey(event))
        case SurveyDangerTold():
            return _has(doc, _of_survey(event) | {"danger": event.emergency_kind})
        case TicketPersonErased():
            was_erased = any(e["transition"] == "person_erased" for e in doc.get("timeline", ()))
            is_gone = event.person not in doc.get("persons", ())
            return was_erased and is_gone and doc["_id"] == event.number
        case _:
            return False


_REQUESTED: Final = {"turn", "kind", "number", "person"}


def _of_survey(event: SurveyEvent) -> Doc:
    return {"_id": event.survey, "number": event.number, "round": event.round}


def _has(doc: Mapping[str, object], facts: Mapping[str, object]) -> bool:
    return all(doc.get(field) == value for field, value in facts.items())
