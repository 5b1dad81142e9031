"""Who must confirm a policy, who stands above them, and what is said when: by rule alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from services.admin.policies.announcement import Announcement, go_on, publish
from services.admin.policies.readership import (
    Staffer,
    by_superior,
    places_concerned,
    role_of,
    who_must,
)
from shared.contracts.admin import PolicyPublished, PolicyReminded, PolicyUnconfirmed
from shared.policy.duty import Duty, sample_duty
from shared.policy.policy import build_policy, load_documents
from shared.policy.templates import LANGUAGES
from shared.runtime.web import words

NOW: Final = datetime(2026, 11, 30, 2, tzinfo=UTC)
WITHIN: Final = timedelta(days=2)
DUTY: Final = Duty.model_validate(sample_duty())
GROUP: Final = build_policy("v1", load_documents()).group


def staffer(id: str, role: Any = "agent", *places: str, active: bool = True) -> Staffer:
    return Staffer(id, role, frozenset(places or ("*",)), active)


def test_who_has_an_account_must_by_its_role_and_place_and_others_by_their_lists() -> None:
    staff = [
        staffer("here", "department", "jinyuan"),
        staffer("there", "department", "cuihu"),
        staffer("left", "department", active=False),
        staffer("jy-engineering-1", "manager"),  # whatever the list says
    ]

    must = who_must(("department",), ["jinyuan"], staff, DUTY, GROUP)

    assert {"here", "jy-engineering-2", "jy-security-1"} <= {*must}
    assert not {"there", "left", "jy-engineering-1", "jy-manager", "jy-customer-service-1"} & {
        *must
    }
    assert not any(id.startswith("ch-") for id in must)


def test_who_is_frozen_must_nothing() -> None:
    duty = DUTY.model_copy(update={"frozen": frozenset({"jy-security-1"})})

    assert "jy-security-1" not in who_must(("department",), ["*"], [], duty, GROUP)
    assert role_of("jy-security-1", [], duty) is None


@pytest.mark.parametrize(
    ("id", "role"),
    [("jy-manager", "manager"), ("jy-customer-service-1", "agent"), ("jy-security-1", "department"),
     ("nobody", None)],
)  # fmt: skip
def test_without_an_account_the_lists_say_in_which_role_somebody_reads(
    id: str, role: str | None
) -> None:
    assert role_of(id, [], DUTY) == role


def test_a_change_of_places_alone_is_about_those_places() -> None:
    before = {"rules": {"a": 1}, "local": {"jinyuan": {"rules": {"b": 1}}}}
    local = {"rules": {"a": 1}, "local": {"jinyuan": {"rules": {"b": 2}}, "cuihu": {"rules": {}}}}
    both = {**local, "rules": {"a": 2}}

    assert places_concerned(before, local) == {"jinyuan", "cuihu"}
    assert places_concerned(before, both) == {"*"}
    assert places_concerned(before, before) == {"*"}


def test_the_lead_is_told_of_their_people_and_who_manages_of_a_lead() -> None:
    lead = DUTY.lead("jinyuan", "security")
    assert lead is not None

    told = by_superior(["jy-security-1", lead.id], DUTY)

    assert told[lead.id] == ("jy-security-1",)
    assert lead.id in {id for superior, ids in told.items() if superior != lead.id for id in ids}


def test_it_is_told_then_reminded_then_reported_and_ends_when_all_have_confirmed() -> None:
    told = publish("v2", NOW, ("a", "b", "c"), NOW, within=WITHIN, listed={"a", "b"})
    later = NOW + WITHIN
    reminded = go_on(told.value, ["b"], {"chief": ("b",)}, later, within=WITHIN)
    reported = go_on(reminded.value, ["b"], {"chief": ("b",)}, later + WITHIN, within=WITHIN)
    done = go_on(told.value, [], {}, later, within=WITHIN)

    facts = {"policy": "v2", "begins": NOW}
    assert told.events == (PolicyPublished(**facts, recipients=("a", "b")),)
    assert told.value.next_at == later
    assert reminded.events == (PolicyReminded(**facts, recipients=("b",)),)
    assert reminded.value.next_at == later + WITHIN
    assert reported.events == (PolicyUnconfirmed(**facts, recipients=("chief",), missing=("b",)),)
    assert reported.value.next_at is None
    assert (done.events, done.value.stage, done.value.next_at) == ((), "ended", None)


def test_nothing_more_is_said_after_the_report() -> None:
    over = Announcement(id="v2", begins=NOW, at=NOW, readers=("a",), stage="reported")

    assert go_on(over, ["a"], {"chief": ("a",)}, NOW, within=WITHIN).events == ()


def test_every_text_of_the_page_is_there_in_both_languages() -> None:
    zh, en = (words("services.admin.policies", language) for language in LANGUAGES)

    assert zh.keys() == en.keys()
    assert all(zh.values())
    assert all(en.values())
    assert {f"part_{kind}" for kind in load_documents()} <= zh.keys()
