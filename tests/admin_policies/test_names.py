"""What ids and codes are called: small, in both languages, and told once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.codes import tables
from shared.identity import STAFF_ROLES
from shared.policy.policy import sample_documents
from tests.admin_policies.bench import AGENT, Bench, Who

IN_FORCE = "/in-force/names"


async def read(
    bench: Bench, path: str = IN_FORCE, who: Who = AGENT, known: str | None = None
) -> httpx.Response:
    """Ask for names, with the ETag that is known already."""
    role, id = who
    headers = bench.signed_in(role, id=id)
    if known is not None:
        headers["If-None-Match"] = known
    return await bench.http.get(f"/v1/policies{path}", headers=headers)


async def test_every_id_of_the_policy_in_force_has_its_names(bench: Bench) -> None:
    names = (await read(bench)).json()

    documents = sample_documents()
    for part in ("types", "urgencies", "areas", "departments", "emergency_kinds"):
        kept = {each["id"]: (each["zh"], each["en"]) for each in documents["taxonomy"][part]}
        assert {each["id"]: (each["zh"], each["en"]) for each in names[part]} == kept
    [jinyuan] = [each for each in names["estates"] if each["id"] == "jinyuan"]
    assert jinyuan == {
        "id": "jinyuan",
        "zh": "锦园",
        "en": "Jinyuan Gardens",
        "aliases": ["锦园小区", "锦园花园", "Jinyuan"],
        "within": "east",
    }
    assert [each["id"] for each in names["places"]] == ["east", "lakeside"]
    assert all(kind["steps"] for kind in names["emergency_kinds"] if kind["id"] == "fire")


async def test_codes_are_named_in_both_languages_and_the_lexicon_is_not_there(
    bench: Bench,
) -> None:
    answer = await read(bench)

    codes = answer.json()["codes"]
    assert {table: {*names} for table, names in codes.items()} == {
        table: {*names} for table, names in tables().items()
    }
    assert codes["held_reasons"]["nobody_on_duty"] == {"zh": "无人值班", "en": "Nobody is on duty"}
    assert len(answer.content) < 60_000
    assert not {"lexicon", "templates", "rules", "calendar"} & {*answer.json()}


async def test_who_knows_it_is_told_so_and_nothing_more(bench: Bench) -> None:
    first = await read(bench)
    etag = first.headers["etag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await read(bench, known=known)
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["etag"] == etag
    for strange in ('"other"', etag.strip('"'), "", "W/", ",,,"):
        other = await read(bench, known=strange)
        assert other.status_code == 200, strange
    assert first.headers["cache-control"] == "private, no-cache"


async def test_a_version_is_named_by_its_own_documents(bench: Bench) -> None:
    overlay = "group: {estates: [{id: jinyuan, zh: 锦绣园, en: Jinxiu Gardens}]}"
    draft = await bench.draft(overlay)
    path = f"/{draft}/names"

    names = (await read(bench, path)).json()

    assert names["policy"] == draft
    assert next(e["zh"] for e in names["estates"] if e["id"] == "jinyuan") == "锦绣园"
    present = (await read(bench)).json()
    assert next(e["zh"] for e in present["estates"] if e["id"] == "jinyuan") == "锦园"


async def test_a_draft_with_faults_has_no_names_yet_and_says_where_they_are(bench: Bench) -> None:
    draft = await bench.draft("taxonomy: {areas: [{id: lift_, zh: 梯}]}")

    answer = await read(bench, f"/{draft}/names")

    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"].rpartition(":")[2]) == (409, "not-readable")
    assert problem["title_zh"]
    assert problem["detail_zh"]


@pytest.mark.parametrize("id", ["head", "nothing", "0", "中文", "documents.group"])
async def test_what_is_no_version_has_no_names(bench: Bench, id: str) -> None:
    assert (await read(bench, f"/{id}/names")).status_code == 404


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_everybody_of_the_staff_reads_them(bench: Bench, role: Any) -> None:
    assert (await read(bench, who=(role, "somebody"))).status_code == 200


async def test_a_system_reads_none(bench: Bench) -> None:
    assert (await read(bench, who=("system", "s"))).status_code == 403
