"""A service's OpenAPI document is complete in itself, and its page needs nobody else."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from shared.contracts.refusals import NotThere
from shared.runtime import Routes, decides, may, open_to_all
from shared.runtime.api_documents import SCRIPT, STYLE, DocumentedApp, build_docs_page, complete
from shared.runtime.authentication import Actor
from shared.runtime.endpoint_rights import name_rights
from tests.support.documents import references

Doc = dict[str, Any]


class Lamp(BaseModel):
    """Something that is broken."""

    place: str


class Report(BaseModel):
    """It names a schema of its own."""

    lamps: list[Lamp]


def by_hand(**defs: Any) -> Doc:
    """A body that an endpoint reads by hand, documented by its model's own schema."""
    schema = Report.model_json_schema()
    schema["$defs"] |= defs
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"content": content}}


def document() -> Doc:
    router = Routes("/v1", tags=["lamps"])

    @router.post("/read", openapi_extra=by_hand(), dependencies=[may("ticket.see")])
    async def read() -> None: ...

    @router.post("/declared", dependencies=[decides("session.own")])
    async def declared(body: Report, actor: Actor) -> Lamp:
        return body.lamps[0]

    @router.get("/open", dependencies=[open_to_all()])
    async def everybody() -> None: ...

    name_rights([router])
    return DocumentedApp(title="t", routes=router.routes).openapi()


def follow(document: Doc, reference: str) -> Any:
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_every_reference_leads_to_a_schema_of_the_document() -> None:
    found = document()

    assert set(references(found)) == {"#/components/schemas/Lamp", "#/components/schemas/Report"}
    for reference in references(found):
        assert follow(found, reference)["type"] == "object"
    assert "$defs" not in str(found)


def test_two_schemas_of_one_name_stop_the_start() -> None:
    twice = {
        "paths": {
            "/one": {"post": by_hand()},
            "/two": {"post": by_hand(Lamp={"type": "string"})},
        }
    }

    with pytest.raises(ValueError, match="called Lamp"):
        complete(twice)


def test_what_has_to_be_signed_says_so_and_with_what() -> None:
    found = document()
    signed = {
        path: operation.get("security")
        for path, operations in found["paths"].items()
        for operation in operations.values()
    }

    assert signed == {
        "/v1/read": [{"bearer": []}],
        "/v1/declared": [{"bearer": []}],
        "/v1/open": None,
    }
    scheme = found["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


async def asked(path: str) -> httpx.Response:
    app = DocumentedApp(title="t", docs_url=None, routes=build_docs_page("t").routes)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://service"
    ) as http:
        return await http.get(path)


async def test_the_page_names_nothing_from_elsewhere_and_loads_nothing_from_there() -> None:
    page = await asked("/docs")

    addresses = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']*)', page.text)
    assert addresses
    assert [address for address in addresses if not address.startswith(("/", "data:"))] == []
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("part", [SCRIPT, STYLE])
async def test_what_the_page_needs_comes_from_here(part: str) -> None:
    answer = await asked(f"/docs/{part}")

    assert answer.status_code == 200
    assert len(answer.content) > 100_000


@pytest.mark.parametrize("part", ["redoc.standalone.js", "core.py"])
async def test_nothing_else_does(part: str) -> None:
    with pytest.raises(NotThere):
        await asked(f"/docs/{part}")
