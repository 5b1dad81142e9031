"""What the floor's services could not handle."""

from __future__ import annotations

import uuid
from typing import Final

from hotline.demo.clients import Json, until
from tests.support.floor import Floor

EMPTY: Final = b'{"estate": "jinyuan", "text": ""}'


async def parked(floor: Floor) -> dict[str, Json]:
    """All of intake's parked messages, by id: other tests leave hundreds."""
    found: dict[str, Json] = {}
    after = ""
    while after is not None:
        path = "/v1/parked?limit=200" + (f"&after={after}" if after else "")
        page = (await floor.clients.call("GET", "intake", path, role="supervisor")).json()
        found |= {entry["id"]: entry for entry in page["items"]}
        after = page["next"]
    return found


async def park(floor: Floor, *, reply: bool) -> Json:
    """The entry of an empty report that was just sent."""
    before = await parked(floor)
    await floor.clients.publish(EMPTY, reply=reply, message_id=uuid.uuid4().hex)

    async def look() -> Json | None:
        new = [e for id, e in (await parked(floor)).items() if id not in before]
        return next((e for e in new if e["reason"] == "malformed" and e["answered"] == reply), None)

    return await until(look, "it is among the parked messages")
