"""Signing in at the console: what is refused, what the browser keeps, and when it is over."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from services.console.clients.answers import Unreached
from services.console.frame.guard import POLICY
from tests.console.bench import HERE, PASSWORD, Bench


async def test_who_signs_in_gets_a_cookie_that_no_script_reads_and_no_token(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.browser()

    answer = await bench.sign_in(browser, "xiao.he", next="/help")

    assert (answer.status_code, answer.headers["location"]) == (303, "/help")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("hotline=", "HttpOnly", "SameSite=strict", "Path=/"))
    page = await browser.get("/help")
    assert page.status_code == 200
    assert browser.cookies["hotline"] not in page.text
    assert "eyJ" not in page.text
    kept = str(await bench.store.find("sessions", {}, limit=9))
    assert browser.cookies["hotline"].partition(".")[2] not in kept


async def test_over_https_the_cookie_is_bound_to_the_host(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.browser()
    form = {"id": "xiao.he", "password": PASSWORD}

    answer = await browser.post("https://console.example/session", data=form)

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-hotline=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(("id", "password"), [("xiao.he", "falsch falsch"), ("nobody", PASSWORD)])
async def test_what_does_not_fit_is_refused_in_the_same_words(
    bench: Bench, id: str, password: str
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.browser()

    answer = await bench.sign_in(browser, id, password)

    assert answer.status_code == 401
    assert "登录信息不对" in answer.text
    assert f'value="{id}"' in answer.text
    assert password not in answer.text
    assert "hotline" not in browser.cookies


async def test_who_is_locked_out_is_told_for_how_long_and_others_elsewhere_are_not(
    bench: Bench,
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.browser("198.51.100.7")
    for _ in range(10):
        assert (await bench.sign_in(browser, "xiao.he", "falsch falsch")).status_code == 401

    locked = await bench.sign_in(browser, "xiao.he")
    elsewhere = await bench.sign_in(await bench.browser("203.0.113.9"), "xiao.he")

    assert locked.status_code == 429
    assert re.search(r"分钟数之后再试： 1[45]", locked.text)
    assert elsewhere.status_code == 303


async def test_a_frozen_account_sees_nothing_more_and_cannot_sign_in(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    assert (await browser.get("/emergencies")).status_code == 200

    await bench.done("/v1/users/xiao.he/freeze")
    await bench.hear()
    gone = await browser.get("/emergencies")
    again = await browser.get("/emergencies")

    assert gone.headers["location"] == "/session?next=/emergencies"
    assert again.headers["location"] == "/session?next=/emergencies"
    assert (await bench.sign_in(browser, "xiao.he")).status_code == 401


async def test_nine_tabs_ask_the_administration_once(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    sessions = bench.console.state.house.sessions
    asked = 0
    go_on = sessions._admin.go_on

    async def counted(*args: str, used: bool) -> object:
        nonlocal asked
        asked += 1
        return await go_on(*args, used=used)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions._admin, "go_on", counted)
        answers = await asyncio.gather(*(browser.get("/help") for _ in range(9)))

    assert {answer.status_code for answer in answers} == {200}
    assert asked == 1


async def test_a_session_ends_after_an_hour_without_use_and_not_before(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    sessions = bench.console.state.house.sessions

    await bench.forward(timedelta(minutes=50))
    sessions._known.clear()
    assert (await browser.get("/help")).status_code == 200
    await bench.forward(timedelta(minutes=50))
    sessions._known.clear()
    assert (await browser.get("/help")).status_code == 200
    await bench.forward(timedelta(minutes=61))
    sessions._known.clear()

    assert (await browser.get("/help")).status_code == 303


async def test_a_page_that_lies_open_does_not_keep_its_session_alive(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    sessions = bench.console.state.house.sessions
    secret = browser.cookies["hotline"]
    for _ in range(6):
        await bench.forward(timedelta(minutes=9))
        sessions._known.clear()
        assert (await sessions.reader(secret, "127.0.0.1", used=False)).id == "xiao.he"
    await bench.forward(timedelta(minutes=9))
    sessions._known.clear()

    assert (await browser.get("/help")).status_code == 303


async def test_signing_out_ends_the_session_for_every_tab(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    secret = browser.cookies["hotline"]

    answer = await browser.post("/session/end")

    assert answer.headers["location"] == "/session?out=true"
    assert "hotline" not in browser.cookies
    browser.cookies.set("hotline", secret, domain="127.0.0.1")
    assert (await browser.get("/help")).status_code == 303


async def test_guessed_cookies_of_an_address_keep_nobody_from_signing_in_or_out(
    bench: Bench,
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.browser()
    for n in range(40):
        await browser.get("/desk", headers={"cookie": f"hotline=guess-{n}"})
    stale = {"cookie": "hotline=of-yesterday"}

    refused = await browser.get("/desk", headers=stale)
    page = await browser.get("/session", headers=stale)
    out = await browser.post("/session/end", headers=stale)
    signed_in = await bench.sign_in(browser, "xiao.he")

    assert refused.status_code == 429
    assert "暂时不能确认您的登录" in refused.text
    assert 'href="/session?next=/desk"' in refused.text
    assert refused.headers["retry-after"]
    assert (page.status_code, out.status_code, signed_in.status_code) == (200, 303, 303)
    assert "Max-Age=0" in out.headers["set-cookie"]


async def test_the_stream_of_a_frozen_account_is_told_that_it_is_frozen(bench: Bench) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    house = bench.console.state.house
    session = (await house.sessions.reader(browser.cookies["hotline"], "127.0.0.1")).session
    await bench.done("/v1/users/xiao.he/freeze")

    ended = (await house.admin.check([session])).ended

    assert [(each.id, each.why) for each in ended] == [(session, "frozen")]


@pytest.mark.parametrize(("method", "unsure"), [("GET", False), ("POST", True)])
async def test_only_of_an_act_is_it_said_that_it_may_have_been_done(
    bench: Bench, method: str, monkeypatch: pytest.MonkeyPatch, *, unsure: bool
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    house = bench.console.state.house

    async def hangs(*_: Any, **__: Any) -> Any:
        raise Unreached("admin", sent=True)

    monkeypatch.setattr(house.own, "sessions", hangs)
    monkeypatch.setattr(house.own, "rename", hangs)
    path = "/me" if method == "GET" else "/me/name"

    answer = await browser.request(method, path, data={"name": "何晓"})

    assert answer.status_code == 503
    assert ("不确定" in answer.text) is unsure


async def test_a_made_up_cookie_signs_nobody_in(bench: Bench) -> None:
    browser = await bench.browser()
    for cookie in ("x", "a.b", "0" * 32 + "." + "y" * 43, "z" * 900):
        browser.cookies.set("hotline", cookie, domain="127.0.0.1")
        answer = await browser.get("/emergencies")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/session?next=/emergencies",
        )


async def test_who_needs_a_second_factor_sets_it_up_before_anything_else(bench: Bench) -> None:
    invited = await bench.done("/v1/users", id="lead", role="supervisor")
    await bench.done("/v1/session/password", invitation=invited["invitation"], password=PASSWORD)
    browser = await bench.browser()
    answer = await bench.sign_in(browser, "lead", next="/emergencies")
    assert answer.headers["location"] == "/session/factor"
    assert (await browser.get("/emergencies")).headers["location"] == "/session/factor"

    shown = await browser.post("/session/factor")
    [secret] = re.findall(r'name="secret" value="([A-Z2-7]+)"', shown.text)
    bench.secrets["lead"] = secret
    wrong = await browser.post("/session/factor/confirm", data={"secret": secret, "code": "1"})
    done = await browser.post(
        "/session/factor/confirm", data={"secret": secret, "code": bench.code("lead")}
    )

    assert wrong.status_code == 422
    assert secret in wrong.text
    assert len(re.findall(r"<li>(\w{4}-\w{4}-\w{4})</li>", done.text)) == 10
    await bench.hear()
    assert (await browser.get("/help")).status_code == 303
    assert (await bench.sign_in(browser, "lead")).status_code == 303
    assert (await browser.get("/emergencies")).status_code == 200


async def test_an_invitation_sets_a_password_once(bench: Bench) -> None:
    invitation = (await bench.done("/v1/users", id="neu", role="agent"))["invitation"]
    browser = await bench.browser()
    form = {"invitation": invitation, "password": PASSWORD}

    short = await browser.post("/session/invitation", data={**form, "password": "kurz"})
    taken = await browser.post("/session/invitation", data=form)
    again = await browser.post("/session/invitation", data=form)

    assert short.status_code == 422
    assert "kurz" not in short.text
    assert taken.headers["location"] == "/session?accepted=true"
    assert again.status_code == 401
    assert (await bench.sign_in(browser, "neu")).status_code == 303


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
async def test_after_signing_in_nobody_is_sent_elsewhere(bench: Bench, next: str) -> None:
    await bench.hire("xiao.he")

    answer = await bench.sign_in(await bench.browser(), "xiao.he", next=next)

    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "", "origin": HERE},
    ],
)
async def test_an_act_from_another_site_is_refused_unseen(
    bench: Bench, headers: dict[str, str]
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    answer = await browser.post("/session/end", headers=headers)

    assert answer.status_code == 403
    assert (await browser.get("/help")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"), [(HERE, 303), ("http://evil.example", 403), ("null", 403), (None, 403)]
)
async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(
    bench: Bench, origin: str | None, status: int
) -> None:
    browser = await bench.browser()
    del browser.headers["sec-fetch-site"]

    answer = await browser.post("/session/end", headers={"origin": origin} if origin else {})

    assert answer.status_code == status


async def test_every_answer_has_the_headers_that_keep_it_private(bench: Bench) -> None:
    browser = await bench.browser()
    for path in ("/session", "/", "/nothing-here", "/static/console.js", "/healthz"):
        answer = await browser.get(path)
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        kept = "immutable" if path.startswith("/static/") else "no-store"
        assert kept in answer.headers["cache-control"], path


async def test_over_plain_http_from_elsewhere_one_page_says_why(bench: Bench) -> None:
    browser = await bench.browser()

    answer = await browser.get("http://console.example/session")
    sent = await browser.post("http://console.example/session", data={"password": PASSWORD})

    assert (answer.status_code, sent.status_code) == (426, 426)
    assert "HOTLINE_TRUSTED_PROXIES" in answer.text
    assert PASSWORD not in sent.text
    assert (await browser.get("http://console.example/healthz")).status_code == 200


async def test_a_link_from_another_site_finds_whoever_is_signed_in(bench: Bench) -> None:
    """A strict cookie does not come along with it; the page asks once more from here."""
    browser = await bench.browser(**{"sec-fetch-site": "cross-site"})

    hop = await browser.get("/emergencies?a=1")

    assert hop.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/emergencies?a=1">' in hop.text


async def test_what_htmx_asked_for_comes_back_as_a_notice_when_the_session_is_over(
    bench: Bench,
) -> None:
    browser = await bench.browser(**{"hx-request": "true"})

    answer = await browser.get("/emergencies")

    assert (answer.status_code, answer.headers["hx-retarget"]) == (401, "#notice")
    assert "<html" not in answer.text


async def test_without_a_provider_there_is_no_button_and_no_way(bench: Bench) -> None:
    browser = await bench.browser()

    page = await browser.get("/session")
    gone = await browser.post("/session/provider", data={"next": "/"})
    back = await browser.get("/session/provider", params={"state": "x", "code": "y"})

    assert "/session/provider" not in page.text
    assert (gone.status_code, back.status_code) == (409, 409)
    assert 'name="password"' in gone.text
