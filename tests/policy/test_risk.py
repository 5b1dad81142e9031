"""Who threatens with an authority or the press is heard, and nobody else."""

from __future__ import annotations

import pytest

from shared.policy.risk import RiskWords
from tests.support.tickets import policy

RULES = policy().rules


@pytest.mark.parametrize(
    "said",
    [
        "再不来我就打12345", "打12345，3天没人来", "0571-12345投诉", "打010 12345", "12345平台见",
        "12345方面让我找你们", "打１２３４５", "打一二三四五", "我要上訪", "要曝 光你们",
        "起\u200b诉",
        "媒體曝光", "call a lawyer", "Journalists will hear of it", "I will sue you",
    ],
)  # fmt: skip
def test_a_threat_is_heard_however_it_is_written(said: str) -> None:
    assert RULES.tells_of_risk(said)


@pytest.mark.parametrize(
    "said",
    [
        "我的电话是13812345678", "138 12345 678", "138-12345-678", "尾号0012345", "物业费12345元",
        "电费12345.6度", "￥12345", "12345块钱", "一二三四五层都没电", "卡号1234500",
        "楼上访客太吵", "短信访客码打不开", "车位登记者不是我", "多媒体教室漏水", "a lawyerly tone",
    ],
)  # fmt: skip
def test_words_have_borders(said: str) -> None:
    assert not RULES.tells_of_risk(said)


def test_a_group_without_such_words_hears_none() -> None:
    assert not RiskWords([]).heard_in("12345")
    assert not RiskWords(["", "\u200b"]).heard_in("12345")
