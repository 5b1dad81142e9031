"""The rules of accounts, passwords, sessions, keys and profiles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyotp
import pytest

from services.admin.accounts import domain as accounts
from services.admin.accounts.domain import Account, Reach
from services.admin.agents import domain as profiles
from services.admin.agents.domain import Certificate, Ending, Profile, Training
from services.admin.keys import domain as keys
from services.admin.sessions import domain as factor
from services.admin.sessions.domain import (
    COMMONEST_PASSWORDS,
    IDLE,
    SHORTEST_PASSWORD,
    WHOLE,
    Session,
    take_password,
)
from shared.contracts import MalformedMessage
from shared.contracts.ids import read_person_id, read_publisher
from shared.contracts.refusals import NotNow
from shared.identity import STAFF_ROLES
from shared.identity.api_keys import KeyDigest

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TODAY = NOW.date()
KNOWN: dict[str, Any] = {"known_places": ["jinyuan", "east"], "known_departments": ["engineering"]}


def account(
    role: Any = "agent", *, id: str = "chen.jie", places: str = "*", **more: Any
) -> Account:
    reach = Reach(role=role, places=frozenset(places.split()), departments=frozenset({"*"}))
    return Account(id=id, reach=reach, made_at=NOW, **more)


@pytest.mark.parametrize("id", ["chen.jie", "c", "agent7", "a-b.c", "x123456", "a" * 40])
def test_an_id_is_small_letters_digits_dots(id: str) -> None:
    assert read_person_id(id) == id


@pytest.mark.parametrize(
    "id",
    ["", "Chen", "7up", "chen jie", "chen..jie", "chen.", ".chen", "陈洁", "a" * 41, "a/b", "#a",
     "a1234567", "a\n"],
)  # fmt: skip
def test_any_other_id_is_refused_without_being_repeated(id: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_person_id(id)

    assert caught.value.faults[0].field == "id"
    assert id in {"", "chen.", "#a"} or f" {id}" not in str(caught.value)


@pytest.mark.parametrize(
    ("role", "places", "departments", "field"),
    [
        ("system", ["*"], ["*"], "role"),
        ("service", ["*"], ["*"], "role"),
        ("king", ["*"], ["*"], "role"),
        ("agent", ["nowhere"], ["*"], "places"),
        ("agent", [], ["*"], "places"),
        ("agent", ["*"], ["engineering", "magic"], "departments"),
    ],
)
def test_a_reach_names_what_exists(
    role: str, places: list[str], departments: list[str], field: str
) -> None:
    with pytest.raises(MalformedMessage) as caught:
        accounts.read_reach(role, places, departments, **KNOWN)

    assert caught.value.faults[0].field == field
    assert caught.value.faults[0].remedy


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_every_role_of_persons_may_have_an_account(role: str) -> None:
    reach = accounts.read_reach(role, ["east", "jinyuan"], ["*"], **KNOWN)

    assert reach.role == role
    assert reach.places == {"east", "jinyuan"}


@pytest.mark.parametrize(
    ("role", "places", "state", "governs"),
    [
        ("administrator", "*", "active", True),
        ("administrator", "*", "frozen", False),
        ("administrator", "jinyuan", "active", False),
        ("manager", "*", "active", False),
    ],
)
def test_who_can_manage_accounts(role: str, places: str, state: Any, *, governs: bool) -> None:
    assert account(role, places=places, state=state).governs is governs


def test_what_takes_away_begins_a_new_edition() -> None:
    before = account()
    agent = before.reach
    dispatcher = Reach(role="dispatcher", places=agent.places, departments=agent.departments)
    made = accounts.Factor(b"", 0, ())
    taken = [
        accounts.change_reach(before, dispatcher, by="boss", now=NOW),
        accounts.freeze(before, by="boss", now=NOW),
        accounts.set_password(before, "hash", NOW),
        accounts.confirm_factor(before, made, NOW),
        accounts.drop_factor(before, by="boss", now=NOW),
    ]
    kept = [
        accounts.change_reach(before, agent, by="boss", now=NOW),
        accounts.thaw(before),
        accounts.invite(before, "digest", NOW),
        accounts.begin_factor(before, b"sealed"),
    ]

    assert {(new.edition, new.signed_out_at) for new in taken} == {(2, NOW)}
    assert {(new.edition, new.signed_out_at) for new in kept} == {(1, None)}


def test_nobody_freezes_demotes_or_disarms_themselves() -> None:
    boss = account("administrator", id="boss")
    less = Reach(role="administrator", places=frozenset({"jinyuan"}), departments=frozenset("*"))

    with pytest.raises(NotNow, match="You cannot"):
        accounts.freeze(boss, by="boss", now=NOW)
    with pytest.raises(NotNow, match="You cannot"):
        accounts.change_reach(boss, less, by="boss", now=NOW)
    with pytest.raises(NotNow, match="You cannot"):
        accounts.drop_factor(boss, by="boss", now=NOW)


def test_a_frozen_account_is_not_invited_and_freezing_ends_an_invitation() -> None:
    invited = accounts.invite(account(), "digest", NOW)
    frozen = accounts.freeze(invited, by="boss", now=NOW)

    assert invited.invitation == accounts.Invitation("digest", NOW + timedelta(hours=48))
    assert frozen.invitation is None
    with pytest.raises(NotNow):
        accounts.invite(frozen, "digest", NOW)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_who_reveals_or_approves_needs_a_second_factor(role: Any) -> None:
    needs = {"supervisor", "manager", "privacy_officer", "auditor", "administrator"}

    assert account(role).lacks_factor is (role in needs)
    assert not account(role, factor=accounts.Factor(b"", 0, ())).lacks_factor


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("kurz", "shorter"),
        ("elf Zeichen", "shorter"),
        ("x" * 201, "longer"),
        ("Administrator", "tried first"),
        ("PASSWORD1234", "tried first"),
        ("ｐａｓｓｗｏｒｄ１２３４", "tried first"),
        ("chen.jie.von.hier", "name of the account"),
    ],
)
def test_a_password_that_is_guessed_is_refused_without_being_repeated(
    password: str, says: str
) -> None:
    with pytest.raises(MalformedMessage) as caught:
        take_password(password, "chen.jie.von.hier")

    [fault] = caught.value.faults
    assert (fault.field, says in fault.fault) == ("password", True)
    assert fault.remedy
    assert password not in str(caught.value)


@pytest.mark.parametrize(
    "password", ["zwölf Zeichen", "一二三四五六七八九十百千", "a b c d e f g h"]
)
def test_any_other_password_is_taken(password: str) -> None:
    assert take_password(password, "chen.jie") == password


def test_the_commonest_are_long_enough_to_matter() -> None:
    assert all(
        len(word) >= SHORTEST_PASSWORD and word == word.casefold() for word in COMMONEST_PASSWORDS
    )


def session(**more: Any) -> Session:
    facts: dict[str, Any] = {
        "id": "s", "account": "chen.jie", "edition": 1, "how": "password", "unfinished": False,
        "started_at": NOW, "refreshed_at": NOW, "refresh": "digest",
    }  # fmt: skip
    return Session(**(facts | more))


@pytest.mark.parametrize(
    ("later", "refreshed", "over"),
    [
        (timedelta(), timedelta(), False),
        (IDLE - timedelta(seconds=1), timedelta(), False),
        (IDLE, timedelta(), True),
        (timedelta(hours=11, minutes=59), timedelta(hours=11), False),
        (WHOLE, WHOLE - timedelta(minutes=1), True),
    ],
)
def test_a_session_ends_after_an_hour_unused_or_a_shift(
    later: timedelta, refreshed: timedelta, *, over: bool
) -> None:
    assert session(refreshed_at=NOW + refreshed).is_over(NOW + later) is over


def test_a_session_that_was_ended_is_over() -> None:
    assert session(ended_at=NOW).is_over(NOW)


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = 1_700_000_010.0
STEP = int(AT) // 30


@pytest.mark.parametrize(
    ("shift", "after", "step"),
    [
        (0, -1, STEP), (-1, -1, STEP - 1), (1, -1, STEP + 1), (2, -1, None), (-2, -1, None),
        (0, STEP - 1, STEP), (0, STEP, None), (-1, STEP, None),
    ],
)  # fmt: skip
def test_a_code_counts_around_its_time_and_after_the_last_one(
    shift: int, after: int, step: int | None
) -> None:
    code = pyotp.TOTP(SECRET).at(int(AT), counter_offset=shift)

    assert factor.step_of(SECRET, code, at=AT, after=after) == step


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\n"])
def test_what_is_no_code_fits_no_secret(code: str) -> None:
    assert factor.step_of(SECRET, code, at=AT) is None


def test_a_secret_that_could_not_be_opened_has_no_codes() -> None:
    assert factor.step_of(None, "000000", at=AT) is None


def test_ten_recovery_codes_are_written_for_people() -> None:
    codes = factor.new_recovery_codes()

    assert len(set(codes)) == 10
    for code in codes:
        assert factor.plain_code(f" {code.upper()} ") == code.replace("-", "")
        assert len(factor.plain_code(code)) == 12


def key(**more: Any) -> keys.SystemKey:
    facts: dict[str, Any] = {
        "id": "abcdefghijkl", "publisher": "app", "places": frozenset("*"), "owner": None,
        "actions": frozenset({"ticket.register"}), "digests": (KeyDigest(b"1"),),
        "made_by": "boss", "made_at": NOW, "expires_at": NOW + timedelta(days=30),
    }  # fmt: skip
    return keys.SystemKey(**(facts | more))


def test_an_exchanged_key_keeps_its_old_secret_for_the_overlap() -> None:
    once = keys.rotate(key(), b"2", now=NOW, overlap=timedelta(days=7), days=365)
    twice = keys.rotate(once, b"3", now=NOW, overlap=timedelta(0), days=10)

    assert once.digests == (KeyDigest(b"1", NOW + timedelta(days=7)), KeyDigest(b"2"))
    assert once.expires_at == NOW + timedelta(days=365)
    assert twice.digests == (KeyDigest(b"2", NOW), KeyDigest(b"3"))


@pytest.mark.parametrize("more", [{"revoked_at": NOW}, {"expires_at": NOW}])
def test_a_key_that_is_over_is_not_brought_back(more: dict[str, Any]) -> None:
    with pytest.raises(NotNow, match="taken back or has expired"):
        keys.rotate(key(**more), b"2", now=NOW, overlap=timedelta(0), days=1)


def test_a_key_is_taken_back_once() -> None:
    gone = keys.revoke(key(), NOW)

    assert gone.revoked_at == NOW
    assert keys.revoke(gone, NOW + timedelta(days=1)) == gone


@pytest.mark.parametrize("actions", [[], ["account.manage"], ["ticket.register", "nonsense"]])
def test_a_key_may_no_more_than_a_system(actions: list[str]) -> None:
    with pytest.raises(MalformedMessage) as caught:
        keys.read_actions(actions)

    assert caught.value.faults[0].field == "actions"
    assert "ticket.register" in caught.value.faults[0].remedy


@pytest.mark.parametrize("publisher", ["", "App", "a b", "9x", "a" * 41, "x:y"])
def test_a_publisher_is_written_as_a_name(publisher: str) -> None:
    with pytest.raises(MalformedMessage):
        read_publisher(publisher)
    assert read_publisher("resident-app") == "resident-app"


def certificate(
    until: date, *, kind: str = "hotline", since: date = date(2020, 1, 1)
) -> Certificate:
    return Certificate(kind, since, until)


TRAINED = (Training("induction", TODAY),)


@pytest.mark.parametrize(
    ("profile", "on", "fit"),
    [
        (Profile(account="a"), TODAY, False),
        (Profile(account="a", trainings=TRAINED), TODAY, False),
        (Profile(account="a", certificates=(certificate(TODAY),)), TODAY, False),
        (Profile(account="a", trainings=TRAINED, certificates=(certificate(TODAY),)), TODAY, True),
        (Profile(account="a", trainings=TRAINED, certificates=(certificate(TODAY),)),
         TODAY + timedelta(days=1), False),
        (Profile(account="a", trainings=TRAINED, certificates=(certificate(TODAY),)),
         TODAY - timedelta(days=1), False),
        (Profile(account="a", trainings=TRAINED,
                 certificates=(certificate(date(2030, 1, 1), since=TODAY + timedelta(days=1)),)),
         TODAY, False),
    ],
    ids=["empty", "no certificate", "not trained", "both", "ended", "before", "not begun"],
)  # fmt: skip
def test_only_trained_staff_with_a_certificate_answers_callers(
    profile: Profile, on: date, *, fit: bool
) -> None:
    assert profiles.qualified(profile, on) is fit


def test_what_ends_soon_is_listed_unless_another_follows() -> None:
    soon, later, gone = (TODAY + timedelta(days=days) for days in (10, 100, -5))
    some = [
        Profile(account="b", certificates=(certificate(soon), certificate(later, kind="fire"))),
        Profile(account="a", certificates=(certificate(gone), certificate(later))),
        Profile(account="c", certificates=(certificate(gone, kind="fire"),)),
    ]

    found = profiles.ending(some, today=TODAY, within=timedelta(days=30))

    assert found == [
        Ending("c", certificate(gone, kind="fire")),
        Ending("b", certificate(soon)),
    ]


@pytest.mark.parametrize("code", ["Chinese", "zh_CN", "z", "普通话", "zh-"])
def test_a_language_is_a_code(code: str) -> None:
    assert profiles.read_languages("languages", ["zh", "yue", "zh-Hant-HK"])
    with pytest.raises(MalformedMessage) as caught:
        profiles.read_languages("dialects", [code])
    assert caught.value.faults[0].field == "dialects"


def test_a_certificate_ends_after_it_begins() -> None:
    assert profiles.read_certificate("fire", TODAY, TODAY)
    with pytest.raises(MalformedMessage):
        profiles.read_certificate("fire", TODAY, TODAY - timedelta(days=1))
