"""A policy is inherited along the tree of places: the nearest layer wins, the rest stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.local import documents_at, layer_faults, layers_at, places_above
from shared.policy.plan import Reported, plan
from shared.policy.policy import Policy, build_policy
from tests.policy.samples import Documents, documents

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TAP = "厨房水龙头滴水，请来修一下"


def with_layers(**layers: Any) -> Documents:
    return documents(lambda d: d.update(local=layers))


def policy(**layers: Any) -> Policy:
    return build_policy("one", with_layers(**layers))


@pytest.mark.parametrize(
    ("place", "above"),
    [
        ("binjiang", ["binjiang", "lakeside", "east"]),
        ("jinyuan", ["jinyuan", "east"]),
        ("lakeside", ["lakeside", "east"]),
        ("east", ["east"]),
        ("mars", []),
    ],
)
def test_a_place_has_the_places_above_it(place: str, above: list[str]) -> None:
    assert places_above(documents(), place) == above


def test_without_layers_an_estate_has_the_group_s_policy_itself() -> None:
    whole = policy()

    assert whole.at("jinyuan") is whole
    assert whole.at(None) is whole
    assert whole.at("mars") is whole


@pytest.mark.parametrize(
    ("estate", "declines", "share"),
    [("jinyuan", 3, 0.75), ("binjiang", 5, 0.5), ("cuihu", 4, 0.75), (None, 2, 0.75)],
)
def test_the_nearest_layer_wins(estate: str | None, declines: int, share: float) -> None:
    whole = policy(
        east={"rules": {"decline_limit": 3}},
        lakeside={"rules": {"decline_limit": 4}},
        binjiang={"rules": {"decline_limit": 5, "warn_at_shares": [0.5]}},
    )

    rules = whole.at(estate).rules

    assert (rules.decline_limit, rules.warn_at_shares) == (declines, (share,))


def test_estates_under_the_same_layers_share_one_policy_and_all_that_does_not_differ() -> None:
    whole = policy(lakeside={"calendar": {"workweek": [1, 2, 3, 4, 5, 6]}})

    here, there = whole.at("binjiang"), whole.at("cuihu")

    assert here is there
    assert here.version == whole.version
    assert here.calendar != whole.calendar
    for kind in ("group", "taxonomy", "lexicon", "rules", "templates"):
        assert getattr(here, kind) is getattr(whole, kind), kind


def test_the_policy_of_an_estate_knows_the_other_estates_too() -> None:
    whole = policy(binjiang={"rules": {"decline_limit": 5}})

    assert whole.at("binjiang").at("binjiang") is whole.at("binjiang")


def test_a_ticket_is_promised_what_holds_at_its_estate_under_the_same_version() -> None:
    limits = {"normal": {"arrive": {"for": "PT2H", "on": "wall"}}}
    whole = policy(cuihu={"taxonomy": {"types": [{"id": "repair", "limits": limits}]}})

    here, there = (plan(Reported(TAP, e), whole, MONDAY) for e in ("cuihu", "jinyuan"))

    assert here.promised["arrive"] == MONDAY + timedelta(hours=2)
    assert there.promised["arrive"] == MONDAY + timedelta(hours=24)
    assert here.promised["accept"] == there.promised["accept"]
    assert here.policy == there.policy == "one"
    assert (here.type, here.area, here.departments) == (there.type, there.area, there.departments)


def test_an_estate_has_its_own_words_in_one_language_and_the_group_s_in_the_other() -> None:
    own = {"messages": {"receipt": {"en": {"subject": "Ours {{ number }}", "body": "Ours"}}}}
    whole = policy(jinyuan={"templates": own})

    assert whole.at("jinyuan").templates.words("receipt", "en").body == "Ours"
    for language in ("zh", "en"):
        elsewhere = whole.at("binjiang").templates
        assert elsewhere.words("receipt", language) == whole.templates.words("receipt", language)
    assert whole.at("jinyuan").templates.words("receipt", "zh") == whole.templates.words(
        "receipt", "zh"
    )


@pytest.mark.parametrize(
    ("layers", "field"),
    [
        ([], "local"),
        ({"mars": {}}, "local.mars"),
        ({"east": []}, "local.east"),
        ({"east": {"group": {}}}, "local.east.group"),
        ({"east": {"lexicon": {}}}, "local.east.lexicon"),
        ({"east": {"taxonomy": {"areas": []}}}, "local.east.taxonomy.areas"),
        ({"east": {"taxonomy": {"types": {}}}}, "local.east.taxonomy.types"),
        (
            {"east": {"taxonomy": {"types": [{"id": "dance", "limits": {}}]}}},
            "local.east.taxonomy.types.dance",
        ),
        (
            {"east": {"taxonomy": {"emergency_kinds": [{"id": "fire", "department": "finance"}]}}},
            "local.east.taxonomy.emergency_kinds.fire.department",
        ),
    ],
)
def test_what_no_place_may_have_of_its_own_is_named_and_not_built(layers: Any, field: str) -> None:
    faulty = documents(lambda d: d.update(local=layers))

    assert [fault.field for fault in layer_faults(faulty)] == [field]
    with pytest.raises(ValueError, match=field):
        build_policy("bad", faulty)


def test_a_layer_that_cannot_be_read_names_its_place() -> None:
    with pytest.raises(ValueError, match=r"local\.binjiang.*\n?.*warn_at_shares") as caught:
        policy(
            lakeside={"rules": {"decline_limit": 4}}, binjiang={"rules": {"warn_at_shares": [7]}}
        )

    assert "local.binjiang" in str(caught.value)


_LAYERS = st.dictionaries(
    st.sampled_from(["east", "lakeside", "binjiang", "cuihu", "jinyuan"]),
    st.fixed_dictionaries(
        {}, optional={"rules": st.fixed_dictionaries({"decline_limit": st.integers(1, 99)})}
    ),
)


@given(_LAYERS)
def test_what_counts_at_an_estate_is_what_the_nearest_place_says(layers: Documents) -> None:
    made = with_layers(**layers)
    for estate in ("binjiang", "cuihu", "jinyuan"):
        said = [layers[place]["rules"]["decline_limit"] for place in places_above(made, estate)
                if "rules" in layers.get(place, {})]  # fmt: skip

        here = documents_at(made, estate)["rules"]["decline_limit"]

        assert here == (said[0] if said else made["rules"]["decline_limit"])
        assert set(layers_at(made, estate)) == set(places_above(made, estate)) & layers.keys()
