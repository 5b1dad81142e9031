"""Policy documents: the sample loads, an overlay changes what it names, every fault is named."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from shared.policy.documents import KINDS, read_yaml
from shared.policy.duty import EMERGENCY_CHAIN, Duty, sample_duty
from shared.policy.policy import Group, build_policy, load_documents, sample_documents

Documents = dict[str, Any]
SAMPLE = sample_documents()


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample's lexicon is long, and reading it for each case would take minutes."""
    monkeypatch.setattr("shared.policy.policy.sample_documents", lambda: deepcopy(SAMPLE))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{for: PT15M, on: wall}", {"for": "PT15M", "on": "wall"}),
        ("on: off", {"on": "off"}),
        ("[yes, no, on, off, Y, n]", ["yes", "no", "on", "off", "Y", "n"]),
        ("[true, True, FALSE]", [True, True, False]),
        ("day: 2026-10-01", {"day": "2026-10-01"}),
        ("[1, 1.5, '1', null, ~]", [1, 1.5, "1", None, None]),
        ("名字: 锦园", {"名字": "锦园"}),
    ],
)
def test_on_is_a_word_and_a_date_is_text(text: str, value: Any) -> None:
    assert read_yaml(text) == value


@pytest.mark.parametrize("text", ["a: [1", "{a: 1", "a: b: c", "!!python/object:os.system {}"])
def test_what_is_no_yaml_names_its_line(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="line 1"):
        read_yaml(text)


def test_the_library_s_own_reader_is_left_as_it_was() -> None:
    read_yaml("on: on")

    assert yaml.safe_load("on: 2026-10-01") != {"on": "2026-10-01"}


def test_the_sample_loads_and_keeps_its_version() -> None:
    policy = build_policy("2026-11", deepcopy(SAMPLE))

    assert policy.version == "2026-11"
    assert [estate.id for estate in policy.group.estates] == ["jinyuan", "binjiang", "cuihu"]


def test_the_sample_s_duty_list_has_somebody_for_every_department_of_every_estate() -> None:
    policy = build_policy("sample", deepcopy(SAMPLE))
    duty = Duty.model_validate(sample_duty())

    for estate in policy.group.estates:
        for department in policy.taxonomy.departments:
            assert duty.on_duty(estate.id, department.id), (estate.id, department.id)
    assert duty.emergency_chain == duty.on_duty(None, EMERGENCY_CHAIN) != ()
    assert duty.person("nobody") is None


@pytest.mark.parametrize(
    ("names", "estate"),
    [
        (("jinyuan",), "jinyuan"),
        (("锦园",), "jinyuan"),
        ((" JINYUAN gardens ",), "jinyuan"),
        (("滨江苑",), "binjiang"),
        (("翠湖小区3号楼",), "cuihu"),
        ((None, "", "锦园小区3号楼"), "jinyuan"),
        (("锦园和滨江之间的路",), None),
        (("錦園小區三號樓",), "jinyuan"),
        (("锦\u200b园 小区",), "jinyuan"),
        (("火星花园",), None),
        ((None,), None),
        ((), None),
    ],
)
def test_an_estate_is_found_by_any_of_its_names(
    names: tuple[str | None, ...], estate: str | None
) -> None:
    group = Group.model_validate(deepcopy(SAMPLE)["group"])

    found = group.find_estate(*names)

    assert (found.id if found else None) == estate


def overlay(tmp_path: Path, text: str) -> Documents:
    path = tmp_path / "overlay.yaml"
    path.write_text(text, "utf-8")
    return load_documents(path)


def test_without_an_overlay_the_sample_is_in_force() -> None:
    assert load_documents() == deepcopy(SAMPLE)


@pytest.mark.parametrize("text", ["", "# nothing yet", "{}", "rules: {}"])
def test_an_overlay_that_says_nothing_changes_nothing(tmp_path: Path, text: str) -> None:
    assert overlay(tmp_path, text) == deepcopy(SAMPLE)


def test_an_overlay_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    documents = overlay(
        tmp_path,
        "rules: {warn_at_shares: [0.5], undecided_limit: {for: PT5M, on: wall}}\n"
        "calendar: {workweek: [1, 2, 3, 4, 5, 6]}\n",
    )

    sample = deepcopy(SAMPLE)
    assert documents["rules"] == sample["rules"] | {
        "warn_at_shares": [0.5],
        "undecided_limit": {"for": "PT5M", "on": "wall"},
    }
    assert documents["calendar"] == sample["calendar"] | {"workweek": [1, 2, 3, 4, 5, 6]}
    assert documents["taxonomy"] == sample["taxonomy"]
    assert build_policy("mine", documents).rules.warn_at_shares == (0.5,)


def test_an_overlay_merges_things_with_an_id_by_it(tmp_path: Path) -> None:
    documents = overlay(
        tmp_path,
        "group: {estates: [{id: jinyuan, aliases: [老锦园]}, {id: new, zh: 新园, en: New}]}\n",
    )

    group = build_policy("mine", documents).group
    assert [estate.id for estate in group.estates] == ["jinyuan", "binjiang", "cuihu", "new"]
    assert (group.estates[0].zh, group.estates[0].aliases) == ("锦园", ("老锦园",))


def test_an_overlay_of_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holidays.*group") as caught:
        overlay(tmp_path, "holidays: {}\nrules: {warn_at_shares: [0.5]}\n")

    assert "rules" in str(caught.value)


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "just words", "7"])
def test_an_overlay_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="overlay"):
        overlay(tmp_path, text)


def changed(kind: str, change: Callable[[Any], Any]) -> Documents:
    documents: Documents = deepcopy(deepcopy(SAMPLE))
    change(documents[kind])
    return documents


@pytest.mark.parametrize(
    ("kind", "change", "faults"),
    [
        ("rules", lambda d: d.update(warn_at_shares=[1]), ["rules.warn_at_shares.0"]),
        ("rules", lambda d: d.update(feedback_attempts=0), ["rules.feedback_attempts"]),
        ("rules", lambda d: d.pop("desk_numbers"), ["rules.desk_numbers"]),
        ("rules", lambda d: d.update(typo=1), ["rules.typo"]),
        (
            "rules",
            lambda d: d.update(warn_at_shares=[0], decline_limit=0, reopen_within="soon"),
            ["rules.warn_at_shares.0", "rules.decline_limit", "rules.reopen_within"],
        ),
        ("group", lambda d: d["estates"][1].pop("zh"), ["group.estates.1.zh"]),
        ("calendar", lambda d: d.update(time_zone="Mars"), ["calendar.time_zone"]),
        (
            "taxonomy",
            lambda d: d["areas"][0].update(department="moon"),
            ["names unknown department 'moon'"],
        ),
        (
            "templates",
            lambda d: d["messages"].pop("receipt"),
            ["receipt.zh: is missing", "receipt.en: is missing"],
        ),
        (
            "templates",
            lambda d: d["messages"]["alert"]["zh"].update(body="{{ caller_phone }}"),
            ["alert.zh.body", "caller_phone"],
        ),
    ],
)
def test_a_faulty_document_names_every_fault(
    kind: str, change: Callable[[Any], Any], faults: list[str]
) -> None:
    with pytest.raises(ValidationError) as caught:
        build_policy("bad", changed(kind, change))

    for fault in faults:
        assert fault in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_document_is_named(kind: str) -> None:
    documents: Documents = {k: v for k, v in deepcopy(SAMPLE).items() if k != kind}

    with pytest.raises(ValueError, match=kind):
        build_policy("bad", documents)
