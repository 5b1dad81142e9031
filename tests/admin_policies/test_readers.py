"""Those who must confirm having read a policy do so; who has not is listed."""

import asyncio

from tests.admin_policies.bench import AGENT, APPROVER, DRAFTER, Bench, refused


async def add_staff(bench: Bench, **roles: str) -> None:
    for id, role in roles.items():
        state = "frozen" if id.startswith("gone") else "active"
        account = {"_id": id, "role": role, "state": state, "places": ["*"]}
        await bench.store.insert_once("accounts", account)


async def test_who_must_confirm_and_has_not_is_listed(bench: Bench) -> None:
    """Of the group's accounts: who stands on a duty list alone has none, and reads by it."""
    await add_staff(bench, ag="agent", li="agent", wu="dispatcher", ma="manager", gone="agent")
    for person in bench.platform.duty.current.everybody:
        account = {"_id": person.id, "role": "department", "state": "active", "places": ["*"]}
        await bench.store.insert_once("accounts", account)
    id = await bench.published(must_confirm=["agent", "dispatcher"])
    before = await bench.get(f"/{id}/readers")
    assert (before["confirmed"], sorted(before["missing"])) == ([], ["ag", "li", "wu"])

    shown = await bench.post(f"/{id}/confirm", AGENT)

    assert shown["confirmed"] == 1
    after = await bench.get(f"/{id}/readers")
    assert [(c["by"], c["role"]) for c in after["confirmed"]] == [("ag", "agent")]
    assert sorted(after["missing"]) == ["li", "wu"]


async def test_a_second_confirmation_changes_nothing(bench: Bench) -> None:
    id = await bench.published(must_confirm=["agent"])

    await asyncio.gather(*(bench.post(f"/{id}/confirm", AGENT) for _ in range(5)))

    assert len((await bench.get(f"/{id}/readers"))["confirmed"]) == 1


async def test_many_confirm_at_the_same_time_and_none_is_lost(bench: Bench) -> None:
    id = await bench.published(must_confirm=["agent"])

    await asyncio.gather(*(bench.post(f"/{id}/confirm", ("agent", f"a{n}")) for n in range(12)))

    assert len((await bench.get(f"/{id}/readers"))["confirmed"]) == 12


async def test_who_need_not_confirm_is_told_so(bench: Bench) -> None:
    asked = await bench.published(must_confirm=["dispatcher"])
    draft = await bench.draft()

    assert refused(await bench.ask("POST", f"/{asked}/confirm", AGENT)) == "409 not-asked"
    assert refused(await bench.ask("POST", f"/{draft}/confirm", AGENT)) == "409 wrong-state"


async def test_only_roles_of_persons_can_be_asked(bench: Bench) -> None:
    id = await bench.submitted()

    answer = await bench.ask("POST", f"/{id}/approve", APPROVER, must_confirm=["system"])

    assert refused(answer) == "422 malformed"
    assert answer.json()["faults"][0]["field"] == "must_confirm.0"


async def test_who_has_not_read_it_is_for_those_who_draft(bench: Bench) -> None:
    id = await bench.published()

    assert refused(await bench.ask("GET", f"/{id}/readers", AGENT)) == "403 forbidden"
    assert (await bench.ask("GET", f"/{id}/readers", DRAFTER)).is_success
