"""What of a person may be shown: masks, and the scrubbed copy of a request's words, which serves
search, duplicates and the board. Pure.

It drops the ticket's own names, numbers and flats in whatever way they are written, patterns of
numbers, plates, flats and mail addresses, and names where people say them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_HIDDEN: Final = "*"
NAME, NUMBER, FLAT, PLATE, MAIL = "〔某人〕", "〔号码〕", "〔房号〕", "〔车牌〕", "〔邮箱〕"
_DIGIT: Final = "0-9零〇一二两三四五六七八九幺"
_GAP: Final = r"[\s\-.·,，、()（）]{0,2}"
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
    "电工|水管|人来|人修|人看|不到|到了|不着|谁|几|多|在|来|住|的|你|您|刚|想|要|说"
)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?a)(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MAIL),
    (re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Za-z]"
                r"[\s·.-]?[A-Za-z0-9]{5,6}(?![A-Za-z0-9])"), PLATE),
    (re.compile(rf"(?!{_DATE})(?<!\d)(?:\+?86{_GAP})?"
                rf"(?:[{_DIGIT}]{_GAP}){{6,}}[{_DIGIT}](?:[Xx])?"), NUMBER),
    (re.compile(r"\d{1,3}\s*[-－—#号栋幢座]\s*(?:楼\s*)?\d{1,2}\s*(?:[-－—]|单元|门)\s*\d{3,4}"
                r"(?:室|房|户)?"), FLAT),
    (re.compile(r"(?<=[单元栋幢座楼])\s*\d{3,4}(?:室|房|户|号房)?(?!\d)"), FLAT),
    (re.compile(r"(?<!\d)\d{3,4}\s*(?:室|房间|房|户|号房)"), FLAT),
    (re.compile(r"(?i)\b(?:flat|apartment|apt\.?|unit|room)\s*(?:no\.?\s*)?#?\d+[\w-]*"), FLAT),
    (re.compile(rf"(?<=我叫)(?!{_NOT_NAMES})[一-鿿]{{2,4}}"), NAME),
    (re.compile(rf"(?<=姓)(?<!百姓)(?!{_NOT_NAMES}|名|氏)(?:{_COMPOUND}|[一-鿿])"), NAME),
    (re.compile(rf"(?:(?<=我是)|(?<=找)|(?<=住户)|(?<=业主)|(?<=联系))(?!{_NOT_NAMES})"
                rf"{_FAMILY}[一-鿿]{{1,2}}(?![一-鿿]*小区)"), NAME),
    (re.compile(rf"(?!安排|方便|要求){_FAMILY}[一-鿿]{{0,2}}?(?={_TITLES})"), NAME),
    (re.compile(r"(?i)(?<=my name is )[a-z]+(?: [A-Z][a-z]+)?"), NAME),
    (re.compile(r"(?<=[Tt]his is )[A-Z][a-z]+(?: [A-Z][a-z]+)?"), NAME),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? [A-Z][a-z]+"), NAME),
)  # fmt: skip
_WIDE: Final = {
    code: chr(code - 0xFEE0)
    for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF20)
}
"""Full-width digits and letters; Chinese punctuation stays as it is."""
_NUMERALS: Final = {numeral: str(n) for n, numeral in enumerate("一二三四五六七八九十", 1)}
_BUILDING: Final = re.compile(
    r"(?i)([0-9一二三四五六七八九十]{1,3})\s*(?:号楼|栋|幢|座|#楼)|(?:block|building|tower)\s+(\w{1,4})\b"
)
_HAN: Final = re.compile(r"[一-鿿]")
_SPOKEN: Final = {"0": "零〇", "1": "一幺", "2": "二两", "3": "三", "4": "四", "5": "五", "6": "六",
                  "7": "七", "8": "八", "9": "九"}  # fmt: skip
_SAID: Final = {ord(word): digit for digit, words in _SPOKEN.items() for word in words}


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
    found = re.match(r"[0-9A-Za-z]+", room)
    return f"{found.group()}-…" if found else "…"


def _narrow(text: str) -> str:
    return text.translate(_WIDE)


def scrub(text: str, persons: Iterable[Mapping[str, Any]] = ()) -> str:
    """The words without what would tell who spoke; `persons` are the ticket's own."""
    plain = _narrow(text)
    for person in persons:
        plain = _without_own(plain, person)
    for pattern, mark in _PATTERNS:
        plain = pattern.sub(mark, plain)
    return plain


def building_of(*words: str | None) -> str | None:
    """The building a request names, which may be kept in plain; None when there is none."""
    for text in words:
        found = _BUILDING.search(_narrow(text or ""))
        if found:
            named = next(group for group in found.groups() if group)
            return _NUMERALS.get(named, named)
    return None


def _without_own(text: str, person: Mapping[str, Any]) -> str:
    for field, mark in (("name", NAME), ("phone", NUMBER), ("room", FLAT)):
        value = _narrow(str(person.get(field) or "")).strip()
        if value and _may_hold(text, value):
            text = _loosely(value).sub(mark, text)
    text = _without_own_words(text, str(person.get("name") or ""))
    return _without_own_flat(text, str(person.get("room") or ""))


def _may_hold(text: str, value: str) -> bool:
    """Whether every letter and digit of a value occurs in the text at all.

    Patterns made for one person are dear: one is made only where it may match.
    """
    return {c for c in value.casefold() if c.isalnum()} <= set(text.casefold())


def _loosely(value: str) -> re.Pattern[str]:
    """The value with any separators between its characters."""
    kept = [re.escape(c) for c in value if c.isalnum()] or [re.escape(value)]
    return re.compile(r"[\s\-.·_/#]{0,2}".join(kept), re.IGNORECASE)


def _without_own_words(text: str, name: str) -> str:
    """Anna Schmidt is also Anna, and Schmidt."""
    words = [w for w in re.findall(r"[^\W\d_]{3,}", _narrow(name)) if not _HAN.search(w)]
    for word in words:
        if not _may_hold(text, word):
            continue
        text = re.sub(rf"(?i)\b{re.escape(word)}\b", NAME, text)
    return text


def _without_own_flat(text: str, room: str) -> str:
    """3-1-502 is also said 3号楼1单元502, 502 and 五零二; the last part alone names the flat."""
    parts = re.findall(r"[0-9A-Za-z]+", _narrow(room))
    if not parts or len(parts[-1]) < 3:
        return text
    # As in `_may_hold`: the pattern is made only where it will match, or nearly so.
    if parts[-1].casefold() not in text.translate(_SAID).casefold():
        return text
    spoken = "".join(f"[{c}{_SPOKEN.get(c, '')}]" for c in parts[-1])
    return re.sub(
        rf"(?<![0-9A-Za-z]){spoken}(?![0-9A-Za-z])(?:室|房|户)?", FLAT, text, flags=re.IGNORECASE
    )
