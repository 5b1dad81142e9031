"""The scrubbed copy: no person is left in it, and everything else still reads."""

import pytest

from shared.privacy import scrub

CALLER = {"name": "王小明", "phone": "13800138000", "room": "3-1-502"}
ANNA = {"name": "Anna Schmidt", "phone": "+49 30 123456", "room": "12B"}


@pytest.mark.parametrize(
    "words",
    [
        # The name, however it is written.
        "王小明家漏水", "王 小 明家漏水", "王·小明家漏水", "我叫王小明", "我是王小明", "找王小明",
        "王先生家漏水", "王女士", "王师傅", "业主王小明", "我姓王",
        # The number.
        "打13800138000", "打138 0013 8000", "打138-0013-8000", "打+86 13800138000",
        "打１３８００１３８０００", "打一三八零零一三八零零零", "打幺三八〇〇幺三八〇〇〇",
        "打138，0013，8000", "打一三八 零零一三 八零零零", "打(138)0013-8000",
        # The flat.
        "3-1-502漏水", "3号楼1单元502室漏水", "３－１－５０２漏水", "502室漏水", "502漏水",
        "五零二漏水", "三单元五〇二室漏水", "3 - 1 - 502", "3#1单元502", "５０２室",
    ],
)  # fmt: skip
def test_nothing_of_the_caller_is_left(words: str) -> None:
    clean = scrub(words, [CALLER])

    for trace in ("小明", "明家", "王", "8000", "８０００", "八零零零", "八〇〇〇", "0013", "502",
                  "５０２", "五零二", "五〇二"):  # fmt: skip
        assert trace not in clean, clean


@pytest.mark.parametrize(
    "words",
    [
        "This is Anna Schmidt in 12B", "my name is anna schmidt", "ANNA SCHMIDT here", "Anna here",
        "Ms Schmidt called", "Schmidt, flat 12b", "call 030 123456", "call +49-30-123456",
    ],
)  # fmt: skip
def test_nothing_of_an_english_caller_is_left(words: str) -> None:
    clean = scrub(words, [ANNA]).casefold()

    assert all(trace not in clean for trace in ("anna", "schmidt", "12b", "3456")), clean


@pytest.mark.parametrize(
    ("words", "clean"),
    [
        ("请打010-6000 1234", "请打〔号码〕"),
        ("身份证110101199003071234", "身份证〔号码〕"),
        ("沪A12345挡路", "〔车牌〕挡路"),
        ("粤B·D12345挡路", "〔车牌〕挡路"),
        ("写信到li.na@example.com吧", "写信到〔邮箱〕吧"),
        ("5栋2单元1801漏水", "〔房号〕漏水"),
        ("隔壁1801室吵", "隔壁〔房号〕吵"),
        ("我叫李雷", "我叫〔某人〕"),
        ("我姓欧阳", "我姓〔某人〕"),
        ("找诸葛先生", "找〔某人〕"),
        ("住户张三反映", "住户〔某人〕"),
        ("my name is Mary Jones", "my name is 〔某人〕"),
        ("Mr Jones in Flat 4C", "〔某人〕 in 〔房号〕"),
        ("apt. 12 and room 7", "〔房号〕 and 〔房号〕"),
    ],
)
def test_strangers_are_left_out_where_people_name_them(words: str, clean: str) -> None:
    assert scrub(words).startswith(clean)


QIAN = {"name": "钱七七", "phone": "13978901234", "room": "2-1-903"}


@pytest.mark.parametrize(
    ("words", "clean"),
    [
        ("电话139–7890–1234", "电话〔号码〕"),
        ("电话139：7890：1234", "电话〔号码〕"),
        ("电话139…7890……1234", "电话〔号码〕"),
        ("电话1\u200b3978\u200b90\u20601234", "电话〔号码〕"),
        ("电话1\u03363\u03369\u033678901234", "电话〔号码〕"),
        ("电话一三九七八九零一二三四", "电话〔号码〕"),
        ("电话幺三九 七八九零 一二三四", "电话〔号码〕"),
        ("电话139７８９０一二三四", "电话〔号码〕"),
        ("住二栋一单元九百零三", "住二栋一单元〔房号〕"),
        ("九百零三室漏水", "〔房号〕漏水"),
        ("九零三漏水", "〔房号〕漏水"),
        ("錢七七家", "〔某人〕家"),
        ("钱\u200b七 七家", "〔某人〕家"),
    ],
)
def test_the_callers_own_is_found_in_odd_forms_and_cut_where_it_was_said(
    words: str, clean: str
) -> None:
    assert scrub(words, [QIAN]) == clean


@pytest.mark.parametrize(
    ("words", "clean"),
    [
        ("隔壁二栋一单元九百零三太吵", "隔壁〔房号〕太吵"),
        ("隔壁一九零七室太吵", "隔壁〔房号〕太吵"),
        ("隔壁12-1907太吵", "隔壁〔房号〕太吵"),
        ("3號樓1單元502漏水", "〔房号〕漏水"),
        ("姓名：钱七七", "姓名：〔某人〕"),
        ("姓名钱七七报修", "姓名〔某人〕报修"),
        ("联系人：周雨桐，下午在家", "联系人：〔某人〕，下午在家"),
        ("京A7777挂挡路", "〔车牌〕挡路"),
        ("京Ａ·７７７７挂挡路", "〔车牌〕挡路"),
        ("请打138。0013。8000", "请打〔号码〕"),
    ],
)
def test_strangers_are_found_in_odd_forms(words: str, clean: str) -> None:
    assert scrub(words) == clean


@pytest.mark.parametrize(
    "words",
    [
        "３号樓電梯壞了，快來人……", "一楼三百块", "三百户停电", "两百户都停了", "3楼120平米",
        "每天11:30-12:30，13:00-14:30开门", "一、二、三、四、五楼都没电", "一万二千块",
        "二零二五年十一月", "名字叫什么", "姓名登记在哪", "联系人换了怎么改", "100-200米",
        "e\u0301lan vital",
    ],
)  # fmt: skip
def test_what_names_nobody_stays_as_it_was_said(words: str) -> None:
    assert scrub(words) == words


@pytest.mark.parametrize(
    "words",
    [
        "三号楼电梯坏了", "3号楼2单元电梯坏了", "找人来修", "姓名牌掉了", "电梯里没信号",
        "我是业主", "我叫不到车", "老百姓没水用", "住户反映电梯坏了", "我是来反映问题的",
        "楼上漏水，楼下也漏", "联系物业", "找时间来",
        "物业费3000元", "电费1234.56元", "从2025年开始", "2026-11-23早上停电", "2026年11月23日停水",
        "每天8:30到18:00开门", "请拨打12345热线", "5楼到18楼都没电", "总开关坏了", "何时可以修好",
        "方便叫师傅来吗", "请安排师傅", "水管爆了，快来人", "The lift in building 3 is stuck",
        "There is water in the basement", "no power since 8:30",
    ],
)  # fmt: skip
def test_ordinary_sentences_stay_as_they_are(words: str) -> None:
    assert scrub(words) == words
    assert scrub(words, [{"name": None, "phone": "", "room": None}]) == words


@pytest.mark.parametrize(
    "person", [{}, {"name": ""}, {"name": " "}, {"name": "-"}, {"phone": 1}, {"room": "顶楼"}]
)
def test_an_odd_person_breaks_nothing(person: dict[str, object]) -> None:
    assert scrub("电梯坏了", [person]) == "电梯坏了"


def test_scrubbing_again_changes_nothing() -> None:
    once = scrub("我叫王小明，3-1-502，13800138000，沪A12345", [CALLER])

    assert scrub(once, [CALLER]) == once
