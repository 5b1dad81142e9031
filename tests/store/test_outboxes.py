"""Whoever looks into all outboxes knows of every collection that has some; and what a document of
before, which has noted nothing of what it said, is believed.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from services.admin.app import KEEPS as ADMIN
from services.intake.app import KEEPS as INTAKE
from services.notifier.app import KEEPS as NOTIFIER
from services.router.app import KEEPS as ROUTER
from services.survey.app import KEEPS as SURVEY
from services.telephony.app import KEEPS as TELEPHONY
from shared.contracts import Event
from shared.contracts.base import known_events
from shared.contracts.intake import TicketPersonErased, TicketUrged
from shared.contracts.privacy import PrivacyRequestGranted
from shared.contracts.survey import SurveyDangerTold, SurveyDissatisfied
from shared.readers.outboxes import KIND_OF, URGENT, bears_out, has_said
from shared.store import Store
from shared.store.parked import PARKED
from shared.store.store import Kept

KEEPS: list[Kept] = [*ADMIN, *INTAKE, *NOTIFIER, *ROUTER, *SURVEY, *TELEPHONY, PARKED]


def test_every_collection_with_events_is_known_with_its_kind() -> None:
    found = {each.name: each.kind for each in KEEPS if each.kind is not None}

    assert found == KIND_OF


def test_those_with_alerts_are_known() -> None:
    assert {each.name for each in KEEPS if each.alerts} == {*URGENT}


OF_SURVEY: Final[dict[str, Any]] = {"survey": "T1-1", "number": "T1", "round": 1}
SAYS: Final[list[tuple[str, Event, dict[str, Any]]]] = [
    (
        "privacy_requests",
        PrivacyRequestGranted(
            request="r1", turn=2, kind="erase", number="T1", person="caller", by="officer"
        ),
        {"_id": "r1", "status": "granted", "turn": 2, "kind": "erase", "number": "T1",
         "person": "caller"},
    ),
    (
        "surveys", SurveyDissatisfied(**OF_SURVEY, score=2),
        {"_id": "T1-1", "number": "T1", "round": 1, "answer": {"score": 2, "dissatisfied": True}},
    ),
    (
        "surveys", SurveyDangerTold(**OF_SURVEY, emergency_kind="fire"),
        {"_id": "T1-1", "number": "T1", "round": 1, "danger": "fire"},
    ),
    (
        "tickets", TicketPersonErased(number="T1", person="caller", why="retention"),
        {"_id": "T1", "persons": {"on_site_contact": b"sealed"},
         "timeline": [{"transition": "register"}, {"transition": "person_erased"}]},
    ),
]  # fmt: skip
"""Each event that cannot be undone, and the document of before that bears it out."""
BENT: Final[dict[str, list[dict[str, Any]]]] = {
    "privacy_request.granted": [
        {"request": "r2"}, {"turn": 3}, {"kind": "copy"}, {"number": "T2"},
        {"person": "on_site_contact"},
    ],
    "survey.dissatisfied": [{"survey": "T2-1"}, {"number": "T2"}, {"round": 2}, {"score": 1}],
    "survey.danger_told": [
        {"survey": "T2-1"}, {"number": "T2"}, {"round": 2}, {"emergency_kind": "gas_leak"},
    ],
    "ticket.person_erased": [{"number": "T2"}, {"person": "on_site_contact"}],
}  # fmt: skip
OTHERWISE: Final[dict[str, list[dict[str, Any]]]] = {
    "privacy_request.granted": [{"status": "asked"}, {"status": "refused"}],
    "survey.dissatisfied": [{"answer": None}, {"answer": {"score": 2, "dissatisfied": False}}],
    "survey.danger_told": [{"danger": None}],
    "ticket.person_erased": [{"persons": {"caller": b"sealed"}}, {"timeline": []}],
}


def test_it_is_known_what_bears_out_each_that_a_version_of_before_could_say() -> None:
    """What was added since no document of before can have said, and none bears it out."""
    kinds = {kind for kind in known_events().values() if kind.must_be_founded}
    known = {type(event) for _, event, _ in SAYS}

    assert known <= kinds
    for added in kinds - known:
        assert not bears_out({"_id": "T1", "number": "T1"}, added.model_construct())


@pytest.mark.parametrize(("collection", "event", "doc"), SAYS, ids=lambda each: str(each)[:20])
async def test_an_event_of_a_document_of_before_is_believed_where_its_state_bears_it_out(
    store: Store, collection: str, event: Event, doc: dict[str, Any]
) -> None:
    documents = store.documents(collection)
    await documents.insert_one(doc)
    id = f"{KIND_OF[collection]}/{doc['_id']}/9/0"
    assert await has_said(store, id, b"any", event)

    for bent in BENT[event.name]:
        assert not await has_said(store, id, b"any", event.model_copy(update=bent)), bent
    for state in OTHERWISE[event.name]:
        await documents.replace_one({"_id": doc["_id"]}, doc | state)
        assert not await has_said(store, id, b"any", event), state
    await documents.replace_one({"_id": doc["_id"]}, doc | {"said": [b"another"]})
    assert not await has_said(store, id, b"any", event), "since then it notes what it says"


@pytest.mark.parametrize("event", [event for _, event, _ in SAYS], ids=lambda event: event.name)
async def test_no_document_of_another_kind_bears_it_out(store: Store, event: Event) -> None:
    for collection in KIND_OF:
        await store.documents(collection).insert_one({"_id": "bare"})
        assert not await has_said(store, f"{KIND_OF[collection]}/bare/9/0", b"any", event)


async def test_what_can_be_undone_is_believed_of_a_document_of_before(store: Store) -> None:
    await store.documents("tickets").insert_one({"_id": "T1"})

    assert await has_said(store, "ticket/T1/9/0", b"any", TicketUrged(number="T1"))
    assert not await has_said(store, "ticket/T2/9/0", b"any", TicketUrged(number="T2"))
