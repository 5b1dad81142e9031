"""A draft is made from the newest version, changed, carried over, submitted; a bad one is not."""

from typing import Any

import pytest

from shared.policy.documents import KINDS
from tests.admin_policies.bench import (
    AGENT,
    APPROVER,
    DRAFTER,
    SECOND_DRAFTER,
    Bench,
    refused,
)


async def test_a_draft_changes_what_its_overlay_names_and_is_in_force_nowhere(
    bench: Bench,
) -> None:
    id = await bench.draft("rules: {decline_limit: 4}\nlocal: {cuihu: {rules: {decline_limit: 5}}}")

    shown = await bench.get(f"/{id}")
    assert (shown["state"], shown["base"], shown["authors"]) == ("draft", "sample", ["su"])
    differences = (await bench.get(f"/{id}/diff"))["differences"]
    assert differences == [
        {"path": "local", "before": None, "after": {"cuihu": {"rules": {"decline_limit": 5}}}},
        {"path": "rules.decline_limit", "before": 2, "after": 4},
    ]
    assert await bench.in_force() == "sample"


async def test_a_draft_may_be_sent_as_all_its_documents(bench: Bench) -> None:
    documents = await bench.get("/sample/documents")
    documents["group"]["estates"].pop()

    made = await bench.post("", DRAFTER, title="Smaller", documents=documents)

    differences = (await bench.get(f"/{made['id']}/diff"))["differences"]
    assert [d["path"] for d in differences] == ["group.estates.cuihu"]


async def test_an_export_sent_back_makes_the_same_documents(bench: Bench) -> None:
    id = await bench.draft("calendar: {days_off: [2026-10-01]}\nrules: {desk_numbers: ['on', '1']}")
    answer = await bench.ask("GET", f"/{id}/export")
    assert answer.headers["content-type"].startswith("application/yaml")

    again = await bench.draft(answer.text)

    assert (await bench.get(f"/{again}/diff?against={id}"))["differences"] == []
    assert (await bench.ask("GET", f"/{again}/export")).text == answer.text


BAD: dict[str, tuple[str, str]] = {
    "an area routed nowhere": (
        "taxonomy: {areas: [{id: gas, department: moon}]}",
        "taxonomy.areas.gas.department",
    ),
    "a limit shorter than the clock before it": (
        "taxonomy: {types: [{id: repair, limits: {normal: {arrive: {for: PT1M, on: wall}}}}]}",
        "taxonomy.types.repair.limits.normal.arrive",
    ),
    "a template with an unknown field": (
        "templates: {messages: {receipt: {en: {body: '{{ phone }}'}}}}",
        "templates.messages.receipt.en.body",
    ),
    "a department that nobody could serve": (
        "taxonomy: {departments: [{id: pool, zh: 泳池, en: Pool}]}",
        "taxonomy.departments.pool",
    ),
    "an estate that hangs in the air": (
        "group: {estates: [{id: cuihu, within: mars}]}",
        "group.estates.cuihu.within",
    ),
    "a layer that says what no layer may": (
        "local: {cuihu: {group: {}}}",
        "local.cuihu.group",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_draft_at_fault_is_kept_and_not_submitted(
    bench: Bench, bad: tuple[str, str]
) -> None:
    overlay, field = bad
    id = await bench.draft(overlay)

    answer = await bench.ask("POST", f"/{id}/submit")

    assert refused(answer) == "422 faulty-policy"
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert (await bench.get(f"/{id}/faults"))["faults"] == answer.json()["faults"]
    assert await bench.state(id) == "draft"


async def test_all_faults_are_told_at_once_however_many(bench: Bench) -> None:
    documents = await bench.get("/sample/documents")
    for area in documents["taxonomy"]["areas"]:
        area["department"] = "moon"
    id = (await bench.post("", title="Moon", documents=documents))["id"]

    answer = await bench.ask("POST", f"/{id}/submit")

    assert len(answer.json()["faults"]) == len(documents["taxonomy"]["areas"]) > 20


async def test_a_calendar_that_ends_next_month_is_refused(bench: Bench) -> None:
    until = (bench.now().date()).isoformat()
    id = await bench.draft(f"calendar: {{until: {until}}}")

    answer = await bench.ask("POST", f"/{id}/submit")

    assert [fault["field"] for fault in answer.json()["faults"]] == ["calendar.until"]


@pytest.mark.parametrize(
    "body",
    [
        {"overlay": "rules: [1"},
        {"overlay": "a: &x {}\nrules: *x"},
        {"overlay": "holidays: {}"},
        {"overlay": "7"},
        {"documents": {"holidays": {}}},
        {"documents": {"rules": {"decline_limit": 10**20}}},
        {"documents": {"rules": {"x": "\u0000"}}},
        {"overlay": "", "documents": {}},
        {"title": ""},
        {"typo": 1},
    ],
)
async def test_what_cannot_be_read_is_refused_with_its_field(
    bench: Bench, body: dict[str, Any]
) -> None:
    answer = await bench.ask("POST", "", **({"title": "Bad"} | body))

    assert refused(answer) == "422 malformed"
    assert answer.json()["faults"]


async def test_documents_that_are_left_out_are_faults_and_nothing_breaks(bench: Bench) -> None:
    id = (await bench.post("", title="Half", documents={"rules": []}))["id"]

    answer = await bench.ask("POST", f"/{id}/submit")

    fields = {fault["field"] for fault in answer.json()["faults"]}
    assert set(KINDS) <= fields


async def test_a_change_counts_only_on_what_was_read(bench: Bench) -> None:
    id = await bench.draft()
    read = (await bench.get(f"/{id}"))["edition"]

    first = await bench.ask("PUT", f"/{id}", edition=read, overlay="rules: {decline_limit: 6}")
    late = await bench.ask("PUT", f"/{id}", edition=read, overlay="rules: {decline_limit: 7}")

    assert first.json()["edition"] == read + 1
    assert refused(late) == "409 changed-since"
    [difference] = (await bench.get(f"/{id}/diff"))["differences"]
    assert difference["after"] == 6


async def test_starting_over_drops_what_was_changed_before(bench: Bench) -> None:
    id = await bench.draft("rules: {decline_limit: 4, feedback_attempts: 9}")

    changed = await bench.ask(
        "PUT", f"/{id}", edition=1, overlay="rules: {decline_limit: 5}", start_over=True
    )

    assert changed.is_success
    paths = [d["path"] for d in (await bench.get(f"/{id}/diff"))["differences"]]
    assert paths == ["rules.decline_limit"]


async def test_what_is_submitted_is_changed_no_more(bench: Bench) -> None:
    id = await bench.submitted()

    again = await bench.ask("POST", f"/{id}/submit")
    changed = await bench.ask("PUT", f"/{id}", edition=2, title="Another")

    assert (refused(again), refused(changed)) == ("409 wrong-state", "409 wrong-state")


async def test_what_was_refused_says_why_and_is_worked_on_again(bench: Bench) -> None:
    id = await bench.submitted()

    shown = await bench.post(f"/{id}/refuse", APPROVER, reason="four is too many, 138 0013 8000")
    assert shown["state"] == "refused"
    assert shown["decided"]["by"] == "ma"
    assert "too many" in shown["decided"]["reason"]
    assert "8000" not in shown["decided"]["reason"]

    changed = await bench.ask("PUT", f"/{id}", edition=3, overlay="rules: {decline_limit: 3}")
    assert changed.json()["state"] == "draft"
    assert (await bench.post(f"/{id}/submit"))["state"] == "submitted"


async def test_a_draft_is_withdrawn_for_good(bench: Bench) -> None:
    id = await bench.submitted()

    assert (await bench.post(f"/{id}/withdraw"))["state"] == "withdrawn"

    assert refused(await bench.ask("POST", f"/{id}/approve", APPROVER)) == "409 wrong-state"
    assert (await bench.post(f"/{id}/withdraw"))["state"] == "withdrawn"


async def test_a_draft_on_an_outdated_base_is_refused_until_it_is_carried_over(
    bench: Bench,
) -> None:
    late = await bench.submitted("rules: {feedback_attempts: 5}", SECOND_DRAFTER)
    early = await bench.draft("rules: {feedback_attempts: 6}")
    newest = await bench.published("rules: {decline_limit: 4}")

    submitted = await bench.ask("POST", f"/{early}/submit")
    approved = await bench.ask("POST", f"/{late}/approve", APPROVER)
    assert (refused(submitted), refused(approved)) == ("409 outdated", "409 outdated")
    assert f"/{late}/rebase" in approved.json()["detail"]

    shown = await bench.post(f"/{late}/rebase", SECOND_DRAFTER)
    assert (shown["state"], shown["base"]) == ("draft", newest)
    assert [d["path"] for d in (await bench.get(f"/{late}/diff"))["differences"]] == [
        "rules.feedback_attempts"
    ]
    await bench.post(f"/{late}/submit", SECOND_DRAFTER)
    await bench.post(f"/{late}/approve", APPROVER)
    await bench.in_force()
    rules = bench.platform.policy.rules
    assert (rules.decline_limit, rules.feedback_attempts) == (4, 5)


async def test_what_both_changed_otherwise_is_a_conflict_that_a_person_decides(
    bench: Bench,
) -> None:
    mine = await bench.draft("rules: {decline_limit: 7}", SECOND_DRAFTER)
    newest = await bench.published("rules: {decline_limit: 4}")

    answer = await bench.ask("POST", f"/{mine}/rebase", SECOND_DRAFTER)
    assert refused(answer) == "409 conflicting"
    assert answer.json()["paths"] == ["rules.decline_limit"]
    assert (await bench.get(f"/{mine}"))["base"] == "sample"

    decided = await bench.ask(
        "PUT", f"/{mine}", edition=1, overlay="rules: {decline_limit: 5}", start_over=True
    )
    assert decided.json()["base"] == newest


async def test_drafts_are_listed_newest_first_page_by_page_without_the_head(bench: Bench) -> None:
    made = [await bench.draft() for _ in range(3)]

    first = await bench.get("?limit=2")
    second = await bench.get(f"?limit=2&after={first['next']}")

    listed = [item["id"] for item in (*first["items"], *second["items"])]
    assert listed == [*reversed(made), "sample"]
    assert second["next"] is None


@pytest.mark.parametrize("path", ["", "/documents", "/export", "/faults", "/diff", "/readers"])
@pytest.mark.parametrize("id", ["nothing", "head"])
async def test_what_is_missing_and_the_head_are_not_found(bench: Bench, path: str, id: str) -> None:
    assert refused(await bench.ask("GET", f"/{id}{path}")) == "404 not-found"


async def test_only_those_who_may_draft_for_the_whole_group(bench: Bench) -> None:
    by_role = await bench.ask("POST", "", AGENT, title="Mine")
    by_reach = await bench.ask("POST", "", DRAFTER, at="jinyuan", title="Mine")

    assert (refused(by_role), refused(by_reach)) == ("403 forbidden", "403 forbidden")
    assert (await bench.get("", AGENT))["items"]
