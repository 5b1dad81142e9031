"""What of a person may be shown: masks, and the scrubbed copy of a request's words, which serves
search, duplicates and the board. Pure.

It drops the ticket's own names, numbers and flats in whatever way they are written, patterns of
numbers, plates, flats and mail addresses, and names where people say them. All of it is looked for
in the words as they are read (`shared.words`), numbers also as they are spoken, and cut out of the
words as they were said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.words import Words, in_digits, legible, plain, read

_HIDDEN: Final = "*"
NAME, NUMBER, FLAT, PLATE, MAIL = "〔某人〕", "〔号码〕", "〔房号〕", "〔车牌〕", "〔邮箱〕"
_CUT: Final = "〓"
"""Stands for each character that is cut already: no letter, no digit, no gap."""
_GAP: Final = r"[\s\-.·,、()]{0,3}"
_DATE: Final = r"20\d\d[-./][01]?\d[-./][0-3]?\d(?!\d)"
_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤"
    "花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄"
    "米贝明臧计成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万支柯"
    "管卢莫房缪解应宗丁宣邓单杭洪包诸左石崔吉龚程邢裴陆荣翁荀甄曲封靳段巫焦牧谷车侯全班仰秋仲伊宫宁仇甘厉祖武"
    "符刘景詹束龙叶司黎薄白蒲邰从鄂索赖卓屠蒙池乔阴胥苍闻翟谭贡劳申扶冉雍桑桂牛寿通边燕冀尚农温庄晏柴瞿阎慕连"
    "茹习宦艾鱼容向古易慎戈廖庾终居衡步都耿满弘匡国文寇广禄阙东欧沃利蔚越隆师巩聂晁勾敖融冷辛阚那简饶空曾沙丰"
    "关查后荆红游权盖益桓公岳帅缑亢况有商佘佴佟肖覃闫占涂"
)
_COMPOUND: Final = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯"
_FAMILY: Final = f"(?:{_COMPOUND}|[{_SURNAMES}])"
_TITLES: Final = "先生|女士|小姐|太太|师傅|阿姨|大爷|大妈|叔叔|奶奶|爷爷|同学|老师|医生|总"
_NOT_NAMES: Final = (
    "业主|住户|租户|租客|物业|这里|这个|那个|一个|你们|我们|他们|楼上|楼下|隔壁|保安|保洁|维修|师傅|客服|管家|"
    "电工|水管|人来|人修|人看|不到|到了|不着|谁|什么|几|多|在|来|住|的|你|您|刚|想|要|说"
)
_COUNTED: Final = r"(?!\s*[元块万千百米平度吨斤瓦天年月日点分秒小人个次家层楼])"
"""What is counted is no flat."""
_LABELS: Final = "姓名|名字|联系人|称呼|户主|报修人|投诉人|来电人"

# Of a pattern with a group the group is cut, else all of it.
_OF_NUMBERS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Za-z][\s·.-]?"
            r"(?:[A-Za-z0-9]{4}[挂学警港澳领超]|[A-Za-z0-9]{5,6}(?![A-Za-z0-9]))"
        ),
        PLATE,
    ),
    # Whatever stands between the three parts of a mobile number; elsewhere times have colons, too.
    (re.compile(r"(?<!\d)1[3-9]\d\W{1,6}\d{4}\W{1,6}\d{4}(?!\d)"), NUMBER),
    (
        re.compile(rf"(?!{_DATE})(?<!\d)(?:\+?86{_GAP})?(?:\d{_GAP}){{6,}}\d(?:[Xx])?"),
        NUMBER,
    ),
    (
        re.compile(
            r"\d{1,3}\s*[-#号栋幢座]\s*(?:楼\s*)?\d{1,2}\s*(?:-|单元|门)\s*\d{3,4}(?:室|房|户)?"
        ),
        FLAT,
    ),
    (re.compile(rf"(?<=[单元栋幢座楼])\s*\d{{3,4}}(?:室|房|户|号房)?(?!\d){_COUNTED}"), FLAT),
    (re.compile(r"(?<!\d)\d{3,4}\s*(?:室|房间|房|户|号房)"), FLAT),
    (
        re.compile(
            rf"(?<![\d\-./:A-Za-z])\d{{1,3}}-\d{{3,4}}(?:室|房|户)?(?![\d\-./:A-Za-z]){_COUNTED}"
        ),
        FLAT,
    ),
    (re.compile(r"(?i)\b(?:flat|apartment|apt\.?|unit|room)\s*(?:no\.?\s*)?#?\d+[\w-]*"), FLAT),
)
_OF_NAMES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(rf"(?<=我叫)(?!{_NOT_NAMES})[一-鿿]{{2,4}}"), NAME),
    (
        re.compile(
            rf"(?:{_LABELS})(?:[:是叫为\s]{{1,3}}(?!{_NOT_NAMES})({_FAMILY}[一-鿿]{{1,2}}|[一-鿿]{{2,3}})"
            rf"|(?!{_NOT_NAMES})({_FAMILY}[一-鿿]{{1,2}}))"
        ),
        NAME,
    ),
    (re.compile(rf"(?<=姓)(?<!百姓)(?!{_NOT_NAMES}|名|氏)(?:{_COMPOUND}|[一-鿿])"), NAME),
    (
        re.compile(
            rf"(?:(?<=我是)|(?<=找)|(?<=住户)|(?<=业主)|(?<=联系))(?!{_NOT_NAMES})"
            rf"{_FAMILY}[一-鿿]{{1,2}}(?![一-鿿]{{0,8}}小区)"
        ),
        NAME,
    ),
    (re.compile(rf"(?!安排|方便|要求){_FAMILY}[一-鿿]{{0,2}}?(?={_TITLES})"), NAME),
    (re.compile(r"(?i)(?<=my name is )[a-z]+(?: [A-Z][a-z]+)?"), NAME),
    (re.compile(r"(?<=[Tt]his is )[A-Z][a-z]+(?: [A-Z][a-z]+)?"), NAME),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? [A-Z][a-z]+"), NAME),
)
_MAIL: Final = re.compile(r"(?a)(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HAN: Final = re.compile(r"[一-鿿]")


def mask_phone(phone: str | None) -> str | None:
    """138****8000; short numbers keep only their last two digits."""
    if not phone:
        return None
    digits = re.sub(r"\D", "", phone)
    if len(digits) >= 11:
        return f"{digits[-11:-8]}****{digits[-4:]}"
    return _HIDDEN * max(len(digits) - 2, 1) + digits[-2:]


def mask_name(name: str | None) -> str | None:
    """The first character, which in Chinese is the family name."""
    return f"{name[0]}{_HIDDEN * 2}" if name else None


def mask_room(room: str | None) -> str | None:
    """The building only."""
    if not room:
        return None
    building = building_of_flat(room)
    return f"{building}-…" if building else "…"


def building_of_flat(room: str | None) -> str | None:
    """The building that a flat is in, as 3 of 3-1-502; None where it is told by its last part
    alone, which names the flat.
    """
    parts = re.findall(r"[0-9A-Za-z]+", room or "")
    return parts[0] if len(parts) > 1 else None


def masked(person: Mapping[str, Any]) -> dict[str, str | None]:
    """A person as staff may see them: name, number and flat behind their masks."""
    return {field: mask(person.get(field)) for field, mask in _MASKS.items()}


_MASKS: Final = {"name": mask_name, "phone": mask_phone, "room": mask_room}


def scrub(text: str, persons: Iterable[Mapping[str, Any]] = ()) -> str:
    """The words without what would tell who spoke; `persons` are the ticket's own."""
    page = _Page.of(legible(text))
    for person in persons:
        _cut_own(page, person)
    page.cut(page.words, _MAIL, MAIL)
    for pattern, mark in _OF_NUMBERS:
        page.cut(page.numbers, pattern, mark)
    for pattern, mark in _OF_NAMES:
        page.cut(page.words, pattern, mark)
    return page.shown()


@dataclass(slots=True)
class _View:
    """Words as they are read in one way, as far as nothing is cut out of them."""

    as_read: Words
    left: str

    def blank(self, places: Iterable[tuple[int, int]]) -> None:
        """See no more what was said there."""
        chars = list(self.left)
        for place in places:
            start, end = self.as_read.part(*place)
            chars[start:end] = _CUT * (end - start)
        self.left = "".join(chars)


@dataclass(slots=True)
class _Page:
    """Words that are scrubbed: what was said, read as it is and with its numbers in digits, and
    what is cut out of it.
    """

    said: str
    words: _View
    numbers: _View
    cuts: list[tuple[int, int, str]]

    @classmethod
    def of(cls, said: str) -> _Page:
        words = read(said)
        numbers = in_digits(words)
        return cls(said, _View(words, words.text), _View(numbers, numbers.text), [])

    def cut(self, view: _View, pattern: re.Pattern[str], mark: str) -> None:
        """Cut what a pattern finds there: its group, where it has one that took part."""
        spans = [found.span(found.lastindex or 0) for found in pattern.finditer(view.left)]
        places = [view.as_read.place(*span) for span in spans if span[0] < span[1]]
        if places:
            self.cuts += [(*place, mark) for place in places]
            self.words.blank(places)
            self.numbers.blank(places)

    def shown(self) -> str:
        """What was said, with a mark for each cut."""
        parts, at = list[str](), 0
        for start, end, mark in sorted(self.cuts):
            if start >= at:
                parts += [self.said[at:start], mark]
            at = max(at, end)
        return "".join((*parts, self.said[at:]))


def _cut_own(page: _Page, person: Mapping[str, Any]) -> None:
    name, phone, room = (
        legible(str(person.get(field) or "")).strip() for field in ("name", "phone", "room")
    )
    for view, value, gap, mark in (
        (page.words, plain(name), r"[\s\-.·_/#]{0,2}", NAME),
        (page.numbers, _own_number(phone), r"\W{0,6}", NUMBER),
        (page.numbers, in_digits(read(room)).text, r"[\s\-.·_/#:,、]{0,2}", FLAT),
    ):
        if value.strip() and _may_hold(view.left, value):
            page.cut(view, _loosely(value.strip(), gap), mark)
    _cut_own_words(page, plain(name))
    _cut_own_flat(page, in_digits(read(room)).text)


def _own_number(phone: str) -> str:
    """A number as it is told at home: without the country, whatever else is told of it."""
    number = in_digits(read(phone)).text
    return re.sub(r"^\s*(?:\+|00)\s*86", "", number)


def _may_hold(text: str, value: str) -> bool:
    """Whether every letter and digit of a value occurs in the text at all.

    Patterns made for one person are dear: one is made only where it may match.
    """
    return {c for c in value.casefold() if c.isalnum()} <= set(text.casefold())


def _loosely(value: str, gap: str) -> re.Pattern[str]:
    """The value with any separators between its characters."""
    kept = [re.escape(c) for c in value if c.isalnum()] or [re.escape(value)]
    return re.compile(gap.join(kept), re.IGNORECASE)


def _cut_own_words(page: _Page, name: str) -> None:
    """Anna Schmidt is also Anna, and Schmidt."""
    for word in re.findall(r"[^\W\d_]{3,}", name):
        if not _HAN.search(word) and _may_hold(page.words.left, word):
            page.cut(page.words, re.compile(rf"(?i)\b{re.escape(word)}\b"), NAME)


def _cut_own_flat(page: _Page, room: str) -> None:
    """3-1-502 is also said 3号楼1单元502, 502 and 五零二; the last part alone names the flat."""
    parts = re.findall(r"[0-9A-Za-z]+", room)
    if not parts or len(parts[-1]) < 3:
        return
    # As in `_may_hold`: the pattern is made only where it will match, or nearly so.
    if parts[-1].casefold() in page.numbers.left.casefold():
        own = rf"(?i)(?<![0-9A-Za-z]){re.escape(parts[-1])}(?![0-9A-Za-z])(?:室|房|户)?"
        page.cut(page.numbers, re.compile(own), FLAT)
