"""What staff write of a danger that is over alarms nobody; of one that goes on it does."""

from __future__ import annotations

import pytest

from shared.policy.plan import danger_noted, danger_told
from shared.triage.ended import Excerpt, readings_of, without_ended
from tests.tickets.samples import MONDAY, sample_policy

OVER = [
    "着火已扑灭，业主表示满意",
    "煤气泄漏已关阀处理",
    "火已扑灭，无人员伤亡",
    "火已扑灭，继续观察",
    "现场已无明火",
    "厨房着火，业主已用灭火器扑灭",
    "厨房着火，已扑灭，业主满意",
    "着火的事情已处理，业主满意",
    "燃气泄漏已处理完毕，业主满意",
    "天然气泄漏已由燃气公司修复，业主满意",
    "已关闭燃气总阀，检测无泄漏",
    "业主反映电线冒火花，已断电处理",
    "触电者已送医，电源已断开",
    "漏电已修复，测试正常",
    "电梯困人已解救，业主表示感谢",
    "已告知业主，电梯困人已救出，人没事",
    "水管爆裂已修复",
    "打架已制止，双方已离开",
    "有人晕倒已送医院",
    "坠落的外墙砖已清理",
    "火災已撲滅，業主滿意",
    "着火 已扑灭 业主满意",
    "燃气已关阀，气味已散",
    "The fire is out, the owner is content",
    "The gas leak has been closed off",
    "gas leak fixed, owner satisfied",
    "the trapped people were freed",
    "The fire is out and the owner is content",
]
NOT_OVER = [
    "又着火了",
    "还在漏气",
    "火还没灭",
    "着火没有扑灭",
    "扑灭后又复燃",
    "已扑灭明火，但仍有冒烟",
    "已扑灭。楼上又冒烟了",
    "一楼着火已扑灭，二楼又着火",
    "着火已扑灭。三单元电梯里有人被困",
    "二楼着火，一楼漏水已修好",
    "厨房着火，有人受伤，已扑灭",
    "着火，正在扑救",
    "厨房着火了",
    "业主家里着火了已经报了119",
    "业主说楼道里有煤气味",
    "业主说又闻到煤气味",
    "煤气泄漏未处理",
    "煤气泄漏处理中",
    "煤气阀门已关，但还有煤气味",
    "煤气泄漏已经关阀，但是业主头晕",
    "业主满意，但说楼道里还有煤气味",
    "业主表示燃气泄漏还没修好",
    "燃气已泄漏需要关阀",
    "漏电未修复，还会麻手",
    "困人已救出，电梯又停了，有人被困",
    "困人已救出，老人心脏病发作",
    "困人已救出 老人心脏病发作",
    "已灭火，老人不省人事",
    "燃气已关阀，气味很大",
    "已处理，孩子不见了",
    "孩子不见了，漏水已处理",
    "水管已修好，隔壁有人拿刀",
    "水管已关闭，地下室配电房进水",
    "已解决，业主说不想活了",
    "The pipe is fixed, a child is missing",
    "The pipe is fixed and a child is missing",
    "There is smoke again",
    "still smells of gas",
    "smoke is coming out of the window",
]


@pytest.mark.parametrize("note", OVER)
def test_a_note_of_what_is_over_alarms_nobody(note: str) -> None:
    assert danger_noted(note, "jinyuan", sample_policy(), MONDAY) is None


@pytest.mark.parametrize("note", NOT_OVER)
def test_a_note_of_what_goes_on_or_comes_again_alarms(note: str) -> None:
    assert danger_noted(note, "jinyuan", sample_policy(), MONDAY) is not None


@pytest.mark.parametrize("words", ["着火已扑灭，业主表示满意", "煤气泄漏已关阀处理"])
def test_callers_own_words_are_read_as_before(words: str) -> None:
    """Who calls about a fire is sent help, whatever they say of it."""
    assert danger_told(words, "jinyuan", sample_policy(), MONDAY) is not None


@pytest.mark.parametrize(
    ("note", "left"),
    [
        ("着火已扑灭，业主满意", "业主满意"),
        ("厨房着火，已扑灭。业主满意", "业主满意"),
        ("二楼着火，一楼漏水已修好", "二楼着火,"),
        ("厨房着火，有人受伤，已扑灭", "厨房着火,有人受伤,"),
        ("困人已救出 老人晕倒", "老人晕倒"),
        ("the pipe is fixed and a child cries", "and a child cries"),
        ("着火已扑灭了吗", "着火已扑灭了吗"),
        ("着火已扑灭？", "着火已扑灭?"),
        ("火已烧到二楼，灭火器不够", "火已烧到二楼,灭火器不够"),
        ("煤气泄漏已派人处理", "煤气泄漏已派人处理"),
    ],
)
def test_only_what_is_said_to_be_over_is_taken_out(note: str, left: str) -> None:
    assert without_ended(note) == left


def test_a_note_without_either_is_judged_by_the_rules_alone() -> None:
    said = "业主说上次着火你们来得很快"

    assert readings_of(said) == (Excerpt(said, by_rules=True),)
    assert readings_of("着火已扑灭") == ()


def test_what_stands_beside_an_end_is_judged_by_the_rules_or_as_callers_words() -> None:
    assert readings_of("漏水已修好，业主满意") == (Excerpt("业主满意", by_rules=True),)
    assert readings_of("漏水已修好，楼道冒烟")[0] == Excerpt("楼道冒烟")


def test_a_long_note_is_read_in_no_time() -> None:
    assert readings_of("已" * 20_000 + "又")[0].words.endswith("又")
