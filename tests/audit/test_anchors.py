"""The heads outside the database: kept line by line, read in order, faults told and not skipped."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from shared.audit import Anchor, NotAnchored
from shared.audit.anchors import AnchorReader, Anchors, BadLine, find_files, from_line, to_line
from tests.audit.samples import anchors_of, sample_chain

ANCHORS = anchors_of(sample_chain(9))


def kept(folder: Path, name: str, anchors: Sequence[Anchor], after: bytes = b"") -> Path:
    file = folder / f"{name}.jsonl"
    file.write_bytes(b"".join(map(to_line, anchors)) + after)
    return file


def reading(*folders: Path) -> tuple[list[Anchor], list[BadLine]]:
    reader = AnchorReader(find_files(folders))
    return list(reader), reader.bad


async def test_what_one_process_adds_is_one_file_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "audit"
    anchors = Anchors(folder, "intake")
    await anchors.start()

    for anchor in ANCHORS:
        await anchors.add(anchor)

    [file] = folder.iterdir()
    assert file.name.startswith("intake.20261123T")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert reading(folder) == (ANCHORS, [])


async def test_each_process_has_a_file_of_its_own(tmp_path: Path) -> None:
    for anchor in ANCHORS[:3]:
        await Anchors(tmp_path, "intake").add(anchor)

    assert len(find_files([tmp_path])) == 3


async def test_a_line_is_on_the_disk_before_anybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.append(path.read_bytes() if path.is_file() else b"the folder")

    monkeypatch.setattr(os, "fsync", fsync)

    await Anchors(tmp_path, "intake").add(ANCHORS[0])

    assert synced == [b"the folder", to_line(ANCHORS[0])]


async def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("no folder")

    with pytest.raises(NotAnchored):
        await Anchors(tmp_path / "audit", "intake").add(ANCHORS[0])


async def test_after_a_torn_line_a_process_goes_on_in_a_fresh_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk takes half a line; nothing may be written behind it."""
    anchors = Anchors(tmp_path, "intake")
    await anchors.add(ANCHORS[0])
    whole = os.write
    monkeypatch.setattr(os, "write", lambda to, line: whole(to, line[: len(line) // 2]))
    with pytest.raises(NotAnchored):
        await anchors.add(ANCHORS[1])
    monkeypatch.undo()

    await anchors.add(ANCHORS[2])

    found, [torn] = reading(tmp_path)
    assert found == [ANCHORS[0], ANCHORS[2]]
    assert torn.torn
    assert len(find_files([tmp_path])) == 2


async def test_lines_of_appends_that_were_cancelled_do_not_mix(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path, "intake")
    for anchor in ANCHORS:
        adding = asyncio.create_task(anchors.add(anchor))
        await asyncio.sleep(0)
        if anchor.n % 2:
            adding.cancel()
        else:
            await adding

    found, bad = reading(tmp_path)

    assert set(ANCHORS[1::2]) <= set(found)
    assert bad == []


def test_files_of_many_processes_are_read_in_the_order_of_entries(tmp_path: Path) -> None:
    for replica in range(3):
        kept(tmp_path, f"intake.{replica}", ANCHORS[replica::3])
    (tmp_path / "elsewhere").mkdir()
    kept(tmp_path / "elsewhere", "intake.9", ANCHORS[2:4])

    found, bad = reading(tmp_path, tmp_path / "elsewhere", tmp_path / "not-there")

    assert found == sorted([*ANCHORS, *ANCHORS[2:4]], key=lambda anchor: anchor.n)
    assert bad == []


def test_of_a_thousand_restarts_one_file_is_open_at_a_time(tmp_path: Path) -> None:
    anchors = anchors_of(sample_chain(1000))
    for anchor in anchors:
        kept(tmp_path, f"intake.{anchor.n}", [anchor])
    before, most = _open_files(), 0

    for found, expected in zip(AnchorReader(find_files([tmp_path])), anchors, strict=True):
        assert found == expected
        most = max(most, _open_files())

    assert most - before <= 2


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_is_written_after_the_look_is_not_read(tmp_path: Path) -> None:
    file = kept(tmp_path, "intake.1", ANCHORS[:2])
    files = find_files([tmp_path])
    with file.open("ab") as more:
        more.write(to_line(ANCHORS[2]))

    assert list(AnchorReader(files)) == ANCHORS[:2]


@pytest.mark.parametrize("cut", [1, 20, len(to_line(ANCHORS[3])) - 1])
def test_a_line_torn_by_a_crash_is_told_as_such(tmp_path: Path, cut: int) -> None:
    kept(tmp_path, "intake.1", ANCHORS[:3], to_line(ANCHORS[3])[:cut])

    found, bad = reading(tmp_path)

    assert found == ANCHORS[:3]
    assert [(line.where, line.torn) for line in bad] == [("intake.1.jsonl:4", True)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:30] + b"\n",
        lambda _line: b"\n",
        lambda _line: b"null\n",
        lambda _line: b"[" * 5000 + b"\n",
        lambda _line: b"\xff\xfe\n",
        lambda line: line.replace(b'"n":5', b'"n":"5"'),
        lambda line: line.replace(b'"n":5', b'"n":0'),
        lambda line: line.replace(b'"n":5', b'"n":3'),
        lambda line: line.replace(b"intake", b"router"),
        lambda line: line.replace(b'"digest":"', b'"digest":"0'),
        lambda line: line.replace(b'"}', b'","more":1}'),
        lambda line: line.replace(b"2026", b"then"),
        lambda line: b" " + line,
    ],
    ids=[
        "cut", "empty", "null", "deep", "no text", "n is text", "n is 0", "goes back",
        "another writer's", "digest too long", "more fields", "no time", "another form",
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_told_and_the_others_are_read(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = kept(tmp_path, "intake.1", ANCHORS[:4], damage(to_line(ANCHORS[4])))
    with file.open("ab") as more:
        more.writelines(map(to_line, ANCHORS[5:]))

    found, [bad] = reading(tmp_path)

    assert found == [*ANCHORS[:4], *ANCHORS[5:]]
    assert (bad.where, bad.torn) == ("intake.1.jsonl:5", False)


def test_a_file_without_any_readable_line_is_told(tmp_path: Path) -> None:
    kept(tmp_path, "intake.1", [], b"rubbish\nmore\n")
    kept(tmp_path, "intake.2", [])

    found, [bad] = reading(tmp_path)

    assert (found, bad.where) == ([], "intake.1.jsonl:1")


def test_a_line_comes_back_as_it_was_written() -> None:
    assert [from_line(to_line(anchor)) for anchor in ANCHORS] == ANCHORS
