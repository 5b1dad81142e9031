"""The work page asks intake for flat and number, and has no right to them itself (A5.3)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from services.router.app import build
from services.router.settings import RouterSettings
from shared.identity.staff_links import MOST_TRIES, is_form_token, read_staff_link
from shared.readers.dead_links import LINK_TRIES
from shared.tickets.acts import Dispatch
from tests.router.conftest import LOOKS, RouterBench
from tests.router.test_field import (
    GIVEN,
    ORDER,
    OURS,
    OWN,
    alert_link,
    link,
    put_alerted,
    put_given,
)
from tests.support.work_page import forms_of, press

PERSONS: Final[dict[str, Any]] = {"persons": {"caller": b"sealed"}}


@pytest.mark.parametrize("given", [GIVEN, OURS], ids=["a firm", "our own"])
async def test_who_has_taken_the_work_has_the_form_until_it_is_done(
    bench: RouterBench, given: Dispatch
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"proof_for": []}})
    await put_given(bench, given, **PERSONS)
    address = link(bench, person=given.assignee or "")
    has_form = []
    for act in ("accept", "arrive", "done", None):
        page = (await bench.http.get(address)).text
        has_form.append("person" in forms_of(page))
        if act is not None:
            await press(bench.http, address, act)

    assert has_form == [False, True, True, False]


async def test_the_form_carries_its_links_token_and_stays_under_the_same_name(
    bench: RouterBench,
) -> None:
    await put_given(bench, OURS, **PERSONS)
    address = link(bench, person=OWN)
    await press(bench.http, address, "accept")

    page = await bench.http.get(address)

    assert f'action="{address}/person?lang=zh"' in page.text
    assert "form-action 'self';" in page.headers["content-security-policy"]
    read = read_staff_link(address.rpartition("/")[2], bench.keys.link)
    assert read is not None
    assert is_form_token(forms_of(page.text)["person"]["form"], read, bench.keys.link)
    assert "sealed" not in page.text
    assert (await bench.http.post(f"{address}/person")).status_code == 404  # intake's, not ours


async def test_without_a_person_there_is_no_form(bench: RouterBench) -> None:
    await put_given(bench, OURS)
    address = link(bench, person=OWN)
    await press(bench.http, address, "accept")

    assert "person" not in forms_of((await bench.http.get(address)).text)


async def test_where_intake_has_a_name_of_its_own_the_page_lets_the_form_go_there(
    own_bench: RouterBench,
) -> None:
    bench, url = own_bench, "https://intake.example"
    other = await bench.serve(
        await build(bench.settings_of(RouterSettings, **LOOKS, person_url=f"{url}/"))
    )
    await put_given(bench, OURS, **PERSONS)
    address = link(bench, person=OWN)
    await press(bench.http, address, "accept")

    page = await other.http.get(address)

    assert f'action="{url}{address}/person?lang=zh"' in page.text
    assert f"form-action 'self' {url};" in page.headers["content-security-policy"]


async def test_a_link_that_was_guessed_at_opens_nothing_here_either(bench: RouterBench) -> None:
    await put_given(bench, OURS, **PERSONS)
    address = link(bench, person=OWN)
    tried = {"_id": f"work/{ORDER}/{OWN}", "wrong": MOST_TRIES - 1}
    await bench.store.insert_once(LINK_TRIES, tried)
    assert (await bench.http.get(address)).status_code == 200

    await bench.store.documents(LINK_TRIES).update_one({}, {"$set": {"wrong": MOST_TRIES}})
    dead, forged = await bench.http.get(address), await bench.http.get("/w/forged")

    assert (dead.status_code, dead.text) == (forged.status_code, forged.text)
    assert (await bench.http.post(f"{address}/accept")).status_code == 404


async def test_who_was_alerted_has_the_form_while_the_danger_runs(bench: RouterBench) -> None:
    await put_alerted(bench)
    await bench.store.documents("tickets").update_one({}, {"$set": PERSONS})
    address = alert_link(bench, OWN)
    assert "person" not in forms_of((await bench.http.get(address)).text)

    await press(bench.http, address, "acknowledge")

    assert "person" in forms_of((await bench.http.get(address)).text)
