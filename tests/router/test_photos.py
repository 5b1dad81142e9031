"""A photo of what was done is kept sealed, and named when the work is resolved (B4.2, A5.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import Any, Final

import httpx
import pytest
from starlette.types import Message

from services.router.proofs import darkroom, uploads
from services.router.proofs.darkroom import MOST_ARRIVING, MOST_OF_ONE
from services.router.proofs.domain import MOST
from services.router.proofs.uploads import LARGEST_PHOTO
from shared.contracts.intake import TicketPersonErased
from shared.contracts.router import WorkOrderResolved
from shared.identity import Principal, issue_token
from shared.privacy.open import Opener
from shared.tickets import Ticket
from shared.tickets.acts import Accept, Act, Dispatch, Resolve
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.photos import SECRETS, encoded, noise, opened, photo, png_of
from tests.support.tickets import moved, registered

NUMBER: Final = "23456789"
ORDER: Final = f"{NUMBER}-1"
LI: Final = "jy-engineering-1"
GIVEN: Final = Dispatch(by="router", department="engineering", assignee=LI)
HOME: Final = {"estate": "jinyuan", "building": "6", "room": "6-2-1502"}
TURN: Final = 0.005
PHOTO_OF_LAMPS: Final = [{"types": ["repair"], "areas": ["electrical"]}]


async def put_taken(bench: RouterBench, *acts: Act, **beside: Any) -> Ticket:
    """A repair that Li has accepted, at a home that is known."""
    now = bench.now()
    ticket = moved(registered(at=now), GIVEN, Accept(by=LI, order=ORDER), *acts, at=now)
    flat = bench.platform.index.flat("jinyuan", HOME["room"])
    papers = {"building": "6", "index": {"flat": flat}, "persons": {"caller": b"sealed"}}
    await bench.put(ticket, **{**papers, **beside})
    return ticket


def as_(bench: RouterBench, role: Any = "department", department: str = "engineering",
        place: str = "*", by: str = LI) -> dict[str, str]:  # fmt: skip
    who = Principal(by, role, frozenset({place}), frozenset({department}))
    return {"Authorization": f"Bearer {issue_token(who, bench.keys.token, now=bench.now())}"}


async def send(
    bench: RouterBench, raw: bytes, *, order: str = ORDER, n: int = 0,
    tag: dict[str, str] | None = None, headers: dict[str, str] | None = None,
) -> httpx.Response:  # fmt: skip
    """A photo alone, or in a form with its tag."""
    body: dict[str, Any] = {"content": raw}
    if tag is not None:
        body = {"files": {"photo": ("李家.jpg", raw, "image/jpeg")}, "data": tag}
    return await bench.replicas[n].http.post(
        f"/v1/work-orders/{order}/proofs", headers=headers or as_(bench), **body
    )


async def resolve(bench: RouterBench, *proof: str, **more: Any) -> httpx.Response:
    body = {"proof": list(proof), **more} if proof else more
    return await bench.http.post(f"/v1/work-orders/{ORDER}/resolve", headers=as_(bench), json=body)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def fault(answer: httpx.Response) -> tuple[int, str]:
    found = answer.json()["faults"][0]
    return answer.status_code, f"{found['field']} {found['fault']}"


async def kept(bench: RouterBench) -> list[dict[str, Any]]:
    return await bench.store.find("proofs", {}, limit=100)


async def test_a_photo_is_kept_sealed_and_only_its_pixels(bench: RouterBench) -> None:
    await put_taken(bench)
    raw = photo()

    answer = await send(bench, raw)

    assert answer.status_code == 201, answer.text
    [doc] = await kept(bench)
    assert (answer.json()["id"], doc["_id"], doc["by"]) == (f"{ORDER}-p1", f"{ORDER}-p1", LI)
    assert [s for s in (*SECRETS, b"JFIF") if s in bytes(doc["sealed"])] == []
    content = await Opener(bench.platform.vault).open_proof(doc["sealed"])
    assert [s for s in SECRETS if s in content] == []
    assert dict(opened(content).getexif()) == {}
    assert (len(content), doc["estate"]) == (doc["size"], "jinyuan")


@pytest.mark.parametrize(
    ("tag", "differs"),
    [
        (HOME, []),
        ({"estate": "锦园", "building": "6号楼", "room": "2单元1502"}, []),
        ({"room": "6-2-1502"}, []),
        ({"estate": "jinyuan", "building": "6", "room": "6-2-1602"}, ["room"]),
        ({"building": "7"}, ["building"]),
        ({"estate": "binjiang", "building": "6", "room": "6-2-1502"}, ["estate", "room"]),
        ({"estate": "nowhere"}, ["estate"]),
    ],
)
async def test_a_tag_is_compared_with_the_ticket_s_place_and_not_kept(
    bench: RouterBench, tag: dict[str, str], differs: list[str]
) -> None:
    await put_taken(bench)

    answer = await send(bench, photo(200, 150), tag=tag)

    said = answer.json()
    assert (said["tagged"], said["place_differs"]) == (True, bool(differs))
    assert said["differs"] == differs
    [doc] = await kept(bench)
    assert not [v for v in tag.values() if v in str({k: v for k, v in doc.items() if k != "estate"})
                and len(v) > 1 and v != "jinyuan"]  # fmt: skip


async def test_resolved_with_a_photo_from_elsewhere_says_so(bench: RouterBench) -> None:
    await put_taken(bench)
    here = (await send(bench, photo(200, 150), tag=HOME)).json()["id"]
    above = (await send(bench, photo(210, 150), tag={"room": "6-2-1602"})).json()["id"]

    answer = await resolve(bench, here, above, here)

    assert answer.status_code == 200, answer.text
    (event,) = await bench.said(WorkOrderResolved)
    assert (event.proof, event.place_differs) == ((here, above), True)
    ticket = await bench.read()
    assert (ticket.orders[0].proof, ticket.place_differs) == ((here, above), True)


@pytest.mark.parametrize(
    "ids",
    [["23456789-1-p9"], ["34567892-1-p1"], ["', $ne: '"], [f"{ORDER}-p1", "other"]],
)
async def test_only_photos_of_this_work_are_named(bench: RouterBench, ids: list[str]) -> None:
    ticket = await put_taken(bench)
    await put_other(bench, ticket)
    assert (await send(bench, photo(200, 150))).status_code == 201
    assert (await send(bench, photo(200, 150), order="34567892-1")).status_code == 201

    answer = await resolve(bench, *ids)

    assert fault(answer) == (422, "proof names what is no photo of this work order")
    assert (await bench.read()).version == ticket.version


async def put_other(bench: RouterBench, ticket: Ticket) -> None:
    orders = tuple(replace(order, id="34567892-1") for order in ticket.work_orders)
    await bench.put(replace(ticket, number="34567892", work_orders=orders))


async def test_what_the_policy_wants_shown_is_not_done_without_a_photo(bench: RouterBench) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"proof_for": PHOTO_OF_LAMPS}})
    await put_taken(bench)

    refused = await resolve(bench)

    assert problem(refused) == (409, "not-allowed")
    assert "/proofs" in refused.json()["detail"]
    id = (await send(bench, photo(200, 150))).json()["id"]
    assert (await resolve(bench, id)).status_code == 200


async def test_elsewhere_the_policy_wants_none(bench: RouterBench) -> None:
    await bench.let_places_differ(binjiang={"rules": {"proof_for": PHOTO_OF_LAMPS}})
    await put_taken(bench)

    assert (await resolve(bench)).status_code == 200


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "photo is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo is an SVG"),
        (b"%PDF-1.7", "photo is a PDF"),
        (b"MZ\x90\0", "photo is a program"),
        (photo()[:2_000], "photo is damaged, or was cut off on its way"),
        (png_of(30_000, 30_000), "photo has more than 50 million pixels"),
    ],
    ids=["empty", "svg", "pdf", "program", "cut off", "many pixels"],
)
@pytest.mark.parametrize("tag", [None, HOME])
async def test_what_is_no_photo_is_refused_by_what_it_is(
    bench: RouterBench, raw: bytes, says: str, tag: dict[str, str] | None
) -> None:
    await put_taken(bench)

    answer = await send(bench, raw, tag=tag)

    assert fault(answer) == (422, says)
    assert "李" not in answer.text
    assert await kept(bench) == []


async def hundred_megabytes() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield bytes(1 << 20)


@pytest.mark.parametrize("kind", ["image/jpeg", "multipart/form-data; boundary=x"])
async def test_a_hundred_megabytes_are_cut_off_at_the_limit(bench: RouterBench, kind: str) -> None:
    await put_taken(bench)
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        if "multipart" in kind:
            yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        async for part in hundred_megabytes():
            sent += len(part)
            yield part

    headers = as_(bench) | {"Content-Type": kind}
    answer = await bench.http.post(
        f"/v1/work-orders/{ORDER}/proofs", headers=headers, content=counted()
    )

    assert answer.status_code == 413
    assert sent <= LARGEST_PHOTO + (2 << 20)


async def test_elsewhere_bodies_are_as_small_as_ever(bench: RouterBench) -> None:
    await put_taken(bench)

    answer = await bench.http.post(
        f"/v1/work-orders/{ORDER}/resolve", headers=as_(bench), content=bytes(1 << 20)
    )

    assert answer.status_code == 413


def part(name: str, *, filename: str | None = "a") -> bytes:
    named = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return f"--x\r\nContent-Disposition: {named}\r\n\r\n1\r\n".encode()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"--x--", "multipart/form-data"),
        (b"nothing of a form", "multipart/form-data; boundary=x"),
        (part("photo", filename=None) + b"--x--\r\n", "multipart/form-data; boundary=x"),
        (part("photo") + part("b") + b"--x--\r\n", "multipart/form-data; boundary=x"),
    ],
)
async def test_a_form_that_holds_no_photo_says_what_is_wanted(
    bench: RouterBench, content: bytes, kind: str
) -> None:
    await put_taken(bench)

    answer = await bench.http.post(
        f"/v1/work-orders/{ORDER}/proofs", headers=as_(bench) | {"Content-Type": kind},
        content=content,
    )  # fmt: skip

    assert answer.status_code == 422
    assert "send" in answer.json()["faults"][0]["remedy"]


async def test_a_tag_that_is_too_long_is_refused_and_not_repeated(bench: RouterBench) -> None:
    await put_taken(bench)

    answer = await send(bench, photo(200, 150), tag={"room": "13800138000" * 6})

    assert fault(answer)[1].startswith("room is no text")
    assert "138" not in answer.text


async def test_two_at_once_on_two_replicas_are_two_and_the_same_one_is_one(
    bench: RouterBench,
) -> None:
    await bench.add_replica()
    await put_taken(bench)
    first, second = photo(200, 150), photo(210, 150)

    answers = await asyncio.gather(
        *(send(bench, raw, n=n) for raw in (first, second) for n in (0, 1, 0))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert {doc["_id"] for doc in await kept(bench)} == {f"{ORDER}-p1", f"{ORDER}-p2"}
    assert {answer.json()["id"] for answer in answers[:3]} != {
        answer.json()["id"] for answer in answers[3:]
    }


async def test_more_than_may_be_are_refused_however_many_come_at_once(bench: RouterBench) -> None:
    await put_taken(bench)
    raws = [encoded(noise(20 + n, 20)) for n in range(MOST + 3)]

    answers = await asyncio.gather(*(send(bench, raw) for raw in raws))

    refused = [answer for answer in answers if answer.status_code != 201]
    assert [problem(answer) for answer in refused] == [(409, "too-many-photos")] * 3
    assert len(await kept(bench)) == MOST


async def test_too_many_on_their_way_are_asked_to_come_again(bench: RouterBench) -> None:
    await put_taken(bench)
    may_end = asyncio.Event()
    people = [
        f"engineer-{n % (MOST_ARRIVING // MOST_OF_ONE + 1)}" for n in range(MOST_ARRIVING + 1)
    ]

    waiting = [slowly(bench, may_end, by=person) for person in people]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = done
    may_end.set()
    others = [await task for task in waiting if task is not refused]

    assert problem(refused.result()) == (503, "busy")
    assert int(refused.result().headers["retry-after"]) > 0
    assert {answer.status_code for answer in others} == {422}


async def test_one_person_holds_some_places_and_never_all(bench: RouterBench) -> None:
    await put_taken(bench)
    may_end = asyncio.Event()
    theirs = [slowly(bench, may_end) for _ in range(2 * MOST_ARRIVING)]

    others = await send(bench, photo(200, 150), headers=as_(bench, by="engineer-2"))
    may_end.set()

    assert others.status_code == 201
    assert {(await task).status_code for task in theirs} == {422}


async def test_what_waits_too_long_for_its_own_is_asked_to_come_again(
    bench: RouterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "WAITS_SECONDS", 0.05)
    await put_taken(bench)
    may_end = asyncio.Event()
    theirs = [slowly(bench, may_end) for _ in range(MOST_OF_ONE + 1)]

    done, _ = await asyncio.wait(theirs, return_when=asyncio.FIRST_COMPLETED)
    may_end.set()

    assert [problem(task.result()) for task in done] == [(503, "busy")]
    await asyncio.wait(theirs)


def slowly(
    bench: RouterBench, may_end: asyncio.Event, *, by: str = LI
) -> asyncio.Task[httpx.Response]:
    """A photo of which only the first byte comes until it may end."""

    async def part() -> AsyncIterator[bytes]:
        yield b"\xff"
        await may_end.wait()

    path = f"/v1/work-orders/{ORDER}/proofs"
    return asyncio.create_task(bench.http.post(path, headers=as_(bench, by=by), content=part()))


async def test_what_does_not_arrive_is_given_up(
    bench: RouterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "ARRIVES_WITHIN", 0.05)
    await put_taken(bench)

    async def never() -> AsyncIterator[bytes]:
        yield b"\xff"
        await asyncio.Event().wait()

    answer = await bench.http.post(
        f"/v1/work-orders/{ORDER}/proofs", headers=as_(bench), content=never()
    )

    assert problem(answer) == (408, "too-slow")


async def test_a_sender_who_is_cut_off_leaves_nothing_and_breaks_nothing(
    bench: RouterBench,
) -> None:
    """Telephones lose their network: that is no fault of ours, and none in the log."""
    await put_taken(bench)
    said: list[Message] = []
    raw = photo(200, 150)
    part: Message = {"type": "http.request", "body": raw[:900], "more_body": True}
    sent: Iterator[Message] = iter([part, {"type": "http.disconnect"}])

    async def receive() -> Message:
        return next(sent)

    async def send_back(message: Message) -> None:
        said.append(message)

    headers = [(k.lower().encode(), v.encode()) for k, v in as_(bench).items()]
    path = f"/v1/work-orders/{ORDER}/proofs"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": headers, "scheme": "http", "client": ("::1", 1),
    }  # fmt: skip
    await bench.replicas[0].app(scope, receive, send_back)

    assert said[0]["status"] == 408
    assert await kept(bench) == []
    assert (await send(bench, raw)).status_code == 201


@pytest.mark.parametrize("tag", [None, HOME])
async def test_a_photo_does_not_touch_the_disk_on_its_way(
    bench: RouterBench, tag: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_taken(bench)
    large = encoded(noise(2_500, 2_000))
    assert len(large) > 2 << 20
    rolled: list[str] = []
    monkeypatch.setattr(SpooledTemporaryFile, "rollover", lambda _: rolled.append("to the disk"))

    assert (await send(bench, large, tag=tag)).status_code == 201
    assert rolled == []


async def test_foreign_and_missing_work_look_the_same_and_nothing_is_read(
    bench: RouterBench,
) -> None:
    await put_taken(bench)

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    told = []
    for order, who in (
        (ORDER, as_(bench, department="security")),
        (ORDER, as_(bench, place="binjiang")),
        (f"{NUMBER}-7", as_(bench)),
        ("34567892-1", as_(bench)),
        ("nothing", as_(bench)),
    ):
        path = f"/v1/work-orders/{order}/proofs"
        told.append(await bench.http.post(path, headers=who, content=unread()))
        told.append(await bench.http.get(path, headers=who))
    assert {answer.status_code for answer in told} == {404}
    assert len({answer.text for answer in told}) == 1
    agent = await bench.http.post(
        f"/v1/work-orders/{ORDER}/proofs", headers=bench.signed_in("agent"), content=unread()
    )
    assert problem(agent) == (403, "forbidden")


async def test_work_that_is_over_takes_no_photo(bench: RouterBench) -> None:
    await put_taken(bench, Resolve(by=LI, order=ORDER, outcome="done"))

    answer = await send(bench, photo(200, 150))

    assert problem(answer) == (409, "not-allowed")
    assert answer.json()["present"] == "resolved"


async def test_the_desk_sees_which_there_are_and_nothing_of_what_they_show(
    bench: RouterBench,
) -> None:
    await put_taken(bench)
    await send(bench, photo(200, 150))
    await send(bench, photo(210, 150), tag={"building": "7"})

    answer = await bench.http.get(
        f"/v1/work-orders/{ORDER}/proofs", headers=bench.signed_in("agent")
    )

    shown = [(item["id"], item["place_differs"]) for item in answer.json()["items"]]
    assert shown == [(f"{ORDER}-p1", False), (f"{ORDER}-p2", True)]
    assert not {"sealed", "digest"} & answer.json()["items"][0].keys()


def erased(person: str = "caller") -> TicketPersonErased:
    return TicketPersonErased(number=NUMBER, person=person, why="privacy_request")


@pytest.mark.parametrize("person", ["caller", "on_site_contact"])
async def test_what_is_seen_of_a_home_goes_with_who_lives_there(
    bench: RouterBench, person: str
) -> None:
    await put_taken(bench)
    await send(bench, photo(200, 150))

    await bench.publish(erased(person), id="ticket/1/9/0")
    await until(lambda: _all_erased(bench))
    await bench.publish(erased(person), id="ticket/1/9/1")

    [doc] = await kept(bench)
    assert (doc["sealed"], doc["digest"]) == (None, None)
    assert (doc["by"], doc["size"] > 0) == (LI, True)


async def _all_erased(bench: RouterBench) -> bool:
    return all(doc["erased_at"] is not None for doc in await kept(bench))


async def test_of_whom_was_erased_no_new_photo_is_kept(bench: RouterBench) -> None:
    await put_taken(bench, persons={})

    answer = await send(bench, photo(200, 150))

    assert answer.status_code == 201
    [doc] = await kept(bench)
    assert (doc["sealed"], doc["erased_at"] is not None) == (None, True)
    assert (await resolve(bench, answer.json()["id"])).status_code == 200


async def test_the_event_loop_goes_on_while_a_large_photo_is_developed(bench: RouterBench) -> None:
    await put_taken(bench)
    large, loop = encoded(noise(4_000, 3_000)), asyncio.get_running_loop()

    sending, begun, longest = asyncio.create_task(send(bench, large)), loop.time(), 0.0
    while not sending.done():
        before = loop.time()
        await asyncio.sleep(TURN)
        longest = max(longest, loop.time() - before - TURN)

    assert (await sending).status_code == 201
    assert longest < (loop.time() - begun) / 2  # developing it takes nearly all of this
