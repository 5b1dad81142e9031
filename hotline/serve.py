"""``hotline serve``: one more process of one service, beside what ``hotline up`` runs."""

import os
from typing import Annotated

import typer

from hotline.endpoints import FILE, Endpoints
from hotline.errors import UnusableSettingError
from hotline.service import ALL, ServiceSpec, with_ports
from hotline.settings import read_settings
from hotline.up import DataOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    service: Annotated[str, typer.Argument(help=f"One of: {', '.join(ALL)}.")],
    data: DataOption = None,
) -> None:
    """Become one service, with the addresses a running hotline wrote, or those set by hand."""
    settings = read_settings()
    folder = (data or settings.data).absolute()
    if service not in ALL:
        raise UnusableSettingError(
            f"There is no service {service!r}. Name one of: {', '.join(ALL)}."
        )
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
