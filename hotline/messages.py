"""``hotline messages``: keep messages back, let them go, and see what became of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

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
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask once more.")]
OPTIONS: Final[Mapping[str, str]] = {
    "purpose": "--template",
    "incident": "--incident",
    "estate": "--estate",
    "channel": "--channel",
    "note": "--note",
}
"""By which option each field of a brake is given."""
HOLDS_ALL: Final = (
    "没有指定范围：除紧急消息外，所有消息都会暂停，派单也要等到放行。"
    "Nothing is named: every message that is not urgent waits until it is released, work orders "
    "given out to staff too."
)
NEVER_GO_OUT: Final = (
    "停止后，这些消息再也不会发出，无法恢复；只想暂缓，请用 hold。"
    "What is stopped never goes out, and nothing brings it back; to keep it for a while use hold."
)
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
    yes: YesOption = False,
) -> None:
    """Hold messages until `hotline messages release`; without options all that are not urgent, work
    orders given out too: then it asks once more.
    """
    if not (yes or purpose or incident or estate or channel):
        _ask_once_more(HOLDS_ALL)
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
    yes: YesOption = False,
) -> None:
    """End messages that have not gone out: they never will, so it asks once more."""
    if not yes:
        _ask_once_more(NEVER_GO_OUT)
    _put_on("stop", purpose, incident, estate, channel, note, data, urgent=urgent)


def release(id: str, data: DataOption = None) -> None:
    """Keep nothing back by one any more; what it held goes out."""
    missing = (
        f"没有编号为 {id} 的暂停或停止，可用 hotline messages list 查看。"
        f"There is no such brake: {id}. `hotline messages list` shows them."
    )
    with api(data_folder(data), "notifier", role=ROLE) as client:
        _show(answer(client.post(f"{PATH}/{id}/release"), missing=missing))


def _ask_once_more(said: str) -> None:
    """Go on where `yes` is typed; raises Exit otherwise."""
    typer.echo(said)
    if typer.prompt("输入 yes 继续 Type yes to go on", default="no").strip() != "yes":
        typer.echo("没有执行。Nothing was done.")
        raise typer.Exit(1)


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
        _show(answer(client.post(PATH, json=body), options=OPTIONS))


def _show(brake: Mapping[str, Any]) -> None:
    for line in lines_of(brake):
        typer.echo(line)


def lines_of(brake: Mapping[str, Any]) -> tuple[str, ...]:
    """What is said of one: what it is for in the words of the options, since when, and how its
    messages stand.
    """
    scope = [
        f"{OPTIONS[key].removeprefix('--')} {brake[key]}"
        for key in ("purpose", "incident", "estate", "channel")
        if brake[key] is not None
    ]
    since = f"since {brake['at']} by {brake['by']}"
    if brake["released_at"]:
        since += f", released {brake['released_at']} by {brake['released_by']}"
    reach = "urgent ones too" if brake["urgent"] else "none that is urgent"
    counts = ", ".join(f"{name} {count}" for name, count in sorted(brake["messages"].items()))
    return (
        f"{brake['id']}  {brake['kind']}  {', '.join(scope) or 'all'}; {reach}",
        f"    {since}",
        f"    messages: {counts or 'none yet'}",
    )
