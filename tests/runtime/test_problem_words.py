"""Every refusal says how it stands and what to do, in Chinese as in English.

What the code says is read out of the code itself, so that no sentence is forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from starlette.exceptions import HTTPException

from shared.contracts.errors import _WORDS, Fault, MalformedMessage, both
from shared.contracts.refusals import Refused
from shared.runtime.problem_words import GAP, in_chinese, told_in_both
from shared.runtime.problems import _COMMON, problem_of

ROOT: Final = Path(__file__).parents[2]
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
REFUSALS: Final = frozenset(kind.__name__ for kind in Refused.__subclasses__())
FAULTS: Final = frozenset({"MalformedMessage", "Fault"})
OF_POLICIES: Final = ("shared/policy/",)
"""Faults of a policy's file name paths of YAML, and are for who writes it."""
RULES: Final = (
    "shared/tickets/conditions.py",
    "shared/tickets/costs.py",
    "services/intake/desk/call_backs.py",
)
"""Where rules say as text why something is not possible."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for part in ("services", "shared"):
        for path in sorted((ROOT / part).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def sentence(node: ast.AST) -> str | None:
    """The text of a literal, with `{}` for what is filled in; None of anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(v.value) if isinstance(v, ast.Constant) else GAP for v in node.values)
        return "".join(parts)
    return None


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def calls(names: frozenset[str]) -> Iterator[tuple[str, ast.Call]]:
    for path, module in modules():
        if path.startswith(OF_POLICIES):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and name_of(node) in names:
                yield f"{path}:{node.lineno}", node


def said_in_calls() -> Iterator[tuple[str, str]]:
    for names in (REFUSALS, FAULTS):
        for where, call in calls(names):
            more = (k.value for k in call.keywords if k.arg in {"title", "remedy"})
            for node in (*call.args[1:], *more):
                if text := sentence(node):
                    yield where, text


def said_by_rules() -> Iterator[tuple[str, str]]:
    for path in RULES:
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if not isinstance(node, ast.Return) or node.value is None:
                continue
            value = node.value
            found = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
            for text in filter(None, map(sentence, found)):
                yield f"{path}:{node.lineno}", text


def filled(text: str) -> str:
    return text.replace(GAP, "7")


def test_every_refusal_says_what_to_do() -> None:
    found = list(calls(REFUSALS))
    silent = [
        where
        for where, call in found
        if 0 < len(call.args) < 3 and not any(k.arg == "remedy" for k in call.keywords)
    ]

    assert len(found) > 60
    assert silent == []


def test_every_sentence_of_a_refusal_and_of_a_field_s_fault_has_its_chinese() -> None:
    found = [*said_in_calls(), *said_by_rules()]
    missing = [
        f"{where} {text}" for where, text in found if not CHINESE.search(in_chinese(filled(text)))
    ]

    assert len(found) > 200
    assert missing == []


@pytest.mark.parametrize("words", _WORDS.values(), ids=list(_WORDS))
def test_the_faults_that_any_body_can_have_have_their_chinese(words: tuple[str, str]) -> None:
    for text in words:
        assert CHINESE.search(in_chinese(re.sub(r"\{\w+\}", "7", text))), text


@pytest.mark.parametrize("said", _COMMON.values(), ids=[kind.__name__ for kind in _COMMON])
def test_what_every_service_can_meet_is_said_in_chinese(said: tuple[int, str, str, str]) -> None:
    _, _, title, remedy = said
    assert in_chinese(title)
    assert not remedy or in_chinese(remedy)


def test_what_is_filled_in_stands_in_its_place() -> None:
    assert in_chinese("quote 3 counts now: tell the owner that one").startswith(
        "现在有效的是第 3 次"
    )
    assert in_chinese("It is based on a, and b has been approved since") == (
        "它基于 a，而 b 此后已获批准"
    )


def test_a_sentence_that_nobody_knows_is_left_out_and_the_title_is_general() -> None:
    class Odd(Exception):
        """None of ours."""

    fault = {"field": "x", "fault": "is odd", "remedy": "send it"}
    assert told_in_both(fault) == {**fault, "remedy_zh": "请填写"}
    assert problem_of(Odd()).body["title_zh"] == "系统出错了"


def test_both_faults_of_two_fields_are_named_at_once() -> None:
    def fails(field: str) -> str:
        raise MalformedMessage(field, "is missing", "send it")

    with pytest.raises(MalformedMessage) as caught:
        both(lambda: fails("role"), lambda: fails("id"))
    assert [fault.field for fault in caught.value.faults] == ["role", "id"]
    with pytest.raises(MalformedMessage) as caught:
        both(lambda: "well", lambda: fails("id"))
    assert caught.value.faults == (Fault("id", "is missing", "send it"),)
    assert both(lambda: 1, lambda: "two") == (1, "two")


def test_what_http_itself_refuses_has_words_too() -> None:
    from shared.runtime.problems import _of_http

    for status in (404, 405, 408):
        body = _of_http(HTTPException(status)).body
        assert body["detail"]
        assert CHINESE.search(body["detail_zh"])
    too_large = _of_http(HTTPException(413, "The body is larger than 262144 bytes")).body
    assert too_large["title_zh"] == "内容太大，最大 262144 字节"
