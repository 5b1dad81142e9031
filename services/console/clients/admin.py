"""The administration: sessions of browsers by the console's own key, names of the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from services.console.clients.answers import Declined, Unreached
from services.console.clients.own import USUAL, OwnSettings
from services.console.clients.service import Answered, M, Nothing, ServiceClient

PROVIDER: Final = "/v1/session/browser/provider"
MOST_ASKED: Final = 200
"""So many people are asked for at a time."""
MOST_CHECKED: Final = 1_000
"""So many sessions are asked after at a time."""
MOST_PAGES: Final = 10
"""Of those at a place; nobody chooses from a longer list."""


class Access(Answered):
    """A token for the next minutes."""

    session: str
    access_token: str
    expires_in: int
    factor_needed: bool


class Begun(Access):
    """The same for a session that begins, with the secret that the browser keeps."""

    secret: str


class Offer(Answered):
    """Whether people may sign in by an identity provider."""

    offered: bool


class Way(Answered):
    """Where to send a browser, and the state that it alone may come back with."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class CameBack:
    """What a browser came back with from the provider, and the state that it was given."""

    state: str
    begun_here: str
    code: str | None
    error: str | None


class Own(Answered):
    """Who somebody is that signed in, how far they reach and what they may."""

    id: str
    role: str
    name: str | None = None
    places: list[str]
    departments: list[str]
    may: list[str]
    factor_needed: bool
    settings: OwnSettings = USUAL


class FactorSecret(Answered):
    """What a device for second factors is told."""

    secret: str
    otpauth: str


class RecoveryCodes(Answered):
    """Codes for a lost device."""

    recovery_codes: list[str]


class Ended(Answered):
    """A session that counts no more."""

    id: str
    why: str


class Checked(Answered):
    """Those of the sessions asked after that count no more."""

    ended: list[Ended]


class Now(Answered):
    """What time a service takes it to be."""

    now: datetime


class Present(Answered):
    """Which policy counts."""

    now: str | None


class Named(Answered):
    """Something of the policy with its names."""

    id: str
    zh: str
    en: str


class Words(Answered):
    """What a code is called."""

    zh: str
    en: str


class NamedEstate(Named):
    """An estate, with what else callers call it."""

    aliases: list[str] = Field(default_factory=list)


class NamedKind(Named):
    """A kind of emergency, with the steps of its checklist."""

    steps: list[Named] = Field(default_factory=list)


class NamedDepartment(Named):
    """A department; a `contractor` is a firm outside the group."""

    contractor: bool = False


class PolicyNames(Answered):
    """What the ids of a policy are called, and all codes: table → code → name."""

    group: Named
    estates: list[NamedEstate] = Field(default_factory=list)
    types: list[Named] = Field(default_factory=list)
    urgencies: list[Named] = Field(default_factory=list)
    areas: list[Named] = Field(default_factory=list)
    departments: list[NamedDepartment] = Field(default_factory=list)
    emergency_kinds: list[NamedKind] = Field(default_factory=list)
    codes: dict[str, dict[str, Words]] = Field(default_factory=dict)


class Colleague(Answered):
    """Somebody of the staff."""

    id: str
    name: str | None = None
    role: str | None = None
    departments: list[str] = Field(default_factory=list)
    places: list[str] = Field(default_factory=list)
    frozen: bool = False


class Colleagues(Answered):
    """Some of them."""

    items: list[Colleague]
    next: str | None = None


class OwnKey:
    """The console's own key, from a file: read anew when the one that is known counts no more."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._shown: str | None = None

    def shown(self, *, anew: bool = False) -> str:
        """The key; raises Unreached while there is none."""
        if self._shown is None or anew:
            try:
                self._shown = self._file.read_text("utf-8").strip()
            except OSError as error:
                raise Unreached("admin", sent=False) from error
        return self._shown


class AdminClient:
    """What the console asks of the administration."""

    def __init__(self, service: ServiceClient, key: OwnKey) -> None:
        self._service = service
        self._key = key

    async def sign_in(self, shown: Mapping[str, str], address: str) -> Begun:
        """Begin the session of a browser that is at this address."""
        body = {**shown, "address": address}
        return await self._by_key(Begun, "/v1/session/browser", body)

    async def go_on(self, secret: str, address: str, *, used: bool) -> Access:
        """Another token for a browser's secret; Declined with 401 where it counts no more. A
        session lasts longer by being `used`.
        """
        body = {"secret": secret, "address": address, "used": used}
        return await self._by_key(Access, "/v1/session/continue", body)

    async def check(self, sessions: list[str]) -> Checked:
        """Which of these sessions have ended."""
        ended: list[Ended] = []
        # Also for none: whether the key counts is known by asking.
        for at in range(0, max(len(sessions), 1), MOST_CHECKED):
            body = {"ids": sessions[at : at + MOST_CHECKED]}
            ended += (await self._by_key(Checked, "/v1/session/check", body)).ended
        return Checked(ended=ended)

    async def offers_provider(self) -> bool:
        """Whether people may sign in by an identity provider."""
        return (await self._by_key(Offer, PROVIDER, None, method="GET")).offered

    async def begin_way(self) -> Way:
        """The way to the provider, for one browser."""
        return await self._by_key(Way, PROVIDER, {})

    async def finish_way(self, back: CameBack, address: str) -> Begun:
        """Begin the session of a browser that came back and is at this address."""
        return await self._by_key(Begun, f"{PROVIDER}/finish", {**asdict(back), "address": address})

    async def _by_key(
        self, model: type[M], path: str, body: Mapping[str, Any] | None, *, method: str = "POST"
    ) -> M:
        """Ask as the console. A key that is refused may have been made anew in its file."""
        try:
            return await self._service.ask(model, method, path, bearer=self._key.shown(), json=body)
        except Declined as refused:
            if not _is_of_the_key(refused):
                raise
        try:
            return await self._service.ask(
                model, method, path, bearer=self._key.shown(anew=True), json=body
            )
        except Declined as refused:
            if _is_of_the_key(refused):
                raise Unreached("admin", sent=False) from refused
            raise

    async def who(self, bearer: str) -> Own:
        """Who bears a token."""
        return await self._service.get(Own, "/v1/session", bearer=bearer)

    async def sign_out(self, bearer: str) -> None:
        """End the session of a token."""
        await self._service.ask(Nothing, "DELETE", "/v1/session", bearer=bearer)

    async def begin_factor(self, bearer: str) -> FactorSecret:
        """Begin a second factor."""
        path = "/v1/session/factor"
        return await self._service.ask(FactorSecret, "POST", path, bearer=bearer, json={})

    async def confirm_factor(self, bearer: str, code: str) -> RecoveryCodes:
        """Take it into use; all sessions end."""
        path, body = "/v1/session/factor/confirm", {"code": code}
        return await self._service.ask(RecoveryCodes, "POST", path, bearer=bearer, json=body)

    async def accept(self, invitation: str, password: str) -> None:
        """Set the password that an invitation is for."""
        body = {"invitation": invitation, "password": password}
        await self._service.ask(Nothing, "POST", "/v1/session/password", bearer=None, json=body)

    async def now(self) -> datetime:
        """What time the hotline takes it to be; a trial's may be ahead."""
        return (await self._service.ask(Now, "GET", "/healthz", bearer=None)).now

    async def policy_in_force(self, bearer: str) -> str | None:
        """The id of the policy that counts."""
        return (await self._service.get(Present, "/v1/policies/in-force", bearer=bearer)).now

    async def names_of(self, policy: str, bearer: str) -> PolicyNames:
        """What a policy calls things."""
        path = f"/v1/policies/{policy}/names"
        return await self._service.get(PolicyNames, path, bearer=bearer)

    async def colleagues(self, ids: Iterable[str], bearer: str) -> list[Colleague]:
        """Who these are, 200 at most; whom nobody knows, and who shares no place, is not there."""
        asked = sorted({id for id in ids if "," not in id})[:MOST_ASKED]
        if not asked:
            return []
        params = {"ids": ",".join(asked)}
        return (
            await self._service.get(Colleagues, "/v1/people", bearer=bearer, params=params)
        ).items

    async def colleagues_at(self, place: str | None, bearer: str) -> list[Colleague]:
        """Who is at a place, or within the reader's reach: all of them, page by page."""
        params = {"place": place} if place else {}
        found: list[Colleague] = []
        for _ in range(MOST_PAGES):
            page = await self._service.get(Colleagues, "/v1/people", bearer=bearer, params=params)
            found += page.items
            if page.next is None:
                break
            params["after"] = page.next
        return found


def _is_of_the_key(refused: Declined) -> bool:
    """Whether the key itself was refused, not what was asked with it."""
    about_us = refused.status == 401 and "reason" not in refused.problem
    return about_us or (refused.status == 403 and refused.kind == "forbidden")
