"""One call may tell of several matters, and one matter in several sentences is still one."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.policy import build_policy, sample_documents
from shared.triage.classify import classify
from shared.triage.matters import MOST_PARTS, matters_in

POLICY: Final = build_policy("sample", sample_documents())
TAXONOMY: Final = POLICY.taxonomy
LEXICON: Final = POLICY.lexicon
TABLES: Final = Path(__file__).parents[1] / "data"


def said() -> list[str]:
    """Every call of the tables, each of which is about one matter."""
    tables = [yaml.safe_load((TABLES / f"classify_{zh}.yaml").read_text()) for zh in ("zh", "en")]
    return [row["say"] for table in tables for half in table.values() for row in half]


def told(text: str, **hints: str) -> list[tuple[str, str, str]]:
    found = matters_in(text, TAXONOMY, LEXICON, **hints)
    return [(text[m.start : m.end], m.found.type, m.found.area) for m in found]


def test_a_leak_a_rude_engineer_and_an_invoice_are_three_matters() -> None:
    text = "楼上漏水，我家顶上湿了一大片；上回来的师傅鞋套都不穿；还有物业费发票怎么开？"

    assert told(text) == [
        ("楼上漏水，我家顶上湿了一大片；", "repair", "plumbing"),
        ("上回来的师傅鞋套都不穿；", "complaint", "staff_service"),
        ("还有物业费发票怎么开？", "inquiry", "fees"),
    ]


@pytest.mark.parametrize(
    ("text", "areas"),
    [
        ("水管漏水，还有物业费怎么交", ["plumbing", "fees"]),
        ("楼道灯不亮了。另外门口垃圾没人清。", ["electrical", "cleaning"]),
        ("楼上漏水。发票怎么开？", ["plumbing", "fees"]),
        ("The tap is dripping. Also, how do I pay the management fee?", ["plumbing", "fees"]),
        ("水管漏水，楼下还有人没水用", ["plumbing"]),
        ("楼上漏水。厨房顶上湿了。地板也泡了。", ["plumbing"]),
    ],
)
def test_matters_are_told_apart_by_what_is_said(text: str, areas: list[str]) -> None:
    assert [area for _, _, area in told(text)] == areas


def test_no_call_of_the_tables_is_torn() -> None:
    assert [text for text in said() if len(told(text)) > 1] == []


def test_hardly_any_call_is_torn_when_each_clause_is_a_sentence() -> None:
    """As some speech recognisers write."""
    chopped = [re.sub("[，,]", "。", text) for text in said()]
    several = [text for text in chopped if "。" in text[:-1]]

    torn = [text for text in several if len(told(text)) > 1]

    assert len(several) > 500
    assert len(torn) <= 0.01 * len(several), torn


def test_a_danger_stands_beside_what_is_said_to_be_something_else() -> None:
    found = matters_in("3号楼电梯里困了两个人！还有物业费发票怎么开？", TAXONOMY, LEXICON)

    assert [m.found.emergency_kind for m in found] == ["elevator_entrapment", None]


@pytest.mark.parametrize(
    "text", ["明天上午消防演练。三号楼会冒烟起火。", "上个月三号楼起火了。现在都修好了。"]
)
def test_what_silences_a_danger_is_not_cut_off(text: str) -> None:
    [matter] = matters_in(text, TAXONOMY, LEXICON)

    assert not matter.found.emergency


def test_a_danger_told_in_several_sentences_is_one() -> None:
    text = "天花板裂了个口子。水像水龙头一样往下浇。我的床全湿了。快来人！"

    [matter] = matters_in(text, TAXONOMY, LEXICON)

    assert matter.found == classify(text, TAXONOMY, LEXICON)


def test_what_somebody_has_decided_is_one_matter() -> None:
    text = "楼上漏水。发票怎么开？"

    assert len(told(text, type_hint="repair")) == 1
    assert len(told(text, area_hint="plumbing")) == 1


def test_a_letter_is_one_matter() -> None:
    text = "楼上漏水。发票怎么开？" * 20

    assert len(text) > LEXICON.letter.longer_than
    assert len(told(text)) == 1


@given(st.text(alphabet="漏水发票。；，还有另外？ \n\u200b.a", max_size=150))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_matters_are_the_whole_text_in_order_and_few(text: str) -> None:
    found = matters_in(text, TAXONOMY, LEXICON)

    assert found[0].start == 0
    assert found[-1].end == len(text)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert 1 <= len(found) <= MOST_PARTS * MOST_PARTS
