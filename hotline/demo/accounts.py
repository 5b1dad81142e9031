"""Three people who can sign in to a trial: made through the front doors, each run with another
password, which is shown.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pyotp
from rich.console import Console
from rich.table import Table

from hotline.demo.clients import Clients
from hotline.trial import trial_store
from shared.identity import EVERYWHERE, Role

BOSS: Final = "operator:administrator"
SESSION: Final = "/v1/session"
CONFLICT: Final = 409
NOT_A_TRIAL: Final = "nobody gets a password there that others read"


AGENT: Final = "jy-customer-service-1"
SUPERVISOR: Final = "group-desk-1"
ENGINEER: Final = "jy-engineering-1"


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody of the sample's duty lists, and what their account may."""

    id: str
    name: str
    role: Role
    title: str
    places: tuple[str, ...] = (EVERYWHERE,)
    departments: tuple[str, ...] = (EVERYWHERE,)


SEATS: Final = (
    Seat(AGENT, "蔡文静", "agent", "坐席 agent"),
    Seat(SUPERVISOR, "严谨", "supervisor", "主管 supervisor"),
    Seat(
        ENGINEER,
        "许志强",
        "department",
        "部门 department",
        places=("jinyuan",),
        departments=("engineering",),
    ),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A seat whose account has this password; with a second factor where the role needs one."""

    seat: Seat
    password: str
    has_factor: bool


async def open_accounts(clients: Clients, data: Path) -> Sequence[Opened]:
    """Give each seat an account and a new password; raises UnusableSettingError where the data are
    no trial's.
    """
    async with trial_store(data, why_not=NOT_A_TRIAL):
        return [await _open(clients, seat) for seat in SEATS]


async def _open(clients: Clients, seat: Seat) -> Opened:
    invited = await _invite(clients, seat)
    password = f"demo-{secrets.token_hex(5)}"
    body = {"invitation": invited["invitation"], "password": password}
    _done(await clients.call("POST", "admin", f"{SESSION}/password", json=body))
    has_factor = bool(invited["user"]["has_second_factor"])
    return Opened(seat, password, has_factor or await _secure(clients, seat, password))


async def _invite(clients: Clients, seat: Seat) -> Any:
    body = {
        "id": seat.id,
        "name": seat.name,
        "role": seat.role,
        "places": seat.places,
        "departments": seat.departments,
    }
    boss = {"role": "administrator", "by": BOSS}
    made = await clients.call("POST", "admin", "/v1/users", json=body, **boss)
    if made.status_code == CONFLICT:  # of an earlier run on these data
        again = f"/v1/users/{seat.id}/invitation"
        made = await clients.call("POST", "admin", again, json={}, **boss)
    return _done(made).json()


async def _secure(clients: Clients, seat: Seat, password: str) -> bool:
    """Set a second factor up where the role needs one; whether it does."""
    body = {"id": seat.id, "password": password}
    tokens = _done(await clients.call("POST", "admin", SESSION, json=body)).json()
    if not tokens["factor_needed"]:
        return False
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    path = f"{SESSION}/factor"
    begun = _done(await clients.call("POST", "admin", path, json={}, headers=own)).json()
    code = {"code": pyotp.TOTP(begun["secret"]).now()}
    _done(await clients.call("POST", "admin", f"{path}/confirm", json=code, headers=own))
    return True


def _done(answer: httpx.Response) -> httpx.Response:
    return answer.raise_for_status()


def print_accounts(
    opened: Sequence[Opened], data: Path, address: str, console: Console | None = None
) -> None:
    """Print where the console is, who may sign in there, with which password, and how to get the
    code where one is asked for: whole on every terminal, since it is copied.
    """
    table = Table(title="登录账号 Accounts of this trial")
    table.add_column("身份 role")
    for name in ("账号 id", "密码 password"):
        table.add_column(name, no_wrap=True)
    for each in opened:
        table.add_row(f"{each.seat.title}，{each.seat.name}", each.seat.id, each.password)
    console = console or Console()
    console.print(table)
    for each in opened:
        if each.has_factor:
            command = f".venv/bin/hotline users code {each.seat.id} --data {data}"
            console.print(f"验证码 code: {command}", soft_wrap=True, markup=False)
    console.print(f"用浏览器打开 open in a browser: {address}", soft_wrap=True, markup=False)
