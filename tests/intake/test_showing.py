"""A photo of somebody's home is opened by who may see the work, on record (A5.3, promise 9).

The router takes it and intake opens it, both as they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.router.app import build as build_router
from services.router.settings import RouterSettings
from shared.audit import NotAnchored, Trail
from shared.identity import Role
from shared.privacy.open import Opener
from shared.privacy.vault import VAULT
from tests.intake.privacy_bench import PrivacyBench, problem
from tests.support.anew import Shared, shared
from tests.support.bench import opened, until
from tests.support.photos import SECRETS, photo
from tests.support.photos import opened as picture
from tests.support.servers import Corner, Servers, open_corner

ROUTER: Final = 1
LI: Final = "jy-engineering-1"
REQUEST: Final = "5b6a79880f1e2d3c4d3c2e1f096a5b4c"


@asynccontextmanager
async def open_house(corner: Corner, folder: Path) -> AsyncIterator[PrivacyBench]:
    async with opened(PrivacyBench, corner, folder) as made:
        await made.add_replica()
        await made.serve(await build_router(made.settings_of(RouterSettings)))
        yield made


@pytest.fixture(scope="module")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[PrivacyBench]]:
    with open_corner(servers) as corner:
        async with open_house(corner, tmp_path_factory.mktemp("photos")) as made:
            yield await shared(made)


async def shown(bench: PrivacyBench, **changes: Any) -> tuple[str, str]:
    """A ticket whose work somebody has accepted and shown in a photo; both ids."""
    number = await bench.register(**changes)

    async def given() -> bool:
        ticket = await bench.platform.tickets.get(number)
        return ticket is not None and bool(ticket.orders)

    await until(given)
    work: dict[str, Any] = {"as_": "department", "id": LI, "departments": "engineering"}
    path = f"/v1/work-orders/{number}-1"
    accepted = await bench.ask("POST", f"{path}/accept", n=ROUTER, **work)
    assert accepted.status_code == 200, accepted.text
    sent = await bench.ask("POST", f"{path}/proofs", n=ROUTER, content=photo(), **work)
    assert sent.status_code == 201, sent.text
    return number, sent.json()["id"]


async def look(
    bench: PrivacyBench, proof: str, *, as_: Role = "agent", **who: Any
) -> httpx.Response:
    return await bench.ask("GET", f"/v1/proofs/{proof}", as_=as_, **who)


async def test_a_photo_is_opened_as_it_was_kept_and_it_is_on_record(bench: PrivacyBench) -> None:
    number, id = await shown(bench)

    answer = await look(bench, id, id="agent-9")

    assert answer.status_code == 200, answer.text
    assert [secret for secret in SECRETS if secret in answer.content] == []
    assert dict(picture(answer.content).getexif()) == {}
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "image/jpeg", "no-store"
    )  # fmt: skip
    assert answer.headers["x-content-type-options"] == "nosniff"
    [entry] = await bench.audit("person.photo_seen")
    assert entry["subject"] == {"kind": "person", "id": f"{number}/caller"}
    assert (entry["by"], entry["details"]) == ("agent-9", {"proof": id})


async def test_who_has_seen_somebody_names_who_looked_into_their_home(bench: PrivacyBench) -> None:
    number, id = await shown(bench)
    await look(bench, id, id="agent-9")

    body = {"number": number, "person": "caller"}
    answer = await bench.ask("POST", "/v1/persons/seen", as_="privacy_officer", json=body)

    found = {item["way"]: item.get("by") for item in answer.json()["items"]}
    assert found["photo_seen"] == "agent-9"


async def test_nothing_is_opened_that_could_not_be_put_on_record(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, id = await shown(bench)
    seen: list[bytes] = []

    async def full(*_: Any, **__: Any) -> None:
        raise NotAnchored("the disk is full")

    async def open_proof(_: Opener, sealed: bytes) -> bytes:
        seen.append(sealed)
        return sealed

    monkeypatch.setattr(Trail, "record", full)
    monkeypatch.setattr(Opener, "open_proof", open_proof)

    assert problem(await look(bench, id)) == (503, "not-anchored")
    assert seen == []


@pytest.mark.parametrize(
    ("role", "who", "status"),
    [
        ("agent", {}, 200),
        ("supervisor", {"place": "jinyuan"}, 200),
        ("manager", {"place": "jinyuan"}, 200),
        ("department", {"departments": "engineering"}, 200),
        ("department", {"departments": "security"}, 404),
        ("department", {"departments": "lift_firm"}, 404),
        ("agent", {"place": "binjiang"}, 404),
        ("auditor", {}, 403),
        ("system", {}, 403),
    ],
)
async def test_only_who_may_see_the_work_looks(
    bench: PrivacyBench, role: Role, who: dict[str, str], status: int
) -> None:
    _, id = await shown(bench)

    assert (await look(bench, id, as_=role, **who)).status_code == status
    assert len(await bench.audit("person.photo_seen")) == (status == 200)


async def test_a_firm_outside_the_group_sees_no_home_not_even_in_its_own_work(
    bench: PrivacyBench,
) -> None:
    _, id = await shown(bench)
    proofs = bench.store.documents("proofs")
    tickets = bench.store.documents("tickets")
    await tickets.update_many({}, {"$set": {"work_orders.0.department": "lift_firm"}})
    assert await proofs.count_documents({}) == 1

    answer = await look(bench, id, as_="department", departments="lift_firm")

    assert answer.status_code == 404


async def test_it_goes_with_the_person_whose_home_it_shows(bench: PrivacyBench) -> None:
    number, id = await shown(bench)
    event = await bench.grant(REQUEST, turn=1, kind="erase", number=number, person="caller")
    await bench.publish(event, id=f"privacy_request/{REQUEST}/3/0")

    async def gone() -> bool:
        return problem_or_none(await look(bench, id)) == (410, "erased")

    await until(gone)
    doc = await bench.store.get("proofs", id)
    assert doc is not None
    assert doc["sealed"] is None


def problem_or_none(answer: httpx.Response) -> tuple[int, str] | None:
    return None if answer.status_code == 200 else problem(answer)


async def test_with_its_estate_s_key_it_is_gone(corner: Corner, tmp_path: Path) -> None:
    async with open_house(corner, tmp_path) as bench:
        await look_without_the_key(bench)


async def look_without_the_key(bench: PrivacyBench) -> None:
    _, id = await shown(bench)
    await bench.store.documents(VAULT).delete_one({"keyAltNames": "estate/jinyuan"})
    fresh = await bench.add_replica()  # which has not seen the key

    answer = await look(bench, id, n=bench.replicas.index(fresh))

    assert problem(answer) == (410, "cannot-be-opened")
