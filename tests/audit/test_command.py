"""`hotline audit verify` as an operator runs it: 0 when whole, 1 naming the first bad entry, 3
where nobody can tell.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotline.audit import WRITERS
from hotline.cli import build_app
from hotline.errors import UnusableSettingError
from shared.audit import Terms
from shared.audit.anchors import to_line
from shared.privacy import make_keys
from shared.privacy.keys import save_keys
from tests.audit.conftest import Desk
from tests.audit.samples import anchors_of, chained, docs_of, sample_entry
from tests.hotline.test_cli import hotline

VERIFY = ("audit", "verify")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """In a data folder of before the audit had a key of its own, with the key that it has now."""
    path = desk.folder.parent / "keys.json"
    keys = replace(make_keys(path), audit=b"")
    save_keys(path, keys)
    desk.terms = Terms.of(keys, WRITERS)
    return desk


async def all_begun(desk: Desk) -> None:
    """Every service has run."""
    for writer in WRITERS:
        await desk.trail(writer).begin()


def settings_of(desk: Desk, **more: str) -> dict[str, str]:
    return {
        "HOTLINE_MONGO_URL": desk.corner.mongo_url,
        "HOTLINE_DATABASE": desk.corner.database,
        "HOTLINE_DATA": str(desk.folder.parent),
        "COLUMNS": "160",
        **more,
    }


async def run(desk: Desk, *arguments: str, **settings: str) -> Result:
    """In a thread of its own, since a command brings its own event loop."""
    invoke = partial(CliRunner().invoke, build_app(), [*VERIFY, *arguments])
    return await asyncio.to_thread(invoke, env=settings_of(desk, **settings))


def row_of(ended: Result, writer: str) -> list[str]:
    [row] = [line for line in ended.stdout.splitlines() if f" {writer} " in line and "│" in line]
    return [cell.strip() for cell in row.strip("│").split("│")]


async def test_a_whole_audit_is_shown_writer_by_writer(desk: Desk) -> None:
    await all_begun(desk)
    await desk.record(2)
    await desk.record(1, "router")

    ended = await run(desk)

    assert ended.exit_code == 0, ended.output
    last = desk.docs()[-1]
    shown = [f"{last['at']:%F %T}Z", last["digest"][:16], "yes"]
    assert row_of(ended, "intake") == ["intake", "3", "3", "3", *shown]
    assert row_of(ended, "router")[:4] == ["router", "2", "2", "2"]
    assert "every chain is whole" in ended.stdout
    assert "To do" not in ended.stdout


async def test_the_first_bad_entry_of_each_writer_is_named_with_what_to_do(desk: Desk) -> None:
    await desk.record(5)
    await desk.record(5, "router")
    await all_begun(desk)
    desk.raw.update_one({"_id": "intake/2"}, {"$set": {"by": "lin"}})
    desk.raw.delete_many({"_id": {"$in": ["router/4", "router/5"]}})

    ended = await run(desk)

    assert ended.exit_code == 1
    assert "intake/2 (changed): this entry was changed after it was written." in ended.stdout
    assert "router/4 (cut): the chain ends before this entry" in ended.stdout
    assert "(anchored up to router/5)" in ended.stdout
    assert ended.stdout.count("To do: ") == 2
    assert "the audit is DAMAGED" in ended.stdout
    assert row_of(ended, "intake")[-1] == "changed"


async def test_anchors_may_lie_elsewhere(desk: Desk, tmp_path: Path) -> None:
    await all_begun(desk)
    await desk.record(2)
    desk.folder.rename(tmp_path / "one")
    await desk.record(3)
    desk.folder.rename(tmp_path / "two")
    one, two = str(tmp_path / "one"), str(tmp_path / "two")

    nowhere = await run(desk)
    both = await run(desk, "--anchors", one, "--anchors", two)
    by_setting = await run(desk, HOTLINE_AUDIT=two)

    assert [ended.exit_code for ended in (nowhere, both, by_setting)] == [3, 0, 3]
    assert "intake is not anchored" in nowhere.stdout
    assert "the audit CANNOT BE JUDGED" in nowhere.stdout
    assert row_of(both, "intake")[1:4] == ["6", "6", "6"]
    assert "anchor of their own" not in both.stdout
    assert row_of(by_setting, "intake")[1:4] == ["6", "6", "3"]
    assert "router is not anchored" in by_setting.stdout
    assert "3 entries of intake have no anchor of their own" in by_setting.stdout


async def test_a_torn_line_is_told_and_a_bad_one_is_damage(desk: Desk) -> None:
    await desk.record(3)
    await desk.record(1, "router")
    [intake], [router] = desk.files(), desk.files("router")
    intake.write_bytes(intake.read_bytes()[:-9])
    router.write_bytes(b"rubbish\n" + router.read_bytes())

    ended = await run(desk)

    assert ended.exit_code == 1
    assert f"{intake.name}:3 ends in the middle of a line" in ended.stdout
    assert f"{router.name}:1 (bad_anchor): the chain is whole" in ended.stdout
    assert row_of(ended, "intake")[-1] == "yes"


async def test_where_nothing_is_on_record_that_is_said(desk: Desk) -> None:
    ended = await run(desk)

    assert ended.exit_code == 0
    assert "nothing is on record yet" in ended.stdout


async def test_the_command_itself_ends_with_what_it_found(desk: Desk) -> None:
    await desk.record(2)
    desk.raw.delete_one({"_id": "intake/2"})

    ended = await asyncio.to_thread(partial(hotline, *VERIFY, **settings_of(desk)))

    assert ended.returncode == 1, ended.stderr
    assert "intake/2 (cut)" in ended.stdout


async def test_a_database_that_does_not_answer_is_the_operators_to_mend(desk: Desk) -> None:
    ended = await run(desk, HOTLINE_MONGO_URL="mongodb://127.0.0.1:1/?directConnection=true")

    assert isinstance(ended.exception, UnusableSettingError)
    assert "HOTLINE_MONGO_URL" in str(ended.exception)


async def test_a_service_that_is_gone_with_its_anchors_is_named_and_nobody_can_tell(
    desk: Desk,
) -> None:
    await all_begun(desk)
    desk.raw.delete_many({"writer": "router"})
    for file in desk.files("router"):
        file.unlink()

    ended = await run(desk)

    assert ended.exit_code == 3
    assert row_of(ended, "router")[-1] == "? absent"
    assert "router has no entry and no anchor" in ended.stdout
    assert "the audit CANNOT BE JUDGED" in ended.stdout


async def test_an_audit_of_before_is_whole_and_said_to_be_without_a_key(desk: Desk) -> None:
    links = chained(sample_entry(n) for n in range(1, 4))
    desk.raw.insert_many(docs_of(links))
    desk.folder.mkdir()
    (desk.folder / "intake.1.jsonl").write_bytes(b"".join(map(to_line, anchors_of(links))))

    ended = await run(desk)

    assert ended.exit_code == 0, ended.output
    assert "3 entries of intake are older than keyed digests" in ended.stdout
    assert "every chain is whole" in ended.stdout


async def test_without_the_key_nobody_judges(desk: Desk) -> None:
    (desk.folder.parent / "keys.json").unlink()

    ended = await run(desk)

    assert isinstance(ended.exception, UnusableSettingError)
    assert "keys.json" in str(ended.exception)
