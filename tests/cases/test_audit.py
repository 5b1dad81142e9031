"""The audit is called whole where it is, and nowhere else."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.audit import Link
from shared.audit.chain import from_doc, genesis, to_doc
from shared.store import connect
from tests.support.command import Ended, invoked
from tests.support.floor import Floor

DATABASE = "a17"


@dataclass(frozen=True, slots=True)
class Copy:
    """The floor's audit where a test may do with it what it wants."""

    data: Path
    mongo: str
    chains: Any

    async def verified(self) -> Ended:
        settings = {
            "HOTLINE_DATA": str(self.data),
            "HOTLINE_MONGO_URL": self.mongo,
            "HOTLINE_DATABASE": DATABASE,
            "COLUMNS": "160",
        }
        return await asyncio.to_thread(invoked, ["audit", "verify"], settings)

    def take_anchors_away(self, writer: str) -> None:
        for file in (self.data / "audit").glob(f"{writer}.*"):
            file.unlink()


@pytest.fixture
async def audit(floor: Floor, tmp_path: Path) -> AsyncIterator[Copy]:
    looked = await floor.clients.call("GET", "admin", "/v1/audit", role="auditor")
    assert looked.status_code == 200, "which is on record"
    data = tmp_path / "data"
    # The anchors first: what is recorded meanwhile must not look cut off.
    shutil.copytree(floor.data / "audit", data / "audit")
    shutil.copy(floor.data / "keys.json", data)
    client = connect(floor.endpoints.mongo)
    try:
        docs = await client["hotline"]["audit"].find().to_list(None)
        chains = client[DATABASE]["audit"]
        await chains.insert_many(docs)
        yield Copy(data, floor.endpoints.mongo, chains)
    finally:
        await client.drop_database(DATABASE)
        client.close()


async def test_a17_an_audit_that_nobody_touched_is_whole_and_every_service_has_begun_it(
    audit: Copy,
) -> None:
    ended = await audit.verified()

    assert ended.returncode == 0, ended.stdout
    assert "every chain is whole" in ended.stdout
    for writer in ("intake", "router", "notifier", "survey", "admin", "hotline"):
        assert f" {writer} " in ended.stdout


async def test_a17_a_chain_that_is_rewritten_whole_without_its_anchors_is_not_whole(
    audit: Copy,
) -> None:
    links = [from_doc(doc) for doc in await audit.chains.find({"writer": "admin"}).to_list(None)]
    anew: list[Link] = []
    for link in sorted(links, key=lambda link: link.entry.n):
        anew.append(Link.of(link.entry, anew[-1].digest if anew else genesis("admin")))
    await audit.chains.delete_many({"writer": "admin"})
    await audit.chains.insert_many([to_doc(link) for link in anew])
    audit.take_anchors_away("admin")

    ended = await audit.verified()

    assert ended.returncode == 1
    assert "admin/1 (unkeyed)" in ended.stdout
    assert "every chain is whole" not in ended.stdout


async def test_a17_a_writer_that_was_dropped_with_its_anchors_is_missed(audit: Copy) -> None:
    await audit.chains.delete_many({"writer": "admin"})
    audit.take_anchors_away("admin")

    ended = await audit.verified()

    assert ended.returncode == 3
    assert "admin has no entry and no anchor" in ended.stdout
    assert "every chain is whole" not in ended.stdout


async def test_a17_a_chain_without_anchors_cannot_be_judged(audit: Copy) -> None:
    audit.take_anchors_away("admin")

    ended = await audit.verified()

    assert ended.returncode == 3
    assert "admin is not anchored" in ended.stdout
    assert "CANNOT BE JUDGED" in ended.stdout
