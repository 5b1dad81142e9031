"""The secret of look-ups is changed while all goes on: everybody is found at any moment of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from hotline.cli import build_app
from services.intake.privacy import lookup_secret
from services.intake.privacy.lookup_secret import Reindex
from shared.privacy import load_keys
from shared.privacy.index import entries_in, version_of
from shared.privacy.keys import save_keys
from shared.privacy.open import Opener
from shared.privacy.vault import VAULT
from tests.intake.privacy_bench import LI, WANG, PrivacyBench, problem
from tests.support.bench import until

REMEMBERED = {"phone": WANG["phone"]}


@pytest.fixture
def bench(own_bench: PrivacyBench) -> PrivacyBench:
    """Its keys are changed and destroyed."""
    return own_bench


def hotline(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = ""
) -> tuple[int, str]:
    """An operator's command on the bench's data folder; what it said."""
    monkeypatch.setenv("HOTLINE_DATA", str(bench.key_file.parent))
    monkeypatch.setenv("HOTLINE_MONGO_URL", bench.corner.mongo_url)
    monkeypatch.setenv("HOTLINE_DATABASE", bench.corner.database)
    ended = CliRunner().invoke(build_app(), ["keys", *arguments], input=typed)
    return ended.exit_code, f"{ended.output}{ended.exception or ''}"


async def seen(bench: PrivacyBench, n: int) -> set[str]:
    answer = await bench.ask("POST", "/v1/persons/seen", as_="auditor", json=REMEMBERED, n=n)
    return {each["number"] for each in answer.json()["tickets"]}


async def versions(bench: PrivacyBench) -> list[set[int]]:
    docs = await bench.store.find("tickets", {}, limit=100)
    return [
        {version_of(entry) for value in doc["index"].values() for entry in entries_in(value)}
        for doc in docs
    ]


async def register(bench: PrivacyBench, n: int) -> str:
    body: dict[str, Any] = {"estate": "jinyuan", "text": "楼道灯不亮，请来修", "caller": WANG}
    answer = await bench.ask("POST", "/v1/tickets", as_="agent", json=body, n=n)
    return str(answer.json()["number"])


async def test_the_secret_of_look_ups_is_changed_and_nobody_is_lost_on_the_way(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Reindex.look

    async def not_yet(_: Reindex) -> None:
        """The loop has not begun."""

    monkeypatch.setattr(Reindex, "look", not_yet)
    old = [await register(bench, 0) for _ in range(3)]
    await bench.register(caller=LI)
    code, _ = await asyncio.to_thread(hotline, bench, monkeypatch, "rotate-index")
    assert code == 0
    await bench.add_replica()

    young = await register(bench, 1)
    assert await seen(bench, 1) == {*old, young}
    early = await asyncio.to_thread(hotline, bench, monkeypatch, "rotate-index", "--finish")
    assert "4 tickets" in early[1]

    monkeypatch.setattr(lookup_secret, "BATCH", 2)
    monkeypatch.setattr(Reindex, "look", look)
    await bench.add_replica()
    await until(lambda: _all(bench, {1, 2}))
    assert await seen(bench, 2) == {*old, young}

    code, said = await asyncio.to_thread(hotline, bench, monkeypatch, "rotate-index", "--finish")
    assert code == 0, said
    await bench.add_replica()
    await until(lambda: _all(bench, {2}))
    assert await seen(bench, 3) == {*old, young}
    assert [e["act"] for e in await bench.audit("key.index_changed")] == ["key.index_changed"]


async def _all(bench: PrivacyBench, wanted: set[int]) -> bool:
    return all(found == wanted for found in await versions(bench))


async def test_a_person_erased_while_the_index_is_made_anew_stays_erased(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bench.register()
    before = await bench.store.get("tickets", number)
    assert before is not None
    save_keys(bench.key_file, replace(bench.keys, lookups={1: bench.keys.index, 2: b"l" * 32}))
    await bench.store.documents("tickets").update_one({"_id": number}, {"$set": {"index": {}}})
    platform = bench.platform
    index = load_keys(bench.key_file).blind_index()
    await Reindex(platform.store, Opener(platform.vault), index)._fit(before)

    after = await bench.store.get("tickets", number)
    assert after is not None
    assert after["index"] == {}


async def test_an_estate_s_key_is_destroyed_and_everything_else_goes_on(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = await bench.register(), await bench.register(estate="cuihu")

    refused = await asyncio.to_thread(
        hotline, bench, monkeypatch, "destroy", "jinyuan", typed="jin\n"
    )
    assert "nothing was done" in refused[1]
    code, said = await asyncio.to_thread(
        hotline, bench, monkeypatch, "destroy", "jinyuan", typed="jinyuan\n"
    )

    assert code == 0, said
    assert "1 tickets" in said
    await bench.add_replica()
    assert problem(await bench.reveal(gone, n=1)) == (410, "cannot-be-opened")
    assert (await bench.reveal(kept, n=1)).status_code == 201
    assert await seen(bench, 1) == {kept}
    new = await register(bench, 1)
    assert (await bench.reveal(new, n=1)).status_code == 201
    assert [e["subject"]["id"] for e in await bench.audit("key.destroyed")] == ["jinyuan"]


async def test_the_master_key_is_changed_in_two_runs(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bench.register()
    first = load_keys(bench.key_file)

    code, _ = await asyncio.to_thread(hotline, bench, monkeypatch, "rotate-master")
    assert code == 0
    both = load_keys(bench.key_file)
    assert both.old_masters == {"local": first.master}
    assert both.master != first.master
    careless = await asyncio.to_thread(hotline, bench, monkeypatch, "rotate-master")
    assert "--restarted" in careless[1]
    assert load_keys(bench.key_file) == both
    code, said = await asyncio.to_thread(
        hotline, bench, monkeypatch, "rotate-master", "--restarted"
    )

    assert code == 0, said
    assert load_keys(bench.key_file) == replace(both, old_masters={})
    providers = await bench.store.documents(VAULT).distinct("masterKey.provider")
    assert providers == ["local:m2"]
    await bench.add_replica()
    assert (await bench.reveal(number, n=1)).json()["phone"] == WANG["phone"]
