"""The operator's commands as clients of the running hotline's APIs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from hotline.endpoints import Endpoints
from hotline.errors import HotlineError, UnusableSettingError
from hotline.settings import read_settings
from hotline.token import ahead_of, make_token

SECONDS = 10.0
PAGE = 200


class RefusedError(HotlineError):
    """The hotline answered, and the answer was no."""


def data_folder(data: Path | None) -> Path:
    """Return the data folder meant: the option's, the environment's or the default."""
    return (data or read_settings().data).absolute()


def running(data: Path) -> Endpoints:
    """Return where the hotline on this data folder answers; raises UnusableSettingError."""
    endpoints = Endpoints.read(data)
    if endpoints is None:
        raise UnusableSettingError(
            f"No hotline runs on {data}. Start one with `hotline up`, or name its folder with "
            "--data or HOTLINE_DATA."
        )
    return endpoints


@contextmanager
def api(data: Path, service: str, *, role: str) -> Iterator[httpx.Client]:
    """Give a client of one service that acts in the role; raises HotlineErrors."""
    address = running(data).services[service]
    token = make_token(data, role=role, id=f"operator:{role}", ahead=ahead_of(data))
    with httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS
    ) as client:
        yield client


def pages(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """Read a list to its end, page by page; raises RefusedError."""
    after: str | None = None
    while True:
        params = {"limit": str(PAGE)} | ({"after": after} if after else {})
        page = answer(client.get(path, params=params))
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def answer(
    response: httpx.Response,
    *,
    missing: str = "",
    options: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the JSON of an answer; raises RefusedError with what the problem says. A field is
    called as the option that it was given by, and what is `missing` by its own name.
    """
    found: dict[str, Any] = response.json()
    if missing and response.status_code == httpx.codes.NOT_FOUND:
        raise RefusedError(f"404: {missing}")
    if response.is_error:
        faults = [
            f"{options.get(f['field'], f['field'])} {f['fault']}: {f['remedy']}"
            for f in found.get("faults", ())
        ]
        said = "; ".join(faults) or found.get("detail") or found.get("title") or "no reason given"
        raise RefusedError(f"{response.status_code}: {said}")
    return found
