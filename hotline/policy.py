"""``hotline policy``: what is in force, as a file; what differs; and whether a file would do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from hotline.client import answer, api, data_folder
from hotline.errors import UnusableSettingError
from shared.policy.checks import check_policy
from shared.policy.documents import read_documents
from shared.policy.policy import sample_documents
from shared.policy.versions import Difference, to_text

ROLE = "manager"
FAULTY = 1
DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
Version = Annotated[str | None, typer.Argument(help="A version; left out: the one in force.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The rules of the group.", no_args_is_help=True)
    group.command("show")(show)
    group.command("export")(export)
    group.command("diff")(diff)
    group.command("check")(check)
    app.add_typer(group, name="policy")


def show(data: DataOption = None) -> None:
    """List what is in force and what will be."""
    found = _asked(data, "in-force")
    for entry in found["entries"]:
        now = "  in force" if entry["version"] == found["now"] else ""
        lapses = f", lapses {entry['until']}" if entry["until"] else ""
        typer.echo(f"{entry['version']}  from {entry['begins']}{lapses}{now}")


def export(version: Version = None, data: DataOption = None) -> None:
    """Print all documents of a version as one YAML file."""
    id = version or _present(data)
    with api(data_folder(data), "admin", role=ROLE) as client:
        response = client.get(f"/v1/policies/{id}/export")
        if response.is_error:
            answer(response)
        typer.echo(response.text, nl=False)


def diff(
    version: Annotated[str, typer.Argument(help="A version or a draft.")],
    against: Annotated[
        str | None, typer.Option("--against", help="Another one; left out: what it was made from.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Print what a version has otherwise than another."""
    query = f"?against={against}" if against else ""
    found = _asked(data, f"{version}/diff{query}")
    differences = [Difference(d["path"], d["before"], d["after"]) for d in found["differences"]]
    typer.echo(to_text(differences) or "nothing differs")


def check(file: Annotated[Path, typer.Argument(help="An overlay, or an export.")]) -> None:
    """Name everything wrong with a file; ends with 1 when there is anything. Needs no hotline: an
    overlay is laid over the sample group, and who is on duty is not looked at.
    """
    before = sample_documents()
    try:
        documents = read_documents(file.read_text("utf-8"), before)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UnusableSettingError(f"{file} cannot be read: {error}") from error
    faults = check_policy(documents, begins=datetime.now(UTC), before=before)
    for fault in faults:
        typer.echo(str(fault))
    typer.echo(f"{len(faults)} faults" if faults else "no faults")
    raise typer.Exit(FAULTY if faults else 0)


def _present(data: Path | None) -> str:
    found: str | None = _asked(data, "in-force")["now"]
    if found is None:
        raise UnusableSettingError("No policy is in force; name a version.")
    return found


def _asked(data: Path | None, path: str) -> dict[str, Any]:
    with api(data_folder(data), "admin", role=ROLE) as client:
        return answer(client.get(f"/v1/policies/{path}"))
