"""``hotline dead``: messages that could not be handled, looked at and sent on their way again."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.hotline.client import answer, api, data_folder

DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
ROLE = "supervisor"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Messages that could not be handled.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("replay")(replay)
    app.add_typer(group, name="dead")


def show_all(data: DataOption = None) -> None:
    """List them: id, queue, reason, what is at fault."""
    table = Table("id", "queue", "reason", "detail", "attempts", "next try")
    with api(data_folder(data), "intake", role=ROLE) as client:
        after: str | None = None
        while True:
            params = {"limit": 200} | ({"after": after} if after else {})
            page = answer(client.get("/v1/parked", params=params))
            for item in page["items"]:
                table.add_row(
                    item["id"],
                    item["queue"],
                    item["reason"],
                    item["detail"],
                    str(item["attempts"]),
                    item["next_at"] or "-",
                )
            after = page["next"]
            if after is None:
                break
    Console().print(table)


def show(id: str, data: DataOption = None) -> None:
    """Show one; its body stays sealed."""
    with api(data_folder(data), "intake", role=ROLE) as client:
        for key, value in answer(client.get(f"/v1/parked/{id}")).items():
            typer.echo(f"{key}: {value}")


def replay(id: str, data: DataOption = None) -> None:
    """Send one to its queue again."""
    with api(data_folder(data), "intake", role=ROLE) as client:
        answer(client.post(f"/v1/parked/{id}/replay"))
    typer.echo(f"{id} is in its queue again")
