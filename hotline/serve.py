"""``hotline serve``: one more process of one service, beside what ``hotline up`` runs."""

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hotline.endpoints import FILE, Endpoints
from hotline.errors import UnusableSettingError
from hotline.service import ALL, EXCHANGE, ServiceSpec, with_ports
from hotline.settings import HotlineSettings, read_settings
from hotline.up import DataOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    service: Annotated[str, typer.Argument(help=f"One of: {', '.join((*ALL, EXCHANGE))}.")],
    name: Annotated[str | None, typer.Argument(help="Of an exchange: which.")] = None,
    data: DataOption = None,
) -> None:
    """Become one service, with the addresses a running hotline wrote, or those set by hand; or the
    adapter of one telephone exchange.
    """
    settings = read_settings()
    folder = (data or settings.data).absolute()
    if service == EXCHANGE:
        _listen(settings, name, folder)
    if service not in ALL:
        raise UnusableSettingError(
            f"There is no service {service!r}. Name one of: {', '.join((*ALL, EXCHANGE))}."
        )
    if name is not None:
        raise UnusableSettingError(f"Only an {EXCHANGE} has a name: leave out {name!r}.")
    endpoints = Endpoints.read(folder)
    if endpoints is None and (settings.amqp_url is None or settings.mongo_url is None):
        raise UnusableSettingError(
            f"{folder / FILE} is not there, so no hotline runs on this data folder. Start one with "
            "`hotline up`, name its folder with --data or HOTLINE_DATA, or set HOTLINE_AMQP_URL "
            "and HOTLINE_MONGO_URL."
        )
    (spec,) = with_ports([ServiceSpec.of(service, settings.port_of(service))])
    known = endpoints.environment(folder) if endpoints else {"HOTLINE_DATA": str(folder)}
    chosen = {spec.port_setting: str(spec.port), "HOTLINE_DATA": str(folder)}
    os.execve(spec.argv[0], spec.argv, {**known, **os.environ, **chosen})  # noqa: S606 - no shell


def _listen(settings: HotlineSettings, name: str | None, folder: Path) -> NoReturn:
    """Become the adapter of this exchange. It has neither the store nor the operator's broker user:
    all else stands in HOTLINE_EXCHANGE_*.
    """
    if name is None:
        raise UnusableSettingError(
            "Name the exchange, as its document does: `hotline serve exchange main`."
        )
    (spec,) = with_ports([ServiceSpec.of(EXCHANGE, settings.port_of(EXCHANGE))])
    chosen = {
        spec.port_setting: str(spec.port),
        "HOTLINE_EXCHANGE_NAME": name,
        "HOTLINE_DATA": str(folder),
    }
    left_out = {"HOTLINE_MONGO_URL", "HOTLINE_AMQP_URL", "HOTLINE_MANAGEMENT_URL"}
    kept = {key: value for key, value in os.environ.items() if key not in left_out}
    os.execve(spec.argv[0], spec.argv, {**kept, **chosen})  # noqa: S606 - no shell
