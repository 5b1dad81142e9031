"""``hotline users``: accounts, made and looked after on the machine that holds the data folder.

The first administrator is made here; everybody else may be made over HTTP by an administrator. Who
of the duty lists has lost a telephone is said here too.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from hotline.client import answer, api, data_folder
from hotline.codes import code_of
from hotline.errors import UnusableSettingError

DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
IdArgument = Annotated[str, typer.Argument(help="The account's id, such as chen.jie.")]
PersonArgument = Annotated[str, typer.Argument(help="The person's id on the duty list.")]
AddressOption = Annotated[
    list[str] | None,
    typer.Option(
        "--address",
        help="What was on it, so that nothing goes there: phone, mail, webhook, wecom, dingtalk.",
    ),
]
NoneOption = Annotated[
    bool, typer.Option("--none", help="Nothing of these was on it: new links go by all of them.")
]
SERVICE = "admin"
ROLE = "administrator"
PAGE = 200


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Accounts of the staff.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("create")(create)
    group.command("invite")(invite)
    group.command("freeze")(freeze)
    group.command("thaw")(thaw)
    group.command("lost")(lost)
    group.command("code")(code)
    app.add_typer(group, name="users")


def show_all(data: DataOption = None) -> None:
    """List all: id, role, state, reach, what is still missing before somebody can sign in."""
    count = 0
    with _client(data) as client:
        for user in _pages(client):
            count += 1
            typer.echo(f"{user['id']}  {user['role']}  {user['state']}  {_reach(user)}")
            typer.echo(f"    {_lacks(user)}")
    typer.echo(f"{count} accounts")


def create(
    id: IdArgument,
    role: Annotated[str, typer.Option("--role", help="What the account may do.")],
    name: Annotated[str | None, typer.Option("--name", help="What people see; optional.")] = None,
    place: Annotated[list[str] | None, typer.Option("--place", help="Default all.")] = None,
    department: Annotated[
        list[str] | None, typer.Option("--department", help="Default all.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Make an account and print its invitation, which sets the password once."""
    wanted = {"id": id, "role": role, "name": name, "places": place, "departments": department}
    body = {key: value for key, value in wanted.items() if value is not None}
    with _client(data) as client:
        _print_invitation(answer(client.post("/v1/users", json=body)))


def invite(id: IdArgument, data: DataOption = None) -> None:
    """Print a new invitation; the one before counts no more."""
    with _client(data) as client:
        _print_invitation(answer(client.post(f"/v1/users/{id}/invitation", json={})))


def freeze(id: IdArgument, data: DataOption = None) -> None:
    """Sign an account out everywhere, within seconds, and let nobody sign in as it."""
    with _client(data) as client:
        answer(client.post(f"/v1/users/{id}/freeze", json={}))
    typer.echo(f"{id} is frozen; what it was signed in to ends within five seconds")


def thaw(id: IdArgument, data: DataOption = None) -> None:
    """Let a frozen account count again, with the password it had."""
    with _client(data) as client:
        answer(client.post(f"/v1/users/{id}/thaw", json={}))
    typer.echo(f"{id} may sign in again")


def lost(
    person: PersonArgument,
    address: AddressOption = None,
    data: DataOption = None,
    *,
    nothing: NoneOption = False,
) -> None:
    """Say that somebody's telephone is lost: their links end within five seconds, and what they
    have in hand is told again by the addresses left. What was on it has to be said.
    """
    if bool(address) == nothing:
        raise UnusableSettingError(
            f"请说明 {person} 丢失的手机上有什么，新链接才不会发到那部手机："
            "--address wecom（可多次），确实没有则用 --none。"
            "Say what was on the lost telephone, or the new links go to it: --address phone, mail, "
            "webhook, wecom or dingtalk, once for each, or --none where it was none of these."
        )
    body = {"person": person, "addresses": address or []}
    with api(data_folder(data), "router", role=ROLE) as client:
        missing = f"值班表上没有 {person}。Nobody on a duty list has the id {person}."
        said = answer(client.post("/v1/lost-telephones", json=body), missing=missing)
    typer.echo(f"{person}: 之前的链接五秒内全部失效。links of before end within five seconds.")
    if gone := ", ".join(said["lost"]):
        typer.echo(f"重新登记之前不再使用 not used until given anew: {gone}")
    if left := ", ".join(said["left"]):
        typer.echo(f"新链接经以下方式发出 new links go by: {left}")
        typer.echo(
            "其中若有在那部手机上登录的，请马上用 --address 再报一次。"
            "If one of these is open on that telephone, say so again with --address at once."
        )
    else:
        typer.echo("没有其他联系方式，请当面通知。No address is left: tell them in person.")


def code(
    id: IdArgument,
    data: DataOption = None,
    *,
    new: Annotated[bool, typer.Option("--new", help="Of the device that is being set up.")] = False,
) -> None:
    """Print the code of somebody's second factor; in a trial only, elsewhere their device does."""
    typer.echo(asyncio.run(code_of(data_folder(data), id, new=new)))


def _client(data: Path | None) -> AbstractContextManager[httpx.Client]:
    return api(data_folder(data), SERVICE, role=ROLE)


def _pages(client: httpx.Client) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        params = {"limit": str(PAGE)} | ({"after": after} if after else {})
        page = answer(client.get("/v1/users", params=params))
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def _reach(user: dict[str, Any]) -> str:
    places, departments = (", ".join(user[key]) for key in ("places", "departments"))
    return f"places {places}; departments {departments}"


def _lacks(user: dict[str, Any]) -> str:
    if user["has_password"]:
        return "has a second factor" if user["has_second_factor"] else "has no second factor"
    invited = user["invited_until"]
    return f"invited until {invited}" if invited else "has no password and no invitation"


def _print_invitation(invited: dict[str, Any]) -> None:
    typer.echo(f"{invited['user']['id']} is invited until {invited['expires_at']}.")
    typer.echo(
        "The invitation is shown this once. Use it at the console's page /session/invitation, or "
        "send it with a password to POST /v1/session/password:"
    )
    typer.echo(invited["invitation"])
