"""Which code is shown for a second factor, and to whom a trial's accounts are."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pyotp
import pytest
from rich.console import Console

from hotline.codes import code_at
from hotline.demo.accounts import SEATS, Opened, print_accounts
from hotline.errors import UnusableSettingError
from services.admin.sessions.domain import new_secret, step_of

SECRET = new_secret()
NOW = 1_800_000_010.0
STEP = int(NOW) // 30


@pytest.mark.parametrize("last_step", [-1, STEP - 1, STEP])
def test_the_code_counts_at_the_administration_though_the_one_before_was_used(
    last_step: int,
) -> None:
    code = code_at(SECRET, NOW, last_step=last_step)

    assert step_of(SECRET, code, at=NOW, after=last_step) is not None


def test_it_is_what_a_device_shows() -> None:
    assert code_at(SECRET, NOW, last_step=-1) == pyotp.TOTP(SECRET).at(int(NOW))


@pytest.mark.parametrize("ahead", [1, 2])
def test_where_no_code_is_left_the_wait_is_told(ahead: int) -> None:
    with pytest.raises(UnusableSettingError, match=r"in \d+ seconds") as refused:
        code_at(SECRET, NOW, last_step=STEP + ahead)

    seconds = int(str(refused.value).split(" in ")[1].split()[0])
    later = NOW + seconds
    code = code_at(SECRET, later, last_step=STEP + ahead)
    assert step_of(SECRET, code, at=later, after=STEP + ahead) is not None


@pytest.mark.parametrize("width", [60, 80, 200])
def test_what_is_copied_from_the_list_of_accounts_is_whole_on_every_terminal(width: int) -> None:
    said = StringIO()
    opened = [Opened(seat, f"demo-{seat.role}", seat.role == "supervisor") for seat in SEATS]
    data = Path("/a/folder/with/quite/a/long/name/that/does/not/fit/into/eighty/columns/demo")

    print_accounts(opened, data, "http://127.0.0.1:8000", Console(file=said, width=width))

    for each in opened:
        assert each.seat.id in said.getvalue()
        assert each.password in said.getvalue()
    assert f"hotline users code group-desk-1 --data {data}\n" in said.getvalue()
    assert said.getvalue().count("hotline users code") == 1
    assert "http://127.0.0.1:8000\n" in said.getvalue()
