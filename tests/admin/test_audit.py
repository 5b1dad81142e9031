"""The audit can be read by those who judge it, and that they read it stands there as well."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.bench import Bench


async def read(bench: Bench, role: Any = "auditor", **asked: str) -> dict[str, Any]:
    who = bench.signed_in(role, id=f"{role}-1")
    found: dict[str, Any] = await bench.done("GET", "/v1/audit", who, params=asked)
    return found


async def test_what_was_done_to_an_account_is_found_by_it_and_by_who_did_it(bench: Bench) -> None:
    await bench.invite("chen.jie")
    await bench.done("POST", "/v1/users/chen.jie/freeze", json={"why": "left"})

    about = (await read(bench, kind="account", id="chen.jie"))["items"]
    done = (await read(bench, by="operator:administrator"))["items"]

    acts = [entry["act"] for entry in about if entry["act"] != "audit.read"]
    assert len(acts) == 2
    assert {(e["writer"], e["by"], e["source"]) for e in about if e["act"] in acts} == {
        ("admin", "operator:administrator", "127.0.0.1")
    }
    assert [entry["why"] for entry in about if entry["act"] == acts[0]] == ["left"]
    assert acts == [e["act"] for e in done if e["subject"]["id"] == "chen.jie"][: len(acts)]


@pytest.mark.parametrize("asked", [{}, {"after": ""}])
async def test_reading_it_is_on_record_before_it_is_shown(
    bench: Bench, asked: dict[str, str]
) -> None:
    first = (await read(bench, role="privacy_officer", by="wang", **asked))["items"]
    found = (await read(bench, kind="account", id="wang"))["items"]

    assert first == []
    assert ("audit.read", "privacy_officer-1") in [(e["act"], e["by"]) for e in found]


async def test_pages_go_on_without_a_gap(bench: Bench) -> None:
    for id in ("li", "wang", "chen.jie"):
        await bench.invite(id)
    whole = (await read(bench, by="operator:administrator"))["items"]

    page = await read(bench, by="operator:administrator", limit="2")
    rest = await read(bench, by="operator:administrator", limit="200", after=page["next"])

    assert page["items"] + rest["items"] == whole


@pytest.mark.parametrize("asked", [{"kind": "account"}, {"id": "wang"}])
async def test_half_a_subject_names_what_is_missing(bench: Bench, asked: dict[str, str]) -> None:
    who = bench.signed_in("auditor")
    answer = await bench.ask("GET", "/v1/audit", who, params=asked)

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] in {"kind", "id"} - asked.keys()


async def test_an_administrator_does_not_read_it(bench: Bench) -> None:
    assert (await bench.ask("GET", "/v1/audit", bench.boss())).status_code == 403
