"""The taxonomy and the lexicon are checked as they are read, and every fault is named."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.triage.lexicon import Lexicon, load_sample_lexicon, read_lexicon
from shared.triage.taxonomy import EmergencyKind, Taxonomy, load_sample_taxonomy


def document() -> dict[str, Any]:
    return load_sample_taxonomy().model_dump(mode="json", by_alias=True)


def words() -> dict[str, Any]:
    return load_sample_lexicon().model_dump(mode="json")


def test_the_sample_has_every_part() -> None:
    taxonomy = load_sample_taxonomy()

    assert len(taxonomy.areas) == 24
    assert len(taxonomy.departments) == 7
    assert len(taxonomy.emergency_kinds) == 18
    assert all(kind.first_advice and kind.first_advice_en for kind in taxonomy.emergency_kinds)


def test_entries_are_looked_up_by_id() -> None:
    taxonomy = load_sample_taxonomy()

    assert taxonomy.area("elevator").zh == "电梯"
    assert taxonomy.kind("fire").external == ("119",)
    assert taxonomy.type("repair").en == "Repair / work request"
    assert taxonomy.department("security").zh == "秩序安保"
    with pytest.raises(KeyError):
        taxonomy.area("moon")


@pytest.mark.parametrize(
    ("type_id", "area", "department"),
    [
        ("repair", "parking", "engineering"),
        ("complaint", "parking", "security"),
        ("complaint", "fees", "finance"),
    ],
)
def test_the_department_depends_on_area_and_type(type_id: str, area: str, department: str) -> None:
    assert load_sample_taxonomy().department_for(type_id, area) == department


def test_limits_depend_on_type_urgency_and_kind() -> None:
    taxonomy = load_sample_taxonomy()

    assert taxonomy.limits("repair", "urgent")["arrive"].for_ == timedelta(minutes=30)
    assert taxonomy.limits("complaint", "normal")["accept"].on == "business"
    assert taxonomy.limits("emergency", "emergency", "fire")["arrive"].for_ == timedelta(minutes=3)


def test_a_type_without_urgent_limits_keeps_its_normal_ones() -> None:
    taxonomy = load_sample_taxonomy()

    assert taxonomy.limits("inquiry", "urgent") == taxonomy.limits("inquiry", "normal")


def test_all_faults_of_a_taxonomy_are_named_at_once() -> None:
    broken = document()
    broken["areas"][0]["department"] = "nobody"
    broken["areas"][1]["id"] = broken["areas"][2]["id"]
    broken["emergency_kinds"][0]["area"] = "moon"
    broken["types"][0]["limits"]["soon"] = {}

    with pytest.raises(ValidationError) as caught:
        Taxonomy.model_validate(broken)

    for name in ("'nobody'", "'moon'", "'soon'", "is there 2 times"):
        assert name in str(caught.value)


def test_the_sample_lexicon_fits_the_sample_taxonomy() -> None:
    assert load_sample_lexicon().faults_against(load_sample_taxonomy()) == []


def test_all_faults_of_a_lexicon_are_named_at_once() -> None:
    broken = words()
    broken["words"]["lift"] = [*broken["words"]["lift"], "电梯(", "困+人"]
    broken["areas"]["elevator"][0]["when"] = ["nothing_like_it"]
    broken["kinds"]["fire"][0]["despite"] = ["no_such_guard"]

    with pytest.raises(ValidationError) as caught:
        Lexicon.model_validate(broken)

    for name in ("'电梯('", "'困+人'", "'nothing_like_it'", "'no_such_guard'"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda d: d["areas"].update(moon=[]), "unknown area 'moon'"),
        (lambda d: d["kinds"].update(ufo=[]), "unknown emergency kind 'ufo'"),
        (lambda d: d["types"].update(wish=[]), "unknown type 'wish'"),
        (lambda d: d["leanings"].update(sea={"wish": 1}), "leaning of unknown area 'sea'"),
    ],
)
def test_a_lexicon_for_another_taxonomy_is_refused(
    spoil: Callable[[dict[str, Any]], None], name: str
) -> None:
    foreign = words()
    spoil(foreign)

    with pytest.raises(ValueError, match=name):
        read_lexicon(foreign, load_sample_taxonomy())


@pytest.mark.parametrize("kind", load_sample_taxonomy().emergency_kinds, ids=lambda kind: kind.id)
def test_english_advice_says_what_staff_do_as_the_chinese_does(kind: EmergencyKind) -> None:
    """It is read by whoever goes there, and read aloud by the desk: nobody in it is `you`."""
    assert not re.search(r"\b(us|you|your|yourself|staff)\b", kind.first_advice_en)


@pytest.mark.parametrize("kind", load_sample_taxonomy().emergency_kinds, ids=lambda kind: kind.id)
def test_each_kind_says_what_to_say_to_ask_and_to_do(kind: EmergencyKind) -> None:
    for part in (kind.advice.say, kind.advice.ask, kind.advice.do):
        assert part is not None
        assert part.en.isascii()
        assert not part.zh.isascii()
        assert part.zh.rstrip("。") in kind.first_advice
        assert part.en in kind.first_advice_en


def fire(**changes: Any) -> dict[str, Any]:
    made = load_sample_taxonomy().kind("fire").model_dump(mode="json", by_alias=True)
    made |= changes
    return {key: value for key, value in made.items() if value is not None}


def test_advice_of_before_in_one_line_was_all_read_aloud() -> None:
    kind = EmergencyKind.model_validate(
        fire(advice=None, first_advice="先打119", first_advice_en="Call 119")
    )

    assert (kind.advice.say.zh, kind.advice.say.en) == ("先打119", "Call 119")
    assert kind.advice.ask is None
    assert kind.first_advice == "先打119"


def test_a_line_that_the_policy_writes_itself_stays_beside_the_parts() -> None:
    kind = EmergencyKind.model_validate(fire(first_advice="先打119", first_advice_en="Call 119"))

    assert kind.first_advice == "先打119"
    assert kind.advice.do is not None


@pytest.mark.parametrize("advice", [None, {}, [], "call 119", {"say": {"zh": "喊"}}, {"say": 7}])
def test_without_advice_that_can_be_read_the_kind_is_at_fault(advice: Any) -> None:
    with pytest.raises(ValidationError):
        EmergencyKind.model_validate(fire(advice=advice, first_advice=None, first_advice_en=None))
