"""Sealing on the real server: a key per estate, and without its key nothing opens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from shared.privacy import CannotOpen, Sealer, Vault
from shared.privacy.key_wrap import KeyWrap, LocalMasters
from shared.privacy.open import Opener
from shared.privacy.vault import GROUP, VAULT, key_name
from tests.support.servers import Corner

MASTER = b"m" * 96
PERSON = {"name": "王小明", "phone": "13800138000", "room": "3-1-502", "text": "我是王小明"}


class Room:
    """Vaults over one database, each as a fresh process sees it."""

    def __init__(self, corner: Corner) -> None:
        self.client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(corner.mongo_url, tz_aware=True)
        self.database = self.client[corner.database]
        self.vaults: list[Vault] = []
        self._name = corner.database

    async def vault(self, master: KeyWrap | bytes = MASTER) -> Vault:
        made = Vault(self.client, self._name, master)
        self.vaults.append(made)
        await made.start()
        return made

    async def key_names(self) -> list[str]:
        docs = self.database[VAULT].find({}, {"keyAltNames": 1})
        return sorted([name async for doc in docs for name in doc["keyAltNames"]])


@pytest.fixture
async def room(corner: Corner) -> AsyncIterator[Room]:
    made = Room(corner)
    yield made
    for vault in made.vaults:
        await vault.aclose()
    made.client.close()


async def test_what_is_sealed_opens_again_and_shows_nothing_meanwhile(room: Room) -> None:
    vault = await room.vault()
    sealer = Sealer(vault, b"secret")

    sealed = await sealer.seal_person(PERSON | {"mail": None}, estate="jinyuan")
    again = await sealer.seal_person(PERSON, estate="jinyuan")

    assert sealed != again
    for value in PERSON.values():
        assert value.encode() not in bytes(sealed)
    assert await Opener(await room.vault()).open_person(sealed) == PERSON


async def test_each_estate_has_a_key_of_its_own_and_unknown_places_the_group_s(
    room: Room,
) -> None:
    sealer = Sealer(await room.vault(), b"secret")
    for estate in ("jinyuan", "binjiang", None, "jinyuan"):
        await sealer.seal_person(PERSON, estate=estate)
    await sealer.seal_parked({"body": b"\x00", "headers": {}})

    assert await room.key_names() == ["estate/binjiang", "estate/jinyuan", "group"]


async def test_without_its_estate_s_key_nothing_opens_and_the_others_are_unharmed(
    room: Room,
) -> None:
    sealer = Sealer(await room.vault(), b"secret")
    gone = await sealer.seal_person(PERSON, estate="jinyuan")
    kept = await sealer.seal_person(PERSON, estate="binjiang")

    await room.database[VAULT].delete_one({"keyAltNames": key_name("jinyuan")})

    opener = Opener(await room.vault())
    with pytest.raises(CannotOpen):
        await opener.open_person(gone)
    assert await opener.open_person(kept) == PERSON


async def test_whoever_is_sealed_after_a_key_was_destroyed_gets_a_new_one(room: Room) -> None:
    vault = await room.vault()
    sealer = Sealer(vault, b"secret")
    gone = await sealer.seal_person(PERSON, estate="jinyuan")
    assert await vault.destroy(key_name("jinyuan"))
    late = await room.vault()
    late._known.add(key_name("jinyuan"))  # as a process that used it, a minute later

    sealed = await Sealer(late, b"secret").seal_person(PERSON, estate="jinyuan")

    opener = Opener(await room.vault())
    assert await opener.open_person(sealed) == PERSON
    with pytest.raises(CannotOpen):
        await opener.open_person(gone)
    assert not await vault.destroy(key_name("binjiang"))


async def test_a_new_master_key_takes_over_what_the_old_one_wrapped(room: Room) -> None:
    old, new = b"o" * 96, b"n" * 96
    sealed = await Sealer(await room.vault(old), b"s").seal_person(PERSON, estate="jinyuan")
    both = await room.vault(LocalMasters("local:m2", new, {"local": old}).to_wrapping())

    assert await Opener(both).open_person(sealed) == PERSON
    assert await both.wrap_anew(["local"]) == 2
    assert await both.wrap_anew(["local"]) == 0

    alone = await room.vault(LocalMasters("local:m2", new).to_wrapping())
    assert await Opener(alone).open_person(sealed) == PERSON
    with pytest.raises(CannotOpen):
        await Opener(await room.vault(old)).open_person(sealed)


async def test_while_two_masters_are_known_new_keys_are_the_new_one_s(room: Room) -> None:
    masters = LocalMasters("local:m2", b"n" * 96, {"local": b"o" * 96})
    vault = await room.vault(masters.to_wrapping())

    await Sealer(vault, b"s").seal_person(PERSON, estate="cuihu")

    docs = room.database[VAULT].find({}, {"masterKey": 1})
    assert {doc["masterKey"]["provider"] async for doc in docs} == {"local:m2"}


async def test_another_estate_s_key_does_not_open_it(room: Room) -> None:
    """Swapping the key's id inside the sealed bytes is noticed."""
    sealer = Sealer(await room.vault(), b"secret")
    mine = bytes(await sealer.seal_person(PERSON, estate="jinyuan"))
    other = bytes(await sealer.seal_person(PERSON, estate="binjiang"))
    swapped = mine[:1] + other[1:17] + mine[17:]

    with pytest.raises(CannotOpen):
        await Opener(await room.vault()).open_person(swapped)


async def test_another_installation_s_master_key_opens_nothing(room: Room) -> None:
    sealed = await Sealer(await room.vault(), b"secret").seal_person(PERSON, estate="jinyuan")

    with pytest.raises(CannotOpen):
        await Opener(await room.vault(b"x" * 96)).open_person(sealed)


@pytest.mark.parametrize("where", [0, 20, -1])
async def test_a_flipped_bit_is_noticed(room: Room, where: int) -> None:
    vault = await room.vault()
    sealed = bytearray(await Sealer(vault, b"secret").seal_person(PERSON, estate="jinyuan"))
    sealed[where] ^= 1

    with pytest.raises(CannotOpen):
        await Opener(vault).open_person(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x02", b"plain words", b"\x00" * 40])
async def test_what_was_never_sealed_does_not_open(room: Room, sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        await Opener(await room.vault()).open_person(sealed)


async def test_a_message_from_outside_comes_back_whole(room: Room) -> None:
    vault = await room.vault()
    content = {"body": b"\x00\xff", "headers": {"a.b": "c", "$x": 1}, "message_id": None}

    sealed = await Sealer(vault, b"secret").seal_parked(content)

    assert await Opener(vault).open_parked(sealed) == content
    assert GROUP in await room.key_names()


async def test_ten_processes_that_need_a_new_key_at_once_make_one(room: Room) -> None:
    vaults = [await room.vault() for _ in range(10)]

    sealed = await asyncio.gather(
        *(Sealer(vault, b"s").seal_person(PERSON, estate="cuihu") for vault in vaults)
    )

    assert await room.key_names() == ["estate/cuihu", "group"]
    opener = Opener(await room.vault())
    assert [await opener.open_person(each) for each in sealed] == [PERSON] * 10


def test_a_fingerprint_is_the_same_for_the_same_body_and_secret_alone() -> None:
    def made(secret: bytes, body: bytes) -> str:
        return Sealer(None, secret).fingerprint(body)  # type: ignore[arg-type]  # seals nothing

    assert made(b"one", b"body") == made(b"one", b"body")
    assert len({made(b"one", b"body"), made(b"two", b"body"), made(b"one", b"other")}) == 3
