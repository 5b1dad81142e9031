"""What is asked for where nothing is: words, and no redirect that loses them."""

from __future__ import annotations

import pytest

from tests.intake.test_registering import LAMP, IntakeBench


@pytest.mark.parametrize("path", ["/v1/tickets/", "/v1/tickets/22222222/", "/v1/nothing"])
async def test_a_path_that_is_not_there_is_refused_with_words(
    bench: IntakeBench, path: str
) -> None:
    answer = await bench.http.post(path, json=LAMP, headers=bench.signed_in("agent"))

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:hotline:problem:no-such-path"
    assert "slash" in answer.json()["detail"]
    assert answer.json()["title_zh"] == "没有这个地址"


async def test_a_number_that_is_not_there_is_another_mistake(bench: IntakeBench) -> None:
    answer = await bench.http.get("/v1/tickets/22222222", headers=bench.signed_in("agent"))

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:hotline:problem:not-found"
    assert answer.json()["title"] == "There is no such ticket, or it is not yours"


async def test_a_path_that_takes_another_method_says_which(bench: IntakeBench) -> None:
    answer = await bench.http.delete("/v1/tickets/22222222", headers=bench.signed_in("agent"))

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["title_zh"] == "地址正确，但请求方法不对"


async def test_a_field_s_fault_is_told_in_both_languages(bench: IntakeBench) -> None:
    answer = await bench.http.post(
        "/v1/classify", json={"texts": "灯坏了"}, headers=bench.signed_in("agent")
    )

    faults = {fault["field"]: fault for fault in answer.json()["faults"]}
    assert faults["texts"]["fault_zh"] == "没有这个字段"
    assert faults["text"]["remedy_zh"] == "请填写"


async def test_what_is_taken_with_a_doubt_says_it_in_both_languages(bench: IntakeBench) -> None:
    report = LAMP | {"caller": {"phone": "打我手机"}}
    answer = await bench.http.post("/v1/tickets", json=report, headers=bench.signed_in("agent"))

    [fault] = answer.json()["faults"]
    assert answer.status_code == 201
    assert (fault["field"], fault["fault_zh"]) == ("caller.phone", "不是能拨打的号码")
