"""A change of the rules, from its draft to the promise a caller is given by it, and as a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hotline.demo.clients import until
from tests.support.command import hotline
from tests.support.floor import Floor, caller

OVERLAY: Final = """
local: {cuihu: {taxonomy: {types: [
  {id: suggestion, limits: {normal: {first_reply: {for: PT2H, on: wall}}}}
]}}}
"""
IDEA: Final = {"text": "建议在花园里多放几张长椅", "type": "suggestion", "area": "community"}


async def ask(floor: Floor, path: str, *, role: str, **body: Any) -> dict[str, Any]:
    answer = await floor.clients.call("POST", "admin", f"/v1/policies{path}", role=role, json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def promised(floor: Floor, estate: str) -> timedelta:
    """How long the caller of an estate waits for a first reply."""
    number = (await floor.clients.post_ticket(IDEA | {"estate": estate, "caller": caller()}))[
        "number"
    ]
    ticket = await floor.clients.ticket(number)
    due = datetime.fromisoformat(ticket["promised"][-1]["times"]["first_reply"])
    return due - datetime.fromisoformat(ticket["registered_at"])


async def test_a_change_for_one_estate_is_promised_there_and_goes_out_as_a_file(
    floor: Floor, tmp_path: Path
) -> None:
    draft = await ask(floor, "", role="supervisor", title="Answer ideas sooner", overlay=OVERLAY)
    id = draft["id"]
    assert (await hotline(floor, "policy", "diff", id))[1].startswith('+ local: {"cuihu"')
    await ask(floor, f"/{id}/submit", role="supervisor")
    await ask(floor, f"/{id}/approve", role="manager")

    async def followed() -> str | None:
        ready = (await floor.clients.call("GET", "intake", "/readyz")).json()
        return id if ready["policy"] == id else None

    await until(followed, "intake to follow")
    assert await promised(floor, "cuihu") == timedelta(hours=2)
    assert await promised(floor, "jinyuan") == timedelta(hours=24)

    code, shown = await hotline(floor, "policy", "show")
    assert code == 0
    assert f"{id}  from" in shown
    assert shown.rstrip().endswith("in force")
    file = tmp_path / "policy.yaml"
    file.write_text((await hotline(floor, "policy", "export", as_program=True))[1], "utf-8")
    assert "PT2H" in file.read_text("utf-8")
    assert await hotline(floor, "policy", "check", str(file)) == (0, "no faults\n")
    code, said = await hotline(floor, "policy", "diff", "nothing")
    assert (code, said.startswith("hotline: 404")) == (2, True)
