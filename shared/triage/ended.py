"""What staff write of a danger that is over, and of one that is not. Pure.

A note at the end of an emergency names the danger and how it ended: 「着火已扑灭，业主满意」. That
is no new danger. 「又着火了」 is one, 「还在漏气」 too, and so is whatever this page does not know:
it takes out only what says in so many words that something is over, and what stands beside it is
read all the same: 「困人已救出，老人心脏病发作」 tells of one that is over and of one that is not.
Callers' own words are never read in this way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.words import HAN, plain

_CLAUSE_ENDS: Final = re.compile(r"([,，、;；:：。.!！?？\n]+)")
_SENTENCE_ENDS: Final = re.compile(r"[。.!！?？;；\n]")
_APART: Final = re.compile(rf"(?<=[{HAN}])[ \t\u3000]+(?=[{HAN}])")
"""Many type a space where a comma belongs. It is gone when words are read as `plain`."""
_SEPARATES: Final = 2
"""Each clause is followed by its own end, which is nothing after the last."""

_DONE_VERBS: Final = (
    "扑灭|熄灭|灭掉|灭了|关阀|关闭|关掉|关上|关好|切断|断开|断电|断气|断水|停气|堵漏|堵住|止漏|"
    "修复|修好|修缮|更换|换好|处理|处置|排除|解除|消除|解决|清理|清除|清走|救出|救下|解救|脱困|脱险|放出|"
    "劝开|制止|平息|离开|带走|送医|送往医院|送到医院|送至医院|就医|加固|恢复|通风"
)
_ENDED_IN_ENGLISH: Final = (
    r"\b(?:is|was|are|were|been|got|fire|leak|smoke|flood|people|persons?)"
    r"(?: now| all| already| finally)? (?:extinguished|put out|closed(?: off)?|shut off"
    r"|turned off|fixed|repaired|freed|rescued|released|resolved|dealt with|cleared"
    r"|(?:out|over)(?! of| the| to))\b"
)
_ENDED: Final = re.compile(
    rf"已经?(?P<how>[^已]{{0,8}}?)(?:{_DONE_VERBS}|无(?:明火|火情|泄漏|漏气|异味|险情|危险)|灭)"
    r"(?!中|着|到|器)"
    r"|(?:扑灭|熄灭|救出|解救|脱困|修好|修复|排除|解除|解决|处理)(?:完毕|完成|好了|完了|了)"
    r"|处理好(?!吗)|现场无(?:明火|险情|危险)"
    rf"|{_ENDED_IN_ENGLISH}"
)
"""It is done, by what was done."""
_AND_MORE: Final = re.compile(
    rf"(?:{_ENDED_IN_ENGLISH})(?= and (?:an?|the|there|some\w*|one|two|my|his|her|our|their)\b)"
)
"""After this something else is told, without a comma."""
_ONLY_BEGUN: Final = re.compile(
    r"派|安排|通知|上报|报|转|联系|要求|申请|正在|开始|着手|准备|前往|赶|催|叫|请|需|等|待|有人"
    r"|[伤困燃漏晕血砸]|着火|起火|冒烟|烧"
)
"""Between 已 and the verb: nothing is done yet, or it is the danger itself that is told there."""
_PERSISTS: Final = re.compile(
    r"又|再次|再度|再一次|复燃|重新(?=[着起冒漏])"
    r"|还(?!给|款|原|清|说|表示|要求|希望|特意|专门)|仍然?|依然|依旧"
    r"|(?:继续|持续)(?!观察|跟进|关注|回访|巡查)|越来越|余烟|余火|阴燃"
    rf"|(?:没有?|未能?|尚未|无法|不能|没能|不了)(?:完全|彻底|及时|有效)?(?:{_DONE_VERBS}|灭|好)"
    r"|[扑灭关修堵止救]不[灭掉住好了上出]"
    r"|\b(?:again|still|not|yet|cannot|can't|isn't|wasn't|aren't|hasn't|never|until)\b"
    r"|re-?ignit|n't\b"
)
"""It is not over."""
_HEDGES: Final = re.compile(
    r"但|不过|可是|然而|却|除了|吗|么[?]|[?]|是否|是不是|\b(?:but|however|except)\b"
)
"""Something else may not be, or that it is over is only asked."""
_OF_DANGERS: Final = re.compile(
    r"[火烟烧燃漏困伤晕血淹砸坠爆炸塌溺]|煤气|天然气|触电|带电|打架|打人|打起来|持刀|救命|跳楼|倒地|昏迷|呼吸|[气异臭怪]味|味道"
    r"|\b(?:fire|smoke|smell\w*|burn\w*|gas|leak\w*|trapped|stuck|hurt|injur\w*|blood|shock|flood\w*)\b"
)
"""What is worth a comparison with calls for help. Three words about nothing are like anything."""
_NOTHING_OF_IT: Final = re.compile(
    r"(?:无|没有?|未发现|未见|未造成)(?:任何|其他|人员?|人)*"
    r"(?:伤亡|受伤|被困|泄漏|漏气|漏电|漏水|明火|冒烟|复燃|异味|火情|险情)"
    r"|(?:气味|异味|臭味|怪味|味道)(?:已经?|都|全部?|完全|基本)*(?:没有?了|无|消失|消散|散)"
    r"|\bno(?:body| one)? (?:\w+ )?(?:was |were |is )?(?:hurt|injured|trapped|leak|smoke|fire)\b"
)
"""Words of a danger that say that there is none."""
_BARE: Final = re.compile(
    r"(?:现|均|都|当场|目前|后来|随后|业主|师傅|保安|消防|消防员|我们|工程部|现场)*已"
)
"""A clause that begins so says nothing else than that what stands before it ended."""
_OF_ONE_KIND: Final = tuple(
    (re.compile(how), re.compile(danger))
    for how, danger in (
        ("扑灭|熄灭|灭火|灭了|灭掉|明火|extinguish|put out", "火|烟|烧|燃|糊|fire|smoke"),
        ("关阀|断气|停气|堵漏|通风", "煤气|燃气|天然气|漏气|气味|gas"),
        ("救出|解救|脱困|放出|freed|rescued|released", "困|trap|stuck"),
        ("断电|切断|断开", "电|火花|spark"),
    )
)
"""What was done, and the words of the danger that it ends."""


class Excerpt(NamedTuple):
    """Words of a note to be judged: as callers' words are, or `by_rules` alone, without what they
    are only like.
    """

    words: str
    by_rules: bool = False


def readings_of(note: str) -> tuple[Excerpt, ...]:
    """What of a note is to be judged, and how; nothing where all of it is over.

    Of a note that says, asks or hints that something is not over: all of it, what stands beside
    what is over, and the danger without the words that it goes on. Of any other what stands beside
    what is over: by the rules, or where it holds words of a danger as callers' words, and all of
    the note so too. A note that speaks of no end is judged by the rules.
    """
    read, left = _read(note), without_ended(note)
    if _goes_on(read):
        wanted = filter(None, (note, left, _PERSISTS.sub("", read).strip()))
        return tuple(Excerpt(words) for words in wanted)
    if left == read.strip():
        return (Excerpt(note, by_rules=True),)
    if not _OF_DANGERS.search(_NOTHING_OF_IT.sub("", left)):
        return (Excerpt(left, by_rules=True),) if left else ()
    return (Excerpt(left), Excerpt(note))


def _goes_on(read: str) -> bool:
    return any(words.search(read) for words in (_PERSISTS, _HEDGES))


def without_ended(note: str) -> str:
    """A note without the clauses that say that a danger is over, and without those before them in
    their sentence that name the danger which ended.
    """
    parts = _CLAUSE_ENDS.split(_read(note))
    clauses, ends = parts[::_SEPARATES], [*parts[1::_SEPARATES], ""]
    asked = ["?" in end or "？" in end for end in ends]
    over = [_says_ended(c) and not is_asked for c, is_asked in zip(clauses, asked, strict=True)]
    for at, clause in enumerate(clauses):
        if over[at]:
            _mark_named_before(clauses, ends, over, at, clause)
    kept = (c + end for c, end, gone in zip(clauses, ends, over, strict=True) if not gone)
    return "".join(kept).strip()


def _mark_named_before(
    clauses: Sequence[str], ends: Sequence[str], over: list[bool], at: int, clause: str
) -> None:
    """Mark the clauses before one that says how it ended, as far as they are of its matter."""
    for before in range(at - 1, -1, -1):
        if _SENTENCE_ENDS.search(ends[before]):
            return
        of_kind = [named for ways, named in _OF_ONE_KIND if ways.search(clause)]
        if of_kind and not any(named.search(clauses[before]) for named in of_kind):
            return
        if not of_kind and not _BARE.match(clause):
            return
        over[before] = True
        if not of_kind:
            # What ended is not said: it was what stands right before.
            return


def _says_ended(clause: str) -> bool:
    if _goes_on(clause):
        return False
    return any(not _ONLY_BEGUN.search(each["how"] or "") for each in _ENDED.finditer(clause))


def _read(note: str) -> str:
    read = plain(_APART.sub("，", note)).lower()
    return _AND_MORE.sub(r"\g<0>,", read)
