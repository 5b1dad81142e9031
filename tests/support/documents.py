"""Whether a service answers as its OpenAPI document says, tried with made-up requests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


async def faults_against(
    address: str,
    folder: Path,
    *,
    token: str | None,
    examples: int,
    seed: int,
    phases: str = "fuzzing",
) -> str:
    """What schemathesis found wrong with the service at `address`; empty when nothing.

    With `token` it is somebody who may do much, without it nobody; `examples` bounds the requests
    made up for each operation. The phase `coverage` adds the edges of every parameter, and minutes;
    `stateful` asks one operation with what another answered.
    """
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json",
        "--checks", ",".join(CHECKS), "--max-examples", str(examples), "--seed", str(seed),
        "--phases", phases, "--request-timeout", "20", "--no-color",
    ]  # fmt: skip
    if token is not None:
        command += ["--header", f"Authorization: Bearer {token}"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return said.decode() if process.returncode else ""


def references(value: Any) -> Iterator[str]:
    """Every `$ref` within an OpenAPI document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    if isinstance(value, list):
        for each in value:
            yield from references(each)
