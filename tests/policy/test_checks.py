"""Every fault of a policy is named at once, each with its path and the way out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.policy.checks import check_policy
from shared.policy.duty import Duty, sample_duty
from shared.policy.plan import Reported, plan
from shared.policy.policy import build_policy
from shared.policy.templates import FIRST, PURPOSES
from tests.policy.samples import Documents, documents, thing

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DUTY = Duty.model_validate(sample_duty())


def limits(kind: str, id: str, **spans: str) -> Callable[[Documents], None]:
    """Give a type's normal limits, or an emergency kind's, these spans on the wall's calendar."""

    def change(made: Documents) -> None:
        found = thing(made, "taxonomy", kind, id)["limits"]
        if kind == "types":
            found = found["normal"]
        found |= {clock: {"for": span, "on": "wall"} for clock, span in spans.items()}

    return change


def faults(*changes: Callable[[Documents], object], **how: Any) -> dict[str, str]:
    found = check_policy(documents(*changes), **how)
    assert len({(f.field, f.fault) for f in found}) == len(found), "a fault is told twice"
    return {fault.field: fault.fault for fault in found}


def test_the_sample_has_no_fault() -> None:
    assert check_policy(documents(), duty=DUTY) == []


def test_a_policy_of_before_lacks_what_was_added_since_and_has_no_fault() -> None:
    def drop_later(made: Documents) -> None:
        messages = made["templates"]["messages"]
        made["templates"]["messages"] = {p: w for p, w in messages.items() if p in FIRST}

    made = documents(drop_later)
    assert check_policy(made, duty=DUTY) == []
    assert check_policy(made | {"local": {"jinyuan": {"rules": {"decline_limit": 3}}}}) == []
    assert build_policy("of before", made).templates.words("spared", "zh").body


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_a_policy_says_of_a_purpose_it_says_in_both_languages(purpose: str) -> None:
    found = faults(lambda d: d["templates"]["messages"][purpose].pop("en"))

    assert found == {f"templates.messages.{purpose}.en": "is missing"}


def test_the_sample_has_words_for_every_purpose() -> None:
    assert documents()["templates"]["messages"].keys() == set(PURPOSES)


Case = tuple[Callable[[Documents], object], str, str]
CASES: dict[str, Case] = {
    "an area routed to no department": (
        lambda d: thing(d, "taxonomy", "areas", "elevator").update(department="moon"),
        "taxonomy.areas.elevator.department", "no such entry in taxonomy.departments",
    ),
    "an area routed to no department for one type": (
        lambda d: thing(d, "taxonomy", "areas", "parking").update(
            department_by_type={"repair": "moon"}),
        "taxonomy.areas.parking.department_by_type.repair", "taxonomy.departments",
    ),
    "an area for an unknown type": (
        lambda d: thing(d, "taxonomy", "areas", "gas").update(
            department_by_type={"dance": "finance"}),
        "taxonomy.areas.gas.department_by_type.dance", "taxonomy.types",
    ),
    "an emergency without a department": (
        lambda d: thing(d, "taxonomy", "emergency_kinds", "fire").pop("department"),
        "taxonomy.emergency_kinds.fire.department", "missing",
    ),
    "an emergency with an empty department": (
        lambda d: thing(d, "taxonomy", "emergency_kinds", "fire").update(department=""),
        "taxonomy.emergency_kinds.fire.department", "nobody would go",
    ),
    "an emergency supported by nobody": (
        lambda d: thing(d, "taxonomy", "emergency_kinds", "fire").update(support=["moon"]),
        "taxonomy.emergency_kinds.fire.support.0", "taxonomy.departments",
    ),
    "no plan for an emergency of unknown kind": (
        lambda d: d["taxonomy"].update(emergency_kinds=[
            k for k in d["taxonomy"]["emergency_kinds"] if k["id"] != "unknown"]),
        "taxonomy.emergency_kinds", "unknown is missing",
    ),
    "nothing to ask in an emergency of unknown kind": (
        lambda d: thing(d, "taxonomy", "emergency_kinds", "unknown")["advice"].pop("ask"),
        "taxonomy.emergency_kinds.unknown.advice.ask", "missing",
    ),
    "no first step in an emergency of unknown kind": (
        lambda d: thing(d, "taxonomy", "emergency_kinds", "unknown").pop("checklist"),
        "taxonomy.emergency_kinds.unknown.checklist", "empty",
    ),
    "follow-up tasks of an unknown type": (
        lambda d: d["rules"].update(follow_ups=[{"types": ["dance"], "shares": [1]}]),
        "rules.follow_ups.0.types.0", "taxonomy.types",
    ),
    "limits for an unknown urgency": (
        lambda d: thing(d, "taxonomy", "types", "repair")["limits"].update(soon={}),
        "taxonomy.types.repair.limits.soon", "taxonomy.urgencies",
    ),
    "a type that rules rely on": (
        lambda d: d["taxonomy"].update(
            types=[t for t in d["taxonomy"]["types"] if t["id"] != "inquiry"]),
        "taxonomy.types", "inquiry is missing",
    ),
    "a department that is there twice": (
        lambda d: d["taxonomy"]["departments"].append(d["taxonomy"]["departments"][0]),
        "taxonomy.departments.engineering", "twice",
    ),
    "arriving before accepting": (
        limits("types", "repair", accept="PT2H", arrive="PT1H"),
        "taxonomy.types.repair.limits.normal.arrive", "shorter than accept",
    ),
    "controlled before arriving": (
        limits("emergency_kinds", "flooding", arrive="PT3H"),
        "taxonomy.emergency_kinds.flooding.limits.control", "shorter than arrive",
    ),
    "resolved before accepting, with nothing between": (
        limits("types", "registration", accept="P2D"),
        "taxonomy.types.registration.limits.normal.resolve", "shorter than accept",
    ),
    "a template with an unknown field": (
        lambda d: d["templates"]["messages"]["receipt"]["en"].update(body="{{ phone }}"),
        "templates.messages.receipt.en.body", "unknown field 'phone'",
    ),
    "a template that cannot be used": (
        lambda d: d["templates"]["messages"]["receipt"]["zh"].update(body="{% if %}"),
        "templates.messages.receipt.zh.body", "cannot be used",
    ),
    "a template in one language only": (
        lambda d: d["templates"]["messages"]["alert"].pop("en"),
        "templates.messages.alert.en", "missing",
    ),
    "an estate that hangs in the air": (
        lambda d: thing(d, "group", "estates", "cuihu").update(within="mars"),
        "group.estates.cuihu.within", "hangs in the air",
    ),
    "two estates of one name": (
        lambda d: thing(d, "group", "estates", "cuihu")["aliases"].append("锦园"),
        "group.estates.cuihu.aliases.3", "a name of jinyuan",
    ),
    "a number out of its bounds": (
        lambda d: d["rules"].update(warn_at_shares=[1]), "rules.warn_at_shares.0", "too large",
    ),
    "a field nobody knows": (lambda d: d["rules"].update(typo=1), "rules.typo", "not a known"),
    "hours that name a zone": (
        lambda d: d["calendar"].update(business=[{"start": 5, "end": "09:00"}]),
        "calendar.business.0.start", "is a local time and names no zone",
    ),
    "quiet hours that name a zone": (
        lambda d: d["rules"].update(quiet_hours={"start": "22:00", "end": "07:00Z"}),
        "rules.quiet_hours.end", "is a local time and names no zone",
    ),
    "a document that is missing": (lambda d: d.pop("calendar"), "calendar", "missing"),
    "a document that is none": (lambda d: d.update(rules=[]), "rules", "not an object"),
    "a local limit shorter than the group's clock before it": (
        lambda d: d.update(local={"cuihu": {"taxonomy": {"types": [{"id": "repair", "limits": {
            "normal": {"arrive": {"for": "PT5M", "on": "wall"}}}}]}}}),
        "local.cuihu.taxonomy.types.repair.limits.normal.arrive", "shorter than accept",
    ),
    "a layer of a place that is not there": (
        lambda d: d.update(local={"mars": {}}), "local.mars", "no place of the group",
    ),
    "a local template with an unknown field": (
        lambda d: d.update(local={"east": {"templates": {"messages": {"receipt": {
            "zh": {"subject": "x", "body": "{{ phone }}"}}}}}}),
        "local.east.templates.messages.receipt.zh.body", "unknown field 'phone'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_fault_is_named_with_its_path(case: Case) -> None:
    change, field, said = case

    found = faults(change)

    assert said in found[field], found
    if not field.startswith("group") and "inquiry" not in said:
        assert set(found) == {field}


def test_all_faults_are_named_at_once() -> None:
    changes = {field: change for change, field, _ in CASES.values() if "local" not in field
               and not field.startswith("taxonomy.emergency_kinds.unknown.")
               and field not in {"calendar", "rules", "taxonomy.emergency_kinds.fire.department"}
               and "templates.messages.receipt.zh" not in field}  # fmt: skip

    found = faults(*changes.values())

    assert set(changes) <= found.keys()


def test_places_in_a_ring_are_both_named() -> None:
    found = faults(lambda d: thing(d, "group", "places", "east").update(within="lakeside"))

    assert found == {
        "group.places.east.within": "lies within itself",
        "group.places.lakeside.within": "lies within itself",
    }


def test_an_id_is_for_one_place_only() -> None:
    found = faults(lambda d: thing(d, "group", "estates", "cuihu").update(id="east"))

    assert "there twice" in found["group.places.east"]
    assert "there twice" in found["group.estates.east"]


@pytest.mark.parametrize(
    "spans",
    [
        {"accept": "PT1H", "arrive": "PT1H", "resolve": "PT1H"},
        {"accept": "PT10M", "resolve": "P1D"},
        {"first_reply": "P9D"},
        {"feed_back": "PT1M"},
    ],
)
def test_limits_in_the_order_of_the_work_are_no_fault(spans: dict[str, str]) -> None:
    def only(made: Documents) -> None:
        thing(made, "taxonomy", "types", "inquiry")["limits"] = {
            "normal": {clock: {"for": span, "on": "wall"} for clock, span in spans.items()}
        }

    assert faults(only) == {}


def test_limits_on_different_calendars_are_not_compared() -> None:
    def mixed(made: Documents) -> None:
        thing(made, "taxonomy", "types", "repair")["limits"]["normal"] = {
            "accept": {"for": "PT30H", "on": "wall"},
            "arrive": {"for": "PT2H", "on": "business"},
            "resolve": {"for": "P1D", "on": "workdays"},
        }

    assert faults(mixed) == {}


def test_a_limit_is_compared_with_the_longest_before_it() -> None:
    found = faults(limits("types", "repair", accept="PT9H", arrive="PT8H", control="PT7H"))

    paths = {field.rpartition(".")[2]: fault for field, fault in found.items()}
    assert paths.keys() == {"arrive", "control"}
    assert "shorter than accept" in paths["control"]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (NOW.date() + timedelta(days=59), True),
        (NOW.date() + timedelta(days=60), False),
        (NOW.date() - timedelta(days=1), True),
        (NOW.date() + timedelta(days=700), False),
    ],
)
def test_a_calendar_lasts_two_months_beyond_its_beginning(until: date, *, said: bool) -> None:
    found = faults(lambda d: d["calendar"].update(until=str(until)), begins=NOW)

    assert ("calendar.until" in found) is said


def test_a_calendar_that_does_not_say_ends_with_the_last_year_it_names_days_of() -> None:
    found = faults(lambda d: d["calendar"].pop("until"), begins=NOW)

    assert "2026-12-31" in found["calendar.until"]


def test_a_calendar_of_plain_weeks_never_ends() -> None:
    def plain(made: Documents) -> None:
        made["calendar"] = {k: made["calendar"][k] for k in ("time_zone", "business", "workweek")}

    assert faults(plain, begins=NOW + timedelta(days=9000)) == {}


def test_the_calendar_that_is_in_force_already_may_end_soon() -> None:
    mended = {"begins": NOW, "before": documents()}

    assert faults(lambda d: d["rules"].update(desk_numbers=["400-000-0001"]), **mended) == {}
    assert "calendar.until" in faults(lambda d: d["calendar"].update(workweek=[1]), **mended)


def test_a_local_calendar_that_ends_soon_is_named_at_its_place() -> None:
    early = {"cuihu": {"calendar": {"until": "2026-12-01"}}}

    found = faults(lambda d: d.update(local=early), begins=NOW, before=documents())

    assert list(found) == ["local.cuihu.calendar.until"]


def test_a_department_that_nobody_could_serve_is_named() -> None:
    pool = {"id": "pool", "zh": "泳池", "en": "Pool"}

    found = faults(lambda d: d["taxonomy"]["departments"].append(pool), duty=DUTY)

    assert found == {"taxonomy.departments.pool": "nobody on the duty list could serve it"}


def test_what_the_lexicon_hears_must_lead_somewhere() -> None:
    def without(made: Documents) -> None:
        kinds = made["taxonomy"]["emergency_kinds"]
        made["taxonomy"]["emergency_kinds"] = [k for k in kinds if k["id"] != "drowning"]

    found = faults(without)

    assert {"lexicon.kinds.drowning", "lexicon.examples.kinds.drowning"} == found.keys()


def test_a_fault_of_the_whole_is_not_told_again_for_each_place() -> None:
    change, field, _ = CASES["arriving before accepting"]

    found = faults(change, lambda d: d.update(local={"east": {"rules": {"decline_limit": 3}}}))

    assert list(found) == [field]


def test_a_fault_of_a_region_is_not_told_again_for_its_estates() -> None:
    layers: Documents = {
        "east": {"rules": {"warn_at_shares": [9]}},
        "cuihu": {"rules": {"typo": 1}},
    }

    found = faults(lambda d: d.update(local=layers))

    assert found.keys() == {"local.east.rules.warn_at_shares.0", "local.cuihu.rules.typo"}


# Edits as a slip of the pen makes them: something is lost, or is of another kind.
_RUBBISH: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@dataclass
class Edited:
    """Documents after some edits: these alone are shown when a test fails."""

    edits: list[tuple[list[Any], Any]]
    documents: Documents = field(repr=False)


@st.composite
def _edited(draw: st.DrawFn) -> Edited:
    made = documents(lambda d: d.update(local={"east": {"rules": {"decline_limit": 3}}}))
    edits = []
    for _ in range(draw(st.integers(1, 3))):
        kinds = [kind for kind in made if kind != "lexicon"]  # reading one takes half a second
        at: Any = made
        key: Any = draw(st.sampled_from(kinds))
        path = [key]
        while isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
            at = at[key]
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = draw(st.sampled_from(keys))
            path.append(key)
        at[key] = draw(_RUBBISH)
        edits.append((path, at[key]))
    return Edited(edits, made)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_edited())
def test_whatever_has_no_fault_can_be_built_and_plans_everything(edited: Edited) -> None:
    made = edited.documents
    if check_policy(made, begins=NOW, duty=DUTY):
        return
    policy = build_policy("edited", made)
    for text in ("", "电梯困人了", "厨房漏水", "多少钱一平米"):
        assert plan(Reported(text, "jinyuan"), policy, NOW).type
