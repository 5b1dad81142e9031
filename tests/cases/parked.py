"""What the floor's services could not handle."""

from __future__ import annotations

from hotline.demo.clients import Json
from tests.support.floor import Floor


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
