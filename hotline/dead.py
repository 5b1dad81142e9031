"""``hotline dead``: messages that could not be handled, looked at and sent on their way again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.client import answer, api, data_folder, pages, running
from hotline.errors import UnusableSettingError

DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
ROLE = "supervisor"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Messages that could not be handled.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="dead")


def show_all(data: DataOption = None) -> None:
    """List those of all services: id, queue, reason, what is at fault, the next try."""
    count = 0
    for item in _all(data_folder(data)):
        count += 1
        waits = _waits(item)
        typer.echo(f"{item['id']}  {item['queue']}  {item['reason']}")
        typer.echo(f"    {item['detail']}; tried {item['attempts']} times, {waits}")
    typer.echo(f"{count} parked messages")


def _waits(item: dict[str, Any]) -> str:
    """What is to come of one."""
    if item["next_at"]:
        return f"next try {item['next_at']}"
    if item["answered"]:
        return f"its sender was answered; ends {item['ends_at']}"
    return f"waits for you, with {item['more']} like it" if item["more"] else "waits for you"


def show(id: str, data: DataOption = None) -> None:
    """Show one; its body stays sealed."""
    folder = data_folder(data)
    with api(folder, _service_of(folder, id), role=ROLE) as client:
        for key, value in answer(client.get(f"/v1/parked/{id}")).items():
            typer.echo(f"{key}: {value}")


def replay(id: str, data: DataOption = None) -> None:
    """Send one to its queue again."""
    folder = data_folder(data)
    with api(folder, _service_of(folder, id), role=ROLE) as client:
        answer(client.post(f"/v1/parked/{id}/replay"))
    typer.echo(f"{id} is in its queue again; with its fault unmended it will be parked again")


def discard(
    id: str,
    reason: Annotated[str, typer.Option("--reason", help="why, as a code: sent_again")],
    data: DataOption = None,
) -> None:
    """End one that nobody needs any more; who, when and why stay on record."""
    folder = data_folder(data)
    with api(folder, _service_of(folder, id), role=ROLE) as client:
        answer(client.post(f"/v1/parked/{id}/discard", json={"reason": reason}))
    typer.echo(f"{id} has ended")


def _all(data: Path) -> Iterator[dict[str, Any]]:
    for service in running(data).services:
        with api(data, service, role=ROLE) as client:
            yield from pages(client, "/v1/parked")


def _service_of(data: Path, id: str) -> str:
    """The service that parked a message; raises UnusableSettingError for an unknown id."""
    for service in running(data).services:
        with api(data, service, role=ROLE) as client:
            if client.get(f"/v1/parked/{id}").is_success:
                return service
    raise UnusableSettingError(f"No parked message has the id {id}; see `hotline dead list`.")
