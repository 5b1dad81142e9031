"""Tokens and links: only what we signed, for that purpose, until the database's time says no."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.identity import (
    ROLES,
    InvalidToken,
    Principal,
    issue_token,
    publisher_principal,
    read_generation,
    read_link,
    read_token,
    service_principal,
    sign_link,
    with_generation,
)
from shared.identity.tokens import ISSUER, LEEWAY, LIFETIME, SessionMark

SECRET = b"s" * 32
OTHER = b"o" * 32
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
WANG = Principal("wang", "department", frozenset({"jinyuan"}), frozenset({"engineering"}))
CLAIMS = {
    "iss": ISSUER,
    "sub": "wang",
    "role": "agent",
    "places": ["jinyuan"],
    "departments": ["engineering"],
    "exp": int((NOW + LIFETIME).timestamp()),
}


def signed(secret: bytes = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {k: v for k, v in (CLAIMS | changes).items() if v is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("places", [{"*"}, {"jinyuan"}, {"jinyuan", "cuihu"}, set()])
@pytest.mark.parametrize("departments", [{"*"}, {"engineering"}, set()])
def test_a_token_gives_back_exactly_who_it_was_issued_for(
    role: Any, places: set[str], departments: set[str]
) -> None:
    """Somebody whose last place was taken away has none, not all."""
    who = Principal("wang", role, frozenset(places), frozenset(departments))

    signed = read_token(issue_token(who, SECRET, now=NOW), SECRET, now=NOW)

    assert (signed.principal, signed.session, signed.is_unfinished) == (who, None, False)


@pytest.mark.parametrize(
    "mark", [SessionMark("s-1", 3), SessionMark("s-1", 1, unfinished=True), None]
)
def test_a_token_tells_its_session_and_the_millisecond_it_was_made(
    mark: SessionMark | None,
) -> None:
    made = NOW.replace(microsecond=123_000)

    signed = read_token(issue_token(WANG, SECRET, now=made, session=mark), SECRET, now=NOW)

    assert (signed.session, signed.issued_at) == (mark, made)
    assert signed.is_unfinished is (mark is not None and mark.unfinished)


def test_two_tokens_of_one_person_differ() -> None:
    assert issue_token(WANG, SECRET, now=NOW) != issue_token(WANG, SECRET, now=NOW)


@pytest.mark.parametrize(
    ("later", "valid"),
    [
        (timedelta(), True),
        (LIFETIME, True),
        (LIFETIME + LEEWAY, True),
        (LIFETIME + LEEWAY + timedelta(seconds=1), False),
        (timedelta(days=365), False),
        (timedelta(days=-1), True),  # a process whose clock was measured a moment ago
    ],
)
def test_a_token_ends_by_the_time_it_is_given_and_by_no_other_clock(
    later: timedelta, *, valid: bool
) -> None:
    token = issue_token(WANG, SECRET, now=NOW)

    if valid:
        assert read_token(token, SECRET, now=NOW + later).principal == WANG
    else:
        with pytest.raises(InvalidToken, match="expired"):
            read_token(token, SECRET, now=NOW + later)


def test_a_token_may_be_short_lived() -> None:
    token = issue_token(WANG, SECRET, now=NOW, lifetime=timedelta(minutes=1))

    with pytest.raises(InvalidToken, match="expired"):
        read_token(token, SECRET, now=NOW + timedelta(minutes=2))


BODY = issue_token(WANG, SECRET, now=NOW).split(".")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "中文",
        ".".join(BODY[:2]),
        ".".join([BODY[0], part(CLAIMS | {"role": "administrator"}), BODY[2]]),
        ".".join([part({"alg": "none", "typ": "JWT"}), BODY[1], ""]),
        ".".join([part({"alg": "none"}), BODY[1], BODY[2]]),
        signed(OTHER),
        signed(SECRET * 2, "HS512"),
        signed(iss=None),
        signed(iss="somebody"),
        signed(sub=None),
        signed(sub=7),
        signed(exp=None),
        signed(aud="another"),
        signed(role=None),
        signed(role="king"),
        signed(role=["agent"]),
        signed(exp="soon"),
        signed(exp=10**30),
        signed(iat_ms="now"),
        signed(sid=7, edition=1),
        signed(sid="s-1"),
        signed(sid="s-1", edition="1"),
    ],
    ids=[
        "empty", "word", "three words", "not ascii", "no signature", "changed", "alg none",
        "alg none signed", "other secret", "other algorithm", "no issuer", "foreign issuer",
        "nobody", "number", "endless", "other audience", "no role", "unknown role", "list of roles",
        "odd end", "far end", "odd beginning", "odd session", "no edition", "odd edition",
    ],
)  # fmt: skip
def test_any_other_token_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        read_token(token, SECRET, now=NOW)

    assert not token or token not in caught.value.reason


@pytest.mark.parametrize("missing", ["places", "departments"])
def test_a_token_without_its_reach_reaches_nothing(missing: str) -> None:
    changes: dict[str, Any] = {missing: None}
    who = read_token(signed(**changes), SECRET, now=NOW).principal

    assert getattr(who, missing) == frozenset()


@given(st.text() | st.binary().map(lambda b: base64.urlsafe_b64encode(b).decode()))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_is_shown_as_a_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        read_token(token, SECRET, now=NOW)


@pytest.mark.parametrize("subject", ["JY0001-1", "", "a:b", "问卷/1?x=y", "x" * 200])
def test_a_link_leads_back_to_its_subject(subject: str) -> None:
    token = sign_link("survey", subject, SECRET)

    assert read_link("survey", token, SECRET) == subject
    assert sign_link("survey", subject, SECRET) == token
    assert token.isascii()
    assert not set(token) & set("/?#&+= ")


def test_a_link_is_short_enough_for_a_text_message() -> None:
    assert len(sign_link("survey", "JY0001-1", SECRET)) <= 32


LINK = sign_link("survey", "JY0001-1", SECRET)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        LINK.partition(".")[0],
        f"{LINK.partition('.')[0]}.",
        LINK[:-1],
        LINK[:-1] + ("A" if LINK[-1] != "A" else "B"),
        f"{sign_link('survey', 'JY0001-2', SECRET).partition('.')[0]}.{LINK.partition('.')[2]}",
        sign_link("survey", "JY0001-1", OTHER),
        sign_link(cast("Any", "page"), "JY0001-1", SECRET),
        "问卷.中文",
        "JY0001-1.问",
        "SlkwMDAxLTE.\ud800",
        "\ud800.x",
        "/w.x",
        f"!{LINK}",
        f"{LINK[0]} {LINK[1:]}",
        f"{LINK[0]}\r\n{LINK[1:]}",
        LINK.replace(".", "=."),
        LINK.replace(".", "?x=1."),
        LINK.replace("E.", "F."),
    ],
)
def test_a_forged_link_leads_nowhere(token: str) -> None:
    assert read_link("survey", token, SECRET) is None


def test_a_link_has_one_spelling() -> None:
    """Also where the last character of the subject holds bits that say nothing."""
    others = {
        LINK[:at] + char + LINK[at + 1 :]
        for at in range(len(LINK))
        for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=!"
    } - {LINK}

    assert {other for other in others if read_link("survey", other, SECRET)} == set()


@given(st.text())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_is_shown_as_a_link_leads_nowhere(token: str) -> None:
    assert read_link("survey", token, SECRET) is None


@pytest.mark.parametrize(
    ("named", "text", "generation"),
    [
        ("JY0001-1/xu", "JY0001-1/xu", 0),
        ("JY0001-1/xu~2", "JY0001-1/xu", 2),
        ("JY0001-1/xu~x", "JY0001-1/xu~x", 0),
        ("JY0001-1/xu~²", "JY0001-1/xu~²", 0),
        ("~2", "~2", 0),
        ("xu~999999999", "xu", 999_999_999),
        (f"xu~{'9' * 10}", f"xu~{'9' * 10}", 0),
        (f"xu~{'9' * 5_000}", f"xu~{'9' * 5_000}", 0),
        ("", "", 0),
    ],
)
def test_a_link_of_before_has_no_generation(named: str, text: str, generation: int) -> None:
    assert read_generation(named) == (text, generation)
    assert with_generation(text, generation) == named


def test_services_and_publishers_are_named_apart() -> None:
    assert service_principal("router").id == "service:router"
    assert publisher_principal("router").id == "system:router"
    assert (service_principal("x").role, publisher_principal("x").role) == ("service", "system")


def test_a_token_that_was_good_is_refused_once_its_time_is_over_and_under_another_secret() -> None:
    """That its signature is remembered changes neither."""
    token = issue_token(WANG, SECRET, now=NOW)
    assert read_token(token, SECRET, now=NOW).principal == WANG

    late = NOW + LIFETIME + LEEWAY + timedelta(seconds=1)
    with pytest.raises(InvalidToken, match="expired"):
        read_token(token, SECRET, now=late)
    with pytest.raises(InvalidToken, match="not valid"):
        read_token(token, OTHER, now=NOW)
