"""One's own settings at the console: the account keeps them, for every browser of whoever they
belong to and for nobody else.
"""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from services.console.clients.own import OwnSettings, SavedView
from services.console.frame.looks import Looks, chosen, looks_by
from services.console.me.views import settings_form, wished
from shared.runtime.web import words
from tests.console.bench import PASSWORD, Bench

OTHER_PASSWORD = "drei Kessel voller Regen"
PART = {"hx-request": "true"}
T = {**words("services.console.frame", "zh"), **words("services.console.me", "zh")}
FILLED = {"language": "en", "theme": "dark", "sound": "off", "single_keys": "off"}


def attributes(page: httpx.Response) -> dict[str, str]:
    """What the page says of its looks."""
    found = re.search(r"<html ([^>]*)>", page.text)
    assert found is not None
    return dict(re.findall(r'([\w-]+)="([^"]*)"', found.group(1)))


async def kept(bench: Bench, id: str = "xiao.he") -> dict[str, Any]:
    doc = await bench.store.get("accounts", id)
    assert doc is not None
    return dict(doc.get("settings", {}))


def password(present: str = PASSWORD, new: str = OTHER_PASSWORD) -> dict[str, str]:
    return {"present": present, "password": new}


async def test_settings_count_on_the_next_page_and_in_another_browser(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    before = attributes(await browser.get("/help"))

    saved = await browser.post("/me/settings", data=FILLED)

    assert (saved.status_code, saved.headers["location"]) == (303, "/me?done=settings")
    elsewhere = await bench.signed_in_browser("xiao.he", address="198.51.100.8")
    for page in (await browser.get("/help"), await elsewhere.get("/emergencies")):
        found = attributes(page)
        assert (found["lang"], found["data-theme"], found["data-single-keys"]) == (
            "en", "dark", "off",
        )  # fmt: skip
    assert (before["lang"], before["data-theme"], before["data-single-keys"]) == (
        "zh-CN", "system", "on",
    )  # fmt: skip
    assert (await kept(bench))["sound"] is False


async def test_the_menu_changes_the_account_too_and_leaves_nothing_for_the_next_at_the_desk(
    bench: Bench,
) -> None:
    for id in ("xiao.he", "lao.li"):
        await bench.hire(id)
    browser = await bench.signed_in_browser("xiao.he")
    for name, value in (("hotline_language", "en"), ("hotline_keys", "off")):
        answer = await browser.post("/looks", data={"name": name, "value": value, "back": "/help"})
        assert answer.headers["location"] == "/help"
        assert "set-cookie" not in answer.headers
    mine = attributes(await browser.get("/help"))
    await browser.post("/session/end")
    await bench.sign_in(browser, "lao.li")
    theirs = attributes(await browser.get("/help"))

    assert (mine["lang"], mine["data-single-keys"]) == ("en", "off")
    assert (theirs["lang"], theirs["data-single-keys"]) == ("zh-CN", "on")


async def test_before_anybody_signs_in_the_browser_keeps_what_is_chosen(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.browser()
    await browser.post("/looks", data={"name": "hotline_language", "value": "en"})

    assert attributes(await browser.get("/session"))["lang"] == "en"
    await bench.sign_in(browser, "xiao.he")
    assert attributes(await browser.get("/help"))["lang"] == "en"  # the account leaves it open
    await browser.post("/me/settings", data={**FILLED, "language": "zh"})
    assert attributes(await browser.get("/help"))["lang"] == "zh-CN"


async def test_what_another_page_has_changed_meanwhile_stays(bench: Bench) -> None:
    await bench.hire("xiao.he")
    one, other = [await bench.signed_in_browser("xiao.he") for _ in range(2)]
    forms = [seen_in(await each.get("/me")) for each in (one, other)]
    assert forms[0]["was_theme"] == forms[0]["theme"] == ""

    await one.post("/me/settings", data={**forms[0], "theme": "dark"})
    await other.post("/me/settings", data={**forms[1], "sound": "off"})

    settings = await kept(bench)
    assert (settings["theme"], settings["sound"]) == ("dark", False)


def seen_in(page: httpx.Response) -> dict[str, str]:
    """The form of settings as it was shown."""
    own = page.text.split('action="/me/settings"')[1].split("</form>")[0]
    was = dict(re.findall(r'name="(was_\w+)" value="([^"]*)"', own))
    return was | {name.removeprefix("was_"): value for name, value in was.items()}


async def test_who_asks_by_htmx_is_led_on_as_well(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    answer = await browser.post("/me/settings", data=FILLED, headers=PART)

    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/me?done=settings")
    page = await browser.get("/me?done=settings")
    assert words("services.console.me", "en")["done_settings"] in page.text


@pytest.mark.parametrize(
    "form",
    [
        {"language": "fr"},
        {"theme": "pink"},
        {"sound": "loud"},
        {"single_keys": ""},
        {"theme": "contrast"},
        {"language": "x" * 400},
    ],
)
async def test_what_the_form_does_not_offer_changes_nothing(
    bench: Bench, form: dict[str, str]
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    answer = await browser.post("/me/settings", data={**FILLED, **form})

    assert answer.status_code == 404
    assert await kept(bench) == {}


async def test_views_that_were_saved_stay_when_settings_change(bench: Bench) -> None:
    await bench.hire("xiao.he")
    tokens = await bench.done("/v1/session", id="xiao.he", password=PASSWORD)
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    views = [{"name": "夜班超时", "query": "estate=jinyuan"}]
    body = {"saved_views": views, "theme": "contrast"}
    put = await bench.services["admin"].put("/v1/session/settings", json=body, headers=who)
    assert put.is_success
    browser = await bench.signed_in_browser("xiao.he")
    assert 'value="contrast" selected' in (await browser.get("/me")).text
    assert attributes(await browser.get("/me"))["data-theme"] == "system"

    await browser.post("/me/settings", data={**FILLED, "theme": "contrast"})
    await browser.post("/looks", data={"name": "hotline_keys", "value": "on"})

    found = await kept(bench)
    assert found["saved_views"] == views
    assert (found["theme"], found["language"]) == ("contrast", "en")


async def test_a_name_is_shown_to_its_bearer_and_to_colleagues(bench: Bench) -> None:
    for id in ("xiao.he", "lao.li"):
        await bench.hire(id)
    browser = await bench.signed_in_browser("xiao.he")

    saved = await browser.post("/me/name", data={"name": "  何晓 <b> "})

    assert saved.headers["location"] == "/me?done=name"
    page = await browser.get("/me")
    assert f'value="{html.escape("何晓 <b>")}"' in page.text
    assert "何晓 <b>" not in page.text
    tokens = await bench.done("/v1/session", id="lao.li", password=PASSWORD)
    found = await bench.services["admin"].get(
        "/v1/people",
        params={"ids": "xiao.he"},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    assert found.json()["items"][0]["name"] == "何晓 <b>"
    await browser.post("/me/name", data={"name": "   "})
    doc = await bench.store.get("accounts", "xiao.he")
    assert doc is not None
    assert doc.get("name") is None


@pytest.mark.parametrize("name", ["x" * 61, "a\u202eb", "a\x07b", "a\nb"])
async def test_a_name_that_nobody_can_read_is_refused_beside_the_form(
    bench: Bench, name: str
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    answer = await browser.post("/me/name", data={"name": name}, headers=PART)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert "xiao.he" in (await browser.get("/me")).text


async def test_another_password_ends_the_other_sessions_and_keeps_this_one(bench: Bench) -> None:
    await bench.hire("xiao.he")
    here, elsewhere = [await bench.signed_in_browser("xiao.he") for _ in range(2)]
    assert (await elsewhere.get("/help")).status_code == 200

    changed = await here.post("/me/password", data=password())
    await bench.hear()

    assert changed.headers["location"] == "/me?done=password"
    page = await here.get("/me?done=password")
    assert T["done_password"] in page.text
    assert page.text.count("/end") == 1, "the menu's alone"
    assert (await elsewhere.get("/emergencies")).headers["location"].startswith("/session?next=")
    fresh = await bench.browser()
    assert (await bench.sign_in(fresh, "xiao.he")).status_code == 401
    assert (await bench.sign_in(fresh, "xiao.he", OTHER_PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    "form",
    [
        password(present="falsch falsch"),
        password(new="kurz"),
        password(new="password12345"),
        password(new=PASSWORD),
        password(new=""),
        password(present=""),
        {},
    ],
)
async def test_a_password_that_does_not_fit_is_said_beside_the_form_and_not_repeated(
    bench: Bench, form: dict[str, str]
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    answer = await browser.post("/me/password", data=form, headers=PART)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert not [typed for typed in form.values() if len(typed) > 3 and typed in answer.text]
    assert (await bench.sign_in(await bench.browser(), "xiao.he")).status_code == 303


async def test_who_guesses_the_present_password_is_told_to_wait(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    form = password(present="falsch falsch")
    for _ in range(10):
        assert (await browser.post("/me/password", data=form, headers=PART)).status_code == 422

    locked = await browser.post("/me/password", data=password(), headers=PART)

    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 600


async def test_other_sessions_are_listed_and_ended(bench: Bench) -> None:
    await bench.hire("xiao.he")
    here, elsewhere = [await bench.signed_in_browser("xiao.he") for _ in range(2)]
    page = await here.get("/me")
    [end] = re.findall(r'action="(/me/sessions/\w+/end)"', page.text)
    assert page.text.count(T["how_password"]) == 2
    assert page.text.count(f'class="mark">{T["here"]}<') == 1

    answer = await here.post(end)
    await bench.hear()

    assert answer.headers["location"] == "/me?done=session"
    assert (await elsewhere.get("/emergencies")).headers["location"].startswith("/session?next=")
    assert "/me/sessions/" not in (await here.get("/me")).text
    assert (await here.post(end)).status_code == 404


async def test_nobody_ends_a_strangers_session(bench: Bench) -> None:
    for id in ("xiao.he", "lao.li"):
        await bench.hire(id)
    own, strangers = [await bench.signed_in_browser(id) for id in ("xiao.he", "lao.li")]
    session = strangers.cookies["hotline"].partition(".")[0]

    assert (await own.post(f"/me/sessions/{session}/end")).status_code == 404
    assert (await own.post("/me/sessions/x/end")).status_code == 422
    assert (await strangers.get("/help")).status_code == 200


async def test_who_is_not_signed_in_has_no_settings(bench: Bench) -> None:
    browser = await bench.browser()

    assert (await browser.get("/me")).headers["location"] == "/session?next=/me"
    for path in ("settings", "name", "password", f"sessions/{'0' * 32}/end"):
        assert (await browser.post(f"/me/{path}", data={})).status_code == 401


async def test_who_lacks_the_second_factor_sets_that_up_first(bench: Bench) -> None:
    invited = await bench.done("/v1/users", id="lead", role="supervisor")
    await bench.done("/v1/session/password", invitation=invited["invitation"], password=PASSWORD)
    browser = await bench.browser()
    await bench.sign_in(browser, "lead")

    assert (await browser.get("/me")).headers["location"] == "/session/factor"
    page = await browser.get("/session/factor")
    assert 'href="/me"' not in page.text
    chosen = await browser.post("/looks", data={"name": "hotline_theme", "value": "dark"})
    assert "hotline_theme=dark" in chosen.headers["set-cookie"]
    assert attributes(await browser.get("/session/factor"))["data-theme"] == "dark"


def test_what_the_account_leaves_open_is_as_the_browser_keeps_it() -> None:
    browsers = Looks("en", "dark", single_keys=False)

    assert looks_by(OwnSettings(), browsers) == Looks("en", "dark", single_keys=True)
    own = OwnSettings(language="zh", theme="light", single_keys=False)
    assert looks_by(own, browsers) == Looks("zh", "light", single_keys=False)
    assert looks_by(OwnSettings(theme="contrast"), browsers).theme == "dark"


def test_one_choice_changes_nothing_else() -> None:
    view = SavedView(name="a", query="b")
    before = OwnSettings(language="en", theme="dark", sound=False, saved_views=(view,))

    assert chosen(before, "hotline_theme", "system") == before.model_copy(update={"theme": None})
    assert chosen(before, "hotline_keys", "off").single_keys is False
    assert chosen(before, "hotline_language", "zh").saved_views == (view,)


def test_the_form_shows_what_is_set_and_means_it_when_it_is_sent_back() -> None:
    view = SavedView(name="a", query="b")
    for settings in (
        OwnSettings(),
        OwnSettings(language="en", theme="dark", sound=False, single_keys=False),
        OwnSettings(theme="contrast", saved_views=(view,)),
    ):
        form = {each.name: each.chosen for each in settings_form(settings, T)}

        assert wished(settings, form, {}) == settings
        assert wished(settings, form, form) == settings
        for each in settings_form(settings, T):
            assert each.chosen in {choice.value for choice in each.choices}
