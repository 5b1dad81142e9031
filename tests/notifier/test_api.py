from typing import Any

from shared.identity import ROLES
from tests.notifier import samples
from tests.notifier.bench import NAME, PHONE, Bench


async def get(bench: Bench, path: str, headers: dict[str, str]) -> Any:
    return await bench.replicas[0].http.get(path, headers=headers)


async def tell_both_estates(bench: Bench) -> None:
    """A receipt in jinyuan, and a receipt and an assignment in binjiang."""
    await bench.add_ticket()
    await bench.add_ticket("26-2", estate="binjiang")
    await bench.handle(samples.registered(), id="1")
    await bench.handle(samples.registered(number="26-2", estate="binjiang"), id="2")
    await bench.handle(samples.dispatched(number="26-2", estate="binjiang"), id="3")
    await bench.ended(3)


async def test_a_message_is_shown_with_its_words_and_a_masked_person(bench: Bench) -> None:
    await bench.add_ticket()
    await bench.handle(samples.registered())
    (doc,) = await bench.ended()

    answer = await get(bench, f"/v1/messages/{doc['_id']}", bench.token())

    shown = answer.json()
    assert answer.status_code == 200
    assert shown["to"] == {"name": "王**", "address": "138****8000"}
    assert "王**" in shown["body"]
    assert "编号 26-1" in shown["body"]
    assert (shown["status"], shown["channel"], shown["purpose"]) == (
        "received", "sandbox", "receipt",
    )  # fmt: skip
    assert shown["attempts"][0]["outcome"] == "received"
    assert NAME not in answer.text
    assert PHONE not in answer.text


async def test_a_colleagues_mail_address_is_masked_too(bench: Bench) -> None:
    await bench.add_ticket()
    await bench.handle(samples.dispatched())
    (doc,) = await bench.ended()

    shown = (await get(bench, f"/v1/messages/{doc['_id']}", bench.token())).json()

    assert shown["to"] == {"name": "许**", "address": "j***@duty.example"}


async def test_messages_are_listed_by_ticket_recipient_and_status(bench: Bench) -> None:
    await tell_both_estates(bench)
    token = bench.token()

    async def count(query: str) -> int:
        return len((await get(bench, f"/v1/messages?{query}", token)).json()["items"])

    assert await count("") == 3
    assert await count("number=26-2") == 2
    assert await count("recipient=caller") == 2
    assert await count(f"recipient={samples.ASSIGNEE}&status=received") == 1
    assert await count("status=failed") == 0


async def test_pages_follow_each_other_without_gap_or_repeat(bench: Bench) -> None:
    await bench.add_ticket()
    for n in range(5):
        await bench.handle(samples.dispatched(work_order=f"26-1-{n}"), id=str(n))
    await bench.ended(5)

    seen: list[str] = []
    after = ""
    while True:
        page = (await get(bench, f"/v1/messages?limit=2{after}", bench.token())).json()
        seen += [item["cause"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert seen == [f"ticket/26-1/work_order/26-1-{n}" for n in (4, 3, 2, 1, 0)]


async def test_a_cursor_that_is_not_ours_breaks_nothing(bench: Bench) -> None:
    for after in ("x", "1.", "99999999999999999999.a", "-", "%00"):
        answer = await get(bench, f"/v1/messages?after={after}", bench.token())

        assert answer.status_code in {200, 422}


async def test_only_those_who_need_them_read_messages(bench: Bench) -> None:
    readers = {"agent", "dispatcher", "supervisor", "manager", "administrator"}

    for role in ROLES:
        listed = await get(bench, "/v1/messages", bench.token(role))
        one = await get(bench, "/v1/messages/nothing", bench.token(role))

        expected = (200, 404) if role in readers else (403, 403)
        assert (listed.status_code, one.status_code) == expected, role


async def test_without_a_token_nothing_is_shown(bench: Bench) -> None:
    assert (await get(bench, "/v1/messages", {})).status_code == 401


async def test_b21_words_of_a_later_policy_do_not_change_what_was_told(bench: Bench) -> None:
    await bench.add_ticket()
    await bench.handle(samples.registered())
    (doc,) = await bench.ended()
    words = {"subject": "以后 {{ number }}", "body": "以后的话"}
    templates = {"messages": {"receipt": {"zh": words}}}
    await bench.let_places_differ(jinyuan={"templates": templates})

    shown = (await get(bench, f"/v1/messages/{doc['_id']}", bench.token())).json()

    (letter,) = bench.tray.letters
    assert shown["subject"] == letter.subject
    assert shown["body"] == letter.body.replace(NAME, "王**")


async def test_b21_a_link_to_work_is_its_reader_s_and_shown_to_nobody_else(bench: Bench) -> None:
    await bench.add_ticket()
    await bench.handle(samples.dispatched(), id="1")
    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), id="2")
    docs = {doc["purpose"]: doc for doc in await bench.ended(2)}

    for purpose, doc in docs.items():
        shown = (await get(bench, f"/v1/messages/{doc['_id']}", bench.token())).json()
        assert "https://…" in shown["body"], purpose
        assert "/w/" not in shown["body"], purpose
