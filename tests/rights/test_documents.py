"""Every service answers as its OpenAPI document says, whatever it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hotline.service import SERVICES
from hotline.token import make_token
from tests.support.documents import faults_against
from tests.support.floor import Floor

pytestmark = pytest.mark.whole
ROLE: Final = "supervisor"
"""Who may do most. `make faults` asks as nobody and as others too, for longer and in sequences."""
SEED: Final = 20261126


@pytest.mark.parametrize("service", SERVICES)
async def test_answers_are_as_the_document_says(floor: Floor, tmp_path: Path, service: str) -> None:
    token = make_token(floor.data, role=ROLE, id=f"walker-{ROLE}")

    found = await faults_against(
        floor.endpoints.services[service], tmp_path, token=token, examples=1, seed=SEED
    )

    if found:
        pytest.fail(found, pytrace=False)  # all of it: what was sent, and how to send it again


async def test_a_service_that_answers_otherwise_is_found_out(floor: Floor, tmp_path: Path) -> None:
    """The tool itself, against an address where no document is."""
    assert await faults_against(
        f"{floor.endpoints.services['survey']}/s", tmp_path, token=None, examples=1, seed=SEED
    )
