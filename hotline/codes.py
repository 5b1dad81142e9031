"""The code that the device of somebody's second factor shows now, where nobody has that device: in
a trial.
"""

from pathlib import Path
from typing import Any, Final

import pyotp

from hotline.errors import UnusableSettingError
from hotline.trial import trial_store
from shared.identity.factor_safe import SECRETS_OF, FactorSafe
from shared.privacy import load_keys

NOT_A_TRIAL: Final = "their codes are for whoever has the device"
ACCOUNTS: Final = "accounts"
STEP_SECONDS: Final = 30


async def code_of(folder: Path, id: str, *, new: bool = False) -> str:
    """A code that counts now: of the second factor that somebody signs in with, of the `new` one
    that they are setting up, or of that where there is no other.

    Raises UnusableSettingError, always where the data are no trial's.
    """
    async with trial_store(folder, why_not=NOT_A_TRIAL) as store:
        account = await store.get(ACCOUNTS, id, fields=("factor", "pending"))
        now = store.clock.outside().timestamp()
    if account is None:
        raise UnusableSettingError(
            f"There is no account {id!r}. `hotline users list` names all there are."
        )
    sealed, last_step = _sealed(account, new=new)
    if sealed is None:
        raise UnusableSettingError(
            f"{id} has set up no second factor, and signs in without a code. Where the role needs "
            "one, the first sign-in asks to set it up; then ask again."
        )
    secret = FactorSafe(load_keys(folder / "keys.json").derived(SECRETS_OF)).open(sealed, id)
    if secret is None:
        raise UnusableSettingError(
            f"The second factor of {id} was sealed by other keys than those of {folder}. Let an "
            "administrator forget it (DELETE /v1/users/{id}/factor), and set up another one."
        )
    return code_at(secret, now, last_step=last_step)


def _sealed(account: dict[str, Any], *, new: bool) -> tuple[bytes | None, int]:
    """The secret that is asked for, and the last step of it that was used."""
    factor, pending = account.get("factor"), account.get("pending")
    if new or factor is None:
        return pending, -1
    return factor["sealed"], factor["last_step"]


def code_at(secret: str, at: float, *, last_step: int) -> str:
    """The code of this half minute, or of the next where that was used: each counts once. Raises
    UnusableSettingError where both were.
    """
    step = int(at) // STEP_SECONDS
    free = next((each for each in (step, step + 1) if each > last_step), None)
    if free is None:
        wait = (last_step - step) * STEP_SECONDS - int(at) % STEP_SECONDS
        raise UnusableSettingError(
            f"This code and the next were used already. Ask again in {wait} seconds."
        )
    return pyotp.TOTP(secret, interval=STEP_SECONDS).generate_otp(free)
