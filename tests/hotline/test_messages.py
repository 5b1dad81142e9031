"""Whoever keeps messages back is asked once before much is kept, and understands a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from hotline.client import RefusedError, answer
from hotline.messages import OPTIONS, lines_of
from tests.support.command import invoked

NO_SUCH: Final[dict[str, Any]] = {
    "faults": [{"field": "purpose", "fault": "is not one of the known words", "remedy": "see"}]
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["hold"], "派单也要等到放行"), (["stop", "--template", "outage"], "再也不会发出")],
    ids=["all is held", "some are stopped"],
)
def test_it_is_asked_once_and_without_a_yes_nothing_is_done(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    settings = {"HOTLINE_DATA": str(tmp_path)}

    asked = invoked(["messages", *arguments], settings)
    sure = invoked(["messages", *arguments, "--yes"], settings)

    assert (asked.returncode, said in asked.stdout) == (1, True)
    assert (sure.returncode, said in sure.stdout) == (2, False)
    assert "No hotline runs" in sure.stderr


def test_what_is_named_is_held_without_a_question(tmp_path: Path) -> None:
    held = invoked(["messages", "hold", "--estate", "jinyuan"], {"HOTLINE_DATA": str(tmp_path)})

    assert (held.returncode, held.stdout) == (2, "")


def test_a_fault_names_the_option_and_a_missing_thing_its_own_name() -> None:
    with pytest.raises(RefusedError, match=r"^422: --template is not one of the known words"):
        answer(httpx.Response(422, json=NO_SUCH), options=OPTIONS)
    with pytest.raises(RefusedError, match=r"^404: no such brake: 17$"):
        answer(httpx.Response(404, json={"title": "Not found"}), missing="no such brake: 17")


def test_the_list_calls_things_as_the_options_do() -> None:
    brake: dict[str, Any] = {
        "id": "17", "kind": "hold", "purpose": "outage", "incident": None, "estate": "jinyuan",
        "channel": None, "by": "operator", "at": "now", "released_at": None,
        "urgent": False, "messages": {},
    }  # fmt: skip

    assert lines_of(brake)[0] == ("17  hold  template outage, estate jinyuan; none that is urgent")
