"""``hotline messages``: keep messages back, let them go, and see what became of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.client import answer, api, data_folder, pages

DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
PurposeOption = Annotated[str | None, typer.Option("--template", help="such as outage")]
IncidentOption = Annotated[str | None, typer.Option("--incident", help="its id")]
EstateOption = Annotated[str | None, typer.Option("--estate", help="its id")]
ChannelOption = Annotated[str | None, typer.Option("--channel", help="such as mail")]
UrgentOption = Annotated[
    bool, typer.Option("--urgent-too", help="also those of emergencies, of a template or incident")
]
NoteOption = Annotated[str | None, typer.Option("--note", help="why")]
ROLE = "supervisor"
PATH = "/v1/messages/brakes"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Keep messages back, and let them go.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("hold")(hold)
    group.command("stop")(stop)
    group.command("release")(release)
    app.add_typer(group, name="messages")


def show_all(data: DataOption = None) -> None:
    """List what keeps messages back, or did: the newest first."""
    count = 0
    with api(data_folder(data), "notifier", role=ROLE) as client:
        for brake in pages(client, PATH):
            count += 1
            _show(brake)
    typer.echo(f"{count} brakes")


def hold(
    purpose: PurposeOption = None,
    incident: IncidentOption = None,
    estate: EstateOption = None,
    channel: ChannelOption = None,
    note: NoteOption = None,
    data: DataOption = None,
    *,
    urgent: UrgentOption = False,
) -> None:
    """Hold messages until `hotline messages release`; without options all that are not urgent."""
    _put_on("hold", purpose, incident, estate, channel, note, data, urgent=urgent)


def stop(
    purpose: PurposeOption = None,
    incident: IncidentOption = None,
    estate: EstateOption = None,
    channel: ChannelOption = None,
    note: NoteOption = None,
    data: DataOption = None,
    *,
    urgent: UrgentOption = False,
) -> None:
    """End messages that have not gone out: they never will."""
    _put_on("stop", purpose, incident, estate, channel, note, data, urgent=urgent)


def release(id: str, data: DataOption = None) -> None:
    """Keep nothing back by one any more; what it held goes out."""
    with api(data_folder(data), "notifier", role=ROLE) as client:
        _show(answer(client.post(f"{PATH}/{id}/release")))


def _put_on(
    kind: str,
    purpose: str | None,
    incident: str | None,
    estate: str | None,
    channel: str | None,
    note: str | None,
    data: Path | None,
    *,
    urgent: bool,
) -> None:
    named: dict[str, Any] = {
        "purpose": purpose,
        "incident": incident,
        "estate": estate,
        "channel": channel,
        "note": note,
    }
    body: dict[str, Any] = {"kind": kind, "urgent": urgent}
    body |= {key: value for key, value in named.items() if value is not None}
    with api(data_folder(data), "notifier", role=ROLE) as client:
        _show(answer(client.post(PATH, json=body)))


def _show(brake: dict[str, Any]) -> None:
    scope = [
        f"{key} {brake[key]}"
        for key in ("purpose", "incident", "estate", "channel")
        if brake[key] is not None
    ]
    since = f"since {brake['at']} by {brake['by']}"
    if brake["released_at"]:
        since += f", released {brake['released_at']} by {brake['released_by']}"
    reach = "urgent ones too" if brake["urgent"] else "none that is urgent"
    typer.echo(f"{brake['id']}  {brake['kind']}  {', '.join(scope) or 'all'}; {reach}")
    typer.echo(f"    {since}")
    counts = ", ".join(f"{name} {count}" for name, count in sorted(brake["messages"].items()))
    typer.echo(f"    messages: {counts or 'none yet'}")
