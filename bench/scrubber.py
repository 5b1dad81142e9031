"""What the scrubber misses, by the form in which people say it: invented words, nobody's data.

Only strangers count, whom the ticket does not name: of its own persons the scrubber knows what to
look for. A form that is missed is no fault of a run, but something to know before the scrubbed copy
is shown to more people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from bench.plan import Plan
from bench.results import Line, Result
from shared.privacy import scrub

NAMES: Final = ("周雨桐", "欧阳若水", "贺兰")
PHONES: Final = ("13800138000", "13912345678", "18600001111")
FLATS: Final = ("502", "1801", "0304")
DIGITS: Final = "零一二三四五六七八九"


def spoken(digits: str, one: str = "一") -> str:
    """Digits as people read them aloud."""
    return "".join(DIGITS[int(d)] for d in digits).replace("一", one)


def wide(text: str) -> str:
    """As a full-width keyboard writes it."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def grouped(digits: str, mark: str, sizes: Sequence[int] = (3, 4, 4)) -> str:
    """In groups, with a mark between them."""
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return mark.join(parts)


IDS: Final = ("110101199003071234", "31010519491231002X")
FORMS: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "name after 我叫": ("你好我叫{}，家里漏水", NAMES),
    "name after 我是": ("我是{}，电梯坏了", NAMES),
    "name after 住户": ("住户{}反映噪音大", NAMES),
    "name after 业主": ("业主{}要求回电", NAMES),
    "name after 找": ("请找{}开门", NAMES),
    "name after 联系人": ("联系人：{}，下午在家", NAMES),
    "name after 姓名": ("姓名{}，报修空调", NAMES),
    "name before 先生": ("{}先生说门禁坏了", NAMES),
    "name before 女士": ("麻烦转告{}女士", NAMES),
    "name with 家": ("{}家的水管爆了", NAMES),
    "name alone in a sentence": ("昨天{}来投诉过", NAMES),
    "nickname 老": ("老{}家又吵了", ("周", "贺", "欧阳")),
    "English name after My name is": ("My name is {}, no power", ("Mary Jones", "Li Wei")),
    "English name alone": ("{} in the lobby needs help", ("Mary Jones", "Tom Clark")),
    "phone in digits": ("打{}找我", PHONES),
    "phone with spaces": ("打{}找我", [grouped(p, " ") for p in PHONES]),
    "phone with hyphens": ("打{}找我", [grouped(p, "-") for p in PHONES]),
    "phone with full stops": ("打{}找我", [grouped(p, "。") for p in PHONES]),
    "phone in full-width digits": ("打{}找我", [wide(p) for p in PHONES]),
    "phone in numerals": ("打{}找我", [spoken(p) for p in PHONES]),
    "phone in numerals with 幺": ("打{}找我", [spoken(p, "幺") for p in PHONES]),
    "phone half digits, half numerals": ("打{}找我", [p[:3] + spoken(p[3:]) for p in PHONES]),
    "phone with words between": ("打{}找我", [grouped(p, "，然后是") for p in PHONES]),
    "phone with +86": ("打{}找我", [f"+86 {p}" for p in PHONES]),
    "landline": ("座机{}", ("010-60001234", "0755 8888 1234", "(021)50001234")),
    "seven-digit landline": ("座机{}", ("6000123", "888-1234")),
    "flat as numbers": ("{}漏水", [f"3-1-{f}" for f in FLATS]),
    "flat in words": ("{}漏水", [f"3号楼1单元{f}" for f in FLATS]),
    "flat with 室": ("{}室漏水", FLATS),
    "flat in numerals": ("三号楼一单元{}漏水", [spoken(f) for f in FLATS]),
    "flat in numerals with 室": ("{}室太吵", [spoken(f) for f in FLATS]),
    "flat of a tower": ("{}没电", [f"A座{f}" for f in FLATS]),
    "flat by floor and door": ("{}漏水", ("五楼二号", "18楼03号", "三层东户")),
    "English flat": ("water in {}", ("Flat 4C", "apt. 1801", "Room 502")),
    "plate": ("{}挡路", ("沪A12345", "京B6X789", "粤C88888")),
    "plate of eight": ("{}挡路", ("沪AD12345", "京BF67890")),
    "plate with a dot or a space": ("{}挡路", ("沪A·12345", "京B 6X789")),
    "plate in full-width letters": ("{}挡路", [wide("A12345").join(("沪", ""))]),
    "plate without its province": ("车牌{}挡路", ("A12345", "B6X789")),
    "identity number": ("身份证{}", IDS),
    "identity number in groups": ("身份证{}", [grouped(i, " ", (6, 8, 4)) for i in IDS]),
    "identity number in full-width digits": ("身份证{}", [wide(i) for i in IDS]),
    "identity number in numerals": ("身份证{}", [spoken(IDS[0])]),
    "its last four": ("身份证后四位{}", ("1234", "002X")),
    "passport": ("护照{}", ("E12345678", "EA1234567")),
    "mail": ("写到{}", ("zhou.yt@example.com", "a_b@example.org")),
    "mail in words": ("写到{}", ("zhou点yt艾特example点com",)),
    "WeChat id": ("加微信{}", ("zhou_yutong88", "heLan-2020")),
}
"""How it is said, and what: a form is a sentence and the values that stand in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one form."""

    form: str
    tried: int
    missed: tuple[str, ...]


def look(forms: Mapping[str, tuple[str, Sequence[str]]] = FORMS) -> list[Found]:
    """Scrub every sentence; what still holds its value, or most of it, was missed."""
    found = []
    for form, (sentence, values) in forms.items():
        scrubbed = [(value, scrub(sentence.format(value))) for value in values]
        missed = tuple(clean for value, clean in scrubbed if is_left(value, clean))
        found.append(Found(form, len(values), missed))
    return found


def is_left(value: str, clean: str) -> bool:
    """Whether a value, or a half of a long one, can still be read."""
    sought, shown = plain(value), plain(clean)
    half = len(sought) // 2
    parts = (sought[:half], sought[-half:]) if half >= LEGIBLE else (sought,)
    return any(part in shown for part in parts)


LEGIBLE: Final = 4
"""So many characters of a number tell something; fewer are in many other words."""


def plain(text: str) -> str:
    """As the scrubber reads it: narrow, and without what stands between."""
    narrow = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    return "".join(c for c in narrow if c.isalnum())


async def measure(_: Plan, console: Console) -> Result:
    """The share of values that were missed, and the forms that were."""
    found = look()
    tried = sum(each.tried for each in found)
    missed = sum(len(each.missed) for each in found)
    leaky = [each for each in found if each.missed]
    console.print(f"[dim]scrubber: {len(found)} forms, {tried} values[/]")
    lines = [Line("values missed by the scrubber", f"{missed} of {tried}")]
    lines += [Line(f"  {e.form}", f"{len(e.missed)} of {e.tried}") for e in leaky]
    return Result(
        figures={"scrubber_missed_share": missed / tried},
        lines=lines,
        details={"complaints": {}, "missed": {each.form: list(each.missed) for each in leaky}},
    )
