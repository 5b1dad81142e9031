"""`/v1/users`: accounts, for administrators of the whole group."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, Field

from services.admin.accounts.domain import (
    LONGEST_NAME,
    Account,
    Binding,
    Reach,
    State,
    read_reach,
)
from services.admin.accounts.staff import By, Invited, StaffAccounts
from services.admin.accounts.storage import ACCOUNTS
from shared.contracts.errors import both
from shared.contracts.ids import Code, read_person_id
from shared.identity import EVERYWHERE, Role
from shared.policy.policy import Group
from shared.runtime import Actor, Body, NoStore, Platform, Routes, Source, may
from shared.store import Collection, Listing

MOST: Final = 200
Word = Annotated[str, Field(max_length=60)]
Codes = Annotated[tuple[Word, ...], Field(max_length=MOST)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Ids = tuple[str, ...] | frozenset[str]


class BindingBody(Body):
    """Who this is at the identity provider."""

    issuer: Annotated[str, Field(min_length=1, max_length=300)]
    subject: Annotated[str, Field(min_length=1, max_length=255)]

    def to_binding(self) -> Binding:
        """The same as a value."""
        return Binding(self.issuer, self.subject)


class NewUser(Body):
    """A new account."""

    id: Annotated[str, Field(max_length=100)]
    name: Name | None = None
    role: Word
    places: Codes = (EVERYWHERE,)
    departments: Codes = (EVERYWHERE,)
    binding: BindingBody | None = None
    why: Code | None = None


class ChangedUser(Body):
    """What shall be different; what is left out stays."""

    name: Name | None = None
    role: Word | None = None
    places: Codes | None = None
    departments: Codes | None = None
    binding: BindingBody | None = None
    why: Code | None = None


class WhyBody(Body):
    """Why."""

    why: Code | None = None


class BindingView(BaseModel):
    """Who this is at the identity provider."""

    issuer: str
    subject: str


class UserView(BaseModel):
    """An account, without anything that opens it."""

    id: str
    name: str | None
    role: Role
    places: list[str]
    departments: list[str]
    state: State
    has_password: bool
    has_second_factor: bool
    invited_until: datetime | None
    binding: BindingView | None
    made_at: datetime


class UserPage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[UserView]
    next: str | None


class InvitationView(BaseModel):
    """An account and the token that sets its password, shown this once."""

    user: UserView
    invitation: str
    expires_at: datetime


def build_users_api(platform: Platform, staff_accounts: StaffAccounts) -> Routes:
    """Reading and changing accounts."""
    router = Routes("/v1/users", tags=["users"], route_class=NoStore)
    accounts = Collection(platform.store, ACCOUNTS)

    def reach(role: str, places: Ids, departments: Ids) -> Reach:
        policy = platform.policy
        return read_reach(
            role,
            places,
            departments,
            known_places=known_places(policy.group),
            known_departments=[d.id for d in policy.taxonomy.departments],
        )

    @router.get("", dependencies=[may("account.see")])
    async def listed(
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> UserPage:
        """Accounts by id; `next` is the cursor of the next page."""
        found = await accounts.page(Listing(), after=after, limit=limit)
        return UserPage(items=[view(account) for account in found.items], next=found.next)

    @router.post("", status_code=201, dependencies=[may("account.manage")])
    async def create(body: NewUser, actor: Actor, source: Source) -> InvitationView:
        """Make an account; its invitation is shown this once and counts for 48 hours."""
        id, reaching = both(
            lambda: read_person_id(body.id),
            lambda: reach(body.role, body.places, body.departments),
        )
        invited = await staff_accounts.create(
            id,
            reaching,
            By(actor, source, body.why),
            name=body.name,
            binding=body.binding.to_binding() if body.binding else None,
        )
        return _invitation(invited)

    @router.get("/{id}", dependencies=[may("account.see")])
    async def one(id: str) -> UserView:
        """One account."""
        return view(await staff_accounts.get(id))

    @router.patch("/{id}", dependencies=[may("account.manage")])
    async def change(id: str, body: ChangedUser, actor: Actor, source: Source) -> UserView:
        """Change an account. Another role or reach signs it out everywhere."""
        present = (await staff_accounts.get(id)).reach
        changed = reach(
            body.role or present.role,
            present.places if body.places is None else body.places,
            present.departments if body.departments is None else body.departments,
        )
        account = await staff_accounts.change_facts(
            id,
            By(actor, source, body.why),
            reach=changed,
            name=body.name,
            binding=body.binding.to_binding() if body.binding else None,
        )
        return view(account)

    @router.post("/{id}/freeze", dependencies=[may("account.manage")])
    async def freeze(id: str, body: WhyBody, actor: Actor, source: Source) -> UserView:
        """Sign it out everywhere within seconds, with the keys it answers for; nobody signs in."""
        return view(await staff_accounts.freeze(id, By(actor, source, body.why)))

    @router.post("/{id}/thaw", dependencies=[may("account.manage")])
    async def thaw(id: str, body: WhyBody, actor: Actor, source: Source) -> UserView:
        """Let a frozen account count again."""
        return view(await staff_accounts.thaw(id, By(actor, source, body.why)))

    @router.post("/{id}/invitation", status_code=201, dependencies=[may("account.manage")])
    async def invite(id: str, body: WhyBody, actor: Actor, source: Source) -> InvitationView:
        """A new invitation in place of an older one: for a forgotten password, too."""
        return _invitation(await staff_accounts.invite(id, By(actor, source, body.why)))

    @router.delete("/{id}/factor", dependencies=[may("account.manage")])
    async def drop_factor(id: str, actor: Actor, source: Source) -> UserView:
        """Forget a second factor whose device and codes are lost."""
        return view(await staff_accounts.drop_factor(id, By(actor, source)))

    return router


def known_places(group: Group) -> list[str]:
    """The ids of estates and of the places above them."""
    return [place.id for place in group.places] + [estate.id for estate in group.estates]


def _invitation(invited: Invited) -> InvitationView:
    return InvitationView(
        user=view(invited.account), invitation=invited.token, expires_at=invited.expires_at
    )


def view(account: Account) -> UserView:
    """What may be shown of an account."""
    reach, invited, bound = account.reach, account.invitation, account.binding
    return UserView(
        id=account.id,
        name=account.name,
        role=reach.role,
        places=sorted(reach.places),
        departments=sorted(reach.departments),
        state=account.state,
        has_password=account.password is not None,
        has_second_factor=account.factor is not None,
        invited_until=invited.expires_at if invited else None,
        binding=BindingView(issuer=bound.issuer, subject=bound.subject) if bound else None,
        made_at=account.made_at,
    )
