"""Photos are developed beside the service, and what takes too long harms nobody else (A4)."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import psutil
import pytest
from PIL import Image

from services.router.proofs import darkroom
from services.router.proofs.darkroom import Darkroom
from services.router.proofs.pictures import NoPicture, Picture
from shared.lanes import Precedence
from tests.support.photos import encoded, opened, photo, png_of, scan_bomb

LI: Final = "li"
WANG: Final = "wang"


async def developed(room: Darkroom, raw: bytes, by: str = LI) -> Picture:
    async with room.arriving(by):
        return await room.develop(raw, by)


async def refused(room: Darkroom, raw: bytes, by: str = LI) -> str:
    with pytest.raises(NoPicture) as error:
        await developed(room, raw, by)
    return error.value.code


async def test_a_photo_comes_back_from_another_process_as_it_is_kept() -> None:
    found = await developed(Darkroom(Precedence()), photo(400, 300))

    assert (found.width, found.height, found.was) == (400, 300, "jpeg")
    assert opened(found.content).size == (400, 300)


@pytest.mark.parametrize(
    ("raw", "code"),
    [(b"", "empty"), (b"%PDF-1.7", "unknown"), (photo()[:2_000], "damaged"),
     (png_of(30_000, 30_000), "too_many_pixels")],
    ids=["empty", "pdf", "cut off", "many pixels"],
)  # fmt: skip
async def test_a_refusal_comes_back_with_its_words(raw: bytes, code: str) -> None:
    room = Darkroom(Precedence())

    with pytest.raises(NoPicture) as error:
        await developed(room, raw)

    assert error.value.code == code
    assert error.value.fault
    assert error.value.remedy


async def test_a_scan_bomb_ends_its_own_process_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(darkroom, "WALL_SECONDS", 3.0)
    room, bomb = Darkroom(Precedence()), scan_bomb()
    await developed(room, photo(200, 150), WANG)  # the first process is begun
    bombs = [asyncio.create_task(refused(room, bomb, LI)) for _ in range(3)]
    await asyncio.sleep(0)

    begun = time.monotonic()
    await developed(room, photo(200, 150), WANG)

    assert time.monotonic() - begun < 2
    assert {await bomb for bomb in bombs} == {"too_hard"}
    await developed(room, photo(200, 150), LI)


async def test_the_memory_there_is_takes_all_the_pixels_that_there_may_be() -> None:
    """A PNG has to be unpacked whole."""
    room = Darkroom(Precedence())

    found = await developed(
        room, encoded(Image.new("RGBA", (7_000, 7_000)), "PNG", compress_level=1)
    )

    assert max(found.width, found.height) == 1_600


async def test_a_process_that_had_ended_is_begun_anew() -> None:
    room = Darkroom(Precedence())
    await developed(room, photo(200, 150))
    for worker in workers():
        worker.kill()

    await developed(room, photo(200, 150))


def workers() -> list[psutil.Process]:
    """The processes that develop."""
    ours = psutil.Process().children()
    return [each for each in ours if "anyio.to_process" in each.cmdline()]
