"""What a service says of its HTTP API: the OpenAPI document, complete in itself, and the page that
shows it, with nothing on it from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse
from typing_extensions import override

from shared.contracts.refusals import NotThere
from shared.runtime.endpoint_rights import BEARER, open_to_all
from shared.runtime.routes import Routes

PAGE: Final = "/docs"
DOCUMENT: Final = "/openapi.json"
_UI: Final = Path(str(files("fastapi_offline").joinpath("static")))
SCRIPT: Final = "swagger-ui-bundle.js"
STYLE: Final = "swagger-ui.css"
_HEADERS: Final = {
    # The page begins its script in its own text; whatever is not from here is not loaded.
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MAX_AGE: Final = 86_400
_OWN: Final = "#/$defs/"
_SHARED: Final = "#/components/schemas/"


class DocumentedApp(FastAPI):
    """An application whose document other programs can read: every reference leads somewhere, and
    what signs a request is named.
    """

    @override
    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        is_new = self.openapi_schema is None
        document = super().openapi()
        if is_new:
            complete(document)
        return document


def complete(document: dict[str, Any]) -> None:
    """Name what signs a request, and put what a schema brings along among those of the document.

    Raises ValueError where two different schemas have one name: that is a fault of ours.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    parts = list(_dicts_in(document))
    for part in parts:
        to = part.get("$ref")
        if isinstance(to, str) and to.startswith(_OWN):
            part["$ref"] = to.replace(_OWN, _SHARED, 1)
    for part in parts:
        for name, schema in part.pop("$defs", {}).items():
            if schemas.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas of the OpenAPI document are called {name}")
    components["securitySchemes"] = {
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of a session (`POST /v1/session` of the administration), "
            "or the key of a system (`hk_…`)",
        }
    }


def _dicts_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _dicts_in(each)


def build_docs_page(title: str) -> Routes:
    """`/docs`: every operation, to be tried with a token."""
    router = Routes(PAGE, tags=["docs"], dependencies=[])

    @router.get("", include_in_schema=False, dependencies=[open_to_all()])
    async def page() -> HTMLResponse:
        shown = get_swagger_ui_html(
            openapi_url=DOCUMENT,
            title=title,
            swagger_js_url=f"{PAGE}/{SCRIPT}",
            swagger_css_url=f"{PAGE}/{STYLE}",
            swagger_favicon_url="data:,",
            # Else each document would be sent to a validator on the internet.
            swagger_ui_parameters={"validatorUrl": None},
        )
        shown.headers.update(_HEADERS)
        return shown

    @router.get("/{file}", include_in_schema=False, dependencies=[open_to_all()])
    async def part(file: str) -> FileResponse:
        if file not in {SCRIPT, STYLE}:
            raise NotThere
        return FileResponse(
            _UI / file, headers={**_HEADERS, "Cache-Control": f"public, max-age={_MAX_AGE}"}
        )

    return router
